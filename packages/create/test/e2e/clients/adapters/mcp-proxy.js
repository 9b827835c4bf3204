import { join } from "node:path";
import { openThrough } from "./bridge.js";

const bin = join(import.meta.dirname, "node_modules/mcp-proxy/dist/bin/mcp-proxy.mjs");

export const open = ({ command, args }, answer) =>
  openThrough((port) => [bin, "--port", String(port), "--host", "127.0.0.1", "--", command, ...args], answer);
