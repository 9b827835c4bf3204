// One process of `pieces`: 16 calls a chunk go through a stdio connection in this process, with no pipe and no client.
// Prints the µs of CPU that a call took: the 10th percentile of many slices, which a busy machine hardly moves.
import { PassThrough, Writable } from "node:stream";
import { createApp } from "../src/app.ts";
import type { Era } from "../src/contract/context.ts";
import * as core from "../src/index.ts";
import { serveStdioConnection } from "../src/protocol/stdio/stdio.ts";
import { createLog } from "../src/telemetry/log.ts";
import { createSmall } from "./small.ts";

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
  "io.modelcontextprotocol/clientCapabilities": {},
};
const CHUNK = 16;
const CHUNKS = 125;
const WARM_UP = 20;
const SLICES = 40;

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
  params: {
    name: "repeat_text",
    arguments: { text: `call ${id} of many. `, times: (id % 3) + 1 },
    ...(era === "2026" && { _meta: META }),
  },
});

if (era === "2025") {
  const clientInfo = { name: "bench", version: "1.0.0" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  await feed(bytesOf([{ id: 0, method: "initialize", params }]), 1);
}
const slices: number[] = [];
for (let slice = 0, id = 1; slice < WARM_UP + SLICES; slice += 1) {
  const chunks: Buffer[] = [];
  for (let at = 0; at < CHUNKS; at += 1, id += CHUNK)
    chunks.push(bytesOf(Array.from({ length: CHUNK }, (_, index) => call(id + index))));
  const before = process.cpuUsage();
  for (const chunk of chunks) await feed(chunk, CHUNK);
  const { user, system } = process.cpuUsage(before);
  if (slice >= WARM_UP) slices.push((user + system) / (CHUNKS * CHUNK));
}
if (logged === 0) throw new Error("no line was logged: that is not the whole call path");
slices.sort((one, other) => one - other);
process.stdout.write(`${slices[SLICES / 10]}\n`);
process.exit();
