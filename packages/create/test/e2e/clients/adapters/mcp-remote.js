// A bridge for clients that know only stdio: a process that speaks HTTP to the server.
import { join } from "node:path";
import { open as openSdk } from "./sdk.js";

const bin = join(import.meta.dirname, "node_modules/mcp-remote/dist/proxy.js");

export const open = ({ url }, answer) =>
  openSdk({ command: process.execPath, args: [bin, url, "--allow-http", "--transport", "http-only"] }, answer);
