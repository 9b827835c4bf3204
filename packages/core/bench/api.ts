// `pnpm bench api`: a call of the http-api server that asks an API on this machine, 16 in flight, beside undici alone and
// the same tool on the raw SDK with undici. CPU a call; the API is this process, and costs none of it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { cpuOf } from "./accounting.ts";
import { cases } from "./api-things.ts";
import { type Client, start } from "./client.ts";
import { IN_FLIGHT } from "./conversation.ts";
import { median, SETTLE_MS } from "./measure.ts";
import { greet } from "./turns.ts";

const CALLS = 1_000;
const WARM_UP = 3;

const template = (file: string): string =>
  fileURLToPath(new URL(`../../../templates/http-api/${file}`, import.meta.url));
const text = { type: "string", description: "A text" };
const describe = (url: string, { schema, schemas }: { schema: object; schemas: object }) => ({
  openapi: "3.1.0",
  info: { title: "Things", version: "1" },
  servers: [{ url }],
  paths: {
    "/things/{id}": {
      get: {
        operationId: "getThing",
        summary: "Get a thing",
        parameters: [{ name: "id", in: "path", required: true, schema: text }],
        responses: { 200: { description: "It", content: { "application/json": { schema } } } },
      },
    },
  },
  components: { schemas },
});

/** Makes so many calls, {@link IN_FLIGHT} at a time. */
function callThings(client: Client, first: number, count: number): Promise<void> {
  let [next, open] = [first, 0];
  const send = (): void => {
    for (; open < IN_FLIGHT && next < first + count; next += 1, open += 1)
      client.send({ id: next, method: "tools/call", params: { name: "get_thing", arguments: { id: String(next) } } });
  };
  const finished = client.receive<void>((messages, done) => {
    for (const { id, result } of messages) {
      const thing = result?.structuredContent?.data ?? result?.structuredContent;
      assert.equal(thing?.id, String(id), JSON.stringify(result));
      open -= 1;
    }
    if (open === 0 && next === first + count) done();
    else send();
  });
  send();
  return finished;
}

export async function* measureApi(rounds: number): AsyncGenerator<string> {
  for (const kind of Object.keys(cases) as (keyof typeof cases)[]) {
    yield `${cases[kind].title}:`;
    yield* measureCase(kind, rounds);
  }
}

async function* measureCase(kind: keyof typeof cases, rounds: number): AsyncGenerator<string> {
  const { [kind]: answers } = cases;
  const folder = mkdtempSync(join(tmpdir(), "offshoot-bench-"));
  const api = createServer(({ url = "" }, response) => {
    const id = url.slice(url.lastIndexOf("/") + 1);
    const body = JSON.stringify(answers.thing(id));
    response.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body);
  });
  await new Promise<void>((resolve) => void api.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  const description = join(folder, "things.json");
  writeFileSync(description, JSON.stringify(describe(base, answers)));
  const servers = fileURLToPath(new URL("dist/api-servers.js", import.meta.url));
  const ours = [template("dist/main.js"), "--api", description, "--operations", "getThing"];
  const clients = {
    "undici alone": start([servers, "alone", kind, base, template("package.json")]),
    "raw v1 and undici": start([servers, "v1", kind, base, template("package.json")]),
    offshoot: start([...ours, "--private-hosts", "127.0.0.1"]),
  };
  const runs = Object.entries(clients).map(([name, client]) => ({ name, client, cpu: [] as number[] }));
  try {
    for (const { name, client } of runs) if (name !== "undici alone") await greet(client);
    for (let round = -WARM_UP; round < rounds; round += 1) {
      // Each round begins with another arm, so that no one has the quiet moments.
      const turn = (round + WARM_UP) % runs.length;
      for (const { name, client, cpu } of [...runs.slice(turn), ...runs.slice(0, turn)]) {
        const [first, before] = [(round + WARM_UP + 1) * CALLS, cpuOf(client.pid) ?? 0];
        if (name === "undici alone") await client.request(first, "run", { arguments: { count: CALLS } });
        else await callThings(client, first, CALLS);
        await wait(SETTLE_MS);
        if (round >= 0) cpu.push((((cpuOf(client.pid) ?? 0) - before) * 1_000) / CALLS);
      }
    }
    const ratio = (cpu: number[], to: number[]): string =>
      median(cpu.map((value, round) => value / (to[round] as number))).toFixed(2);
    const [alone, v1] = runs as [(typeof runs)[number], (typeof runs)[number]];
    for (const { name, cpu } of runs)
      yield `${name.padEnd(18)} ${median(cpu).toFixed(0).padStart(5)} µs, ${ratio(cpu, alone.cpu)} × undici alone, ${ratio(cpu, v1.cpu)} × raw v1 and undici`;
  } finally {
    for (const { client } of runs) await client.end();
    api.close();
    api.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  }
}
