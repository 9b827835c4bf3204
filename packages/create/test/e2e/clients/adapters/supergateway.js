import { join } from "node:path";
import { openThrough } from "./bridge.js";

const bin = join(import.meta.dirname, "node_modules/supergateway/dist/index.js");
const options = ["--outputTransport", "streamableHttp", "--stateful", "--logLevel", "none"];

export const open = ({ command, args }, answer) =>
  openThrough((port) => [bin, "--port", String(port), ...options, "--stdio", [command, ...args].join(" ")], answer);
