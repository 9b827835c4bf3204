// One process of `pieces`: 16 calls a chunk go through a stdio connection in this process, with no pipe and no client.
import { PassThrough, Writable } from "node:stream";
import { createApp } from "../src/app.ts";
import type { Era } from "../src/contract/context.ts";
import * as core from "../src/index.ts";
import { serveStdioConnection } from "../src/protocol/stdio/stdio.ts";
import { createLog } from "../src/telemetry/log.ts";
import { inputOf, META } from "./conversation.ts";
import { CHUNK, printSlices } from "./slices.ts";
import { createSmall } from "./small.ts";

const era = process.argv[2] as Era;
let logged = 0;
const app = createApp(createSmall(core), {
  log: createLog("info", {
    write: (line) => {
      logged += line.length;
    },
  }),
});
const input = new PassThrough();
let answers = 0;
let woken = (): void => {};
const output = new Writable({
  decodeStrings: false,
  write(text: string, _encoding, done) {
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) answers += 1;
    if (answers >= wanted) woken();
    done();
  },
});
let wanted = 0;
serveStdioConnection(app, input, output);

/** Sends lines and waits for as many answers. */
function feed(chunk: Buffer, count: number): Promise<void> {
  answers = 0;
  wanted = count;
  return new Promise((resolve) => {
    woken = resolve;
    input.emit("data", chunk);
  });
}
const bytesOf = (messages: object[]): Buffer =>
  Buffer.from(messages.map((message) => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`).join(""));
const call = (id: number): object => ({
  id,
  method: "tools/call",
  params: { name: "repeat_text", arguments: inputOf(id), ...(era === "2026" && { _meta: META }) },
});

if (era === "2025") {
  const clientInfo = { name: "bench", version: "1.0.0" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  await feed(bytesOf([{ id: 0, method: "initialize", params }]), 1);
}
await printSlices((first) => {
  const chunk = bytesOf(Array.from({ length: CHUNK }, (_, index) => call(first + index)));
  return () => feed(chunk, CHUNK);
}, 125);
if (logged === 0) throw new Error("no line was logged: that is not the whole call path");
process.exit();
