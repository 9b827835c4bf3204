// A process that asks for server/discover over and over, and tells how long each answer took. See burst.test.ts.
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { META } from "../fixtures/raw.ts";

const url = process.argv[2] as string;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "server/discover", params: { _meta: META } });
const headers = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "server/discover",
};

const ask = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const sentAt = performance.now();
    request(url, { method: "POST", agent, headers }, (response) => {
      response.resume().on("end", () => resolve(performance.now() - sentAt));
    })
      .on("error", reject)
      .end(body);
  });

let wanted = 0;
let times: number[] = [];
process.on("message", ({ count }: { count: number | null }) => {
  // JSON has no infinity.
  wanted = count ?? Number.POSITIVE_INFINITY;
  if (wanted > 0) void run();
});

async function run(): Promise<void> {
  times = [];
  while (times.length < wanted) {
    times.push(await ask());
    await sleep(2);
  }
  process.send?.(times);
}
