/**
 * What a call costs over HTTP, by store and by how many servers there are: `node test/growth/instances.ts [rounds]`, after
 * `npm run build`, on Linux. Each round runs every arm for the same calls, one after the other; figures are medians.
 *
 * CPU is that of all servers and that of the database, in µs for each call, from the kernel's own account. "commits" are
 * changes of one owner for each second, with as many callers as hold all servers busy.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { startPostgres } from "../fixtures/postgres/server.ts";

const rounds = Number(process.argv[2] ?? 3);
const [callers, calls] = [16, 1_200];
const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const server = await startPostgres();

interface Arm {
  store: "memory" | "sqlite" | "postgres";
  instances: number;
}
const arms: Arm[] = [
  { store: "memory", instances: 1 },
  { store: "sqlite", instances: 1 },
  ...[1, 2, 3].map((instances): Arm => ({ store: "postgres", instances })),
];

async function start(where: string[], env: Record<string, string>) {
  const args = [main, ...where, "--transport", "http", "--port", "0"];
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  const url = await new Promise<URL>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = `${said}${text}`.slice(-5_000);
      const found = /listens on (http[^\s"]+)/.exec(said)?.[1];
      if (found) resolve(new URL(found));
    });
    child.once("exit", () => reject(new Error(said)));
  });
  return { child, url };
}

const agent = new Agent({ keepAlive: true });
const meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

function call(url: URL, name: string, input: object): Promise<void> {
  const params = { name, arguments: input, _meta: meta };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  const headers = {
    ...{ "content-type": "application/json", accept: "application/json, text/event-stream" },
    ...{ "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": name },
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: "POST", agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      response.on("end", () => {
        if (response.statusCode === 200 && !text.includes('"isError":true')) resolve();
        else reject(new Error(`${response.statusCode} ${text.slice(0, 300)}`));
      });
    });
    outgoing.on("error", reject).end(body);
  });
}

/** Nine reads for each change, as notes are used; and changes alone. */
const mixes: Record<string, (n: number) => [name: string, input: object]> = {
  mixed: (n) => {
    if (n % 10 === 0) return ["create_note", { title: `New ${n}`, body: "common words of a note" }];
    if (n % 10 === 1) return ["search_notes", { query: `word${n % 200}` }];
    if (n % 10 === 2) return ["list_notes", { limit: 20 }];
    return ["get_note", { id: `n${(n % 200) + 1}` }];
  },
  commits: (n) => ["create_note", { title: `New ${n}`, body: "common words of a note" }],
};

async function run(urls: URL[], mix: (n: number) => [string, object], count: number): Promise<void> {
  let next = 0;
  const caller = async (own: number) => {
    for (let n = next++; n < count; n = next++) {
      const [name, input] = mix(n);
      await call(urls[own % urls.length] as URL, name, input);
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, own) => caller(own)));
}

/** ms of CPU of a process and its threads, and of children that have ended. */
function cpuOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]) / 1e6)
    .reduce((sum, ms) => sum + ms, 0);
}

const folderOfServer = String(new URL(server.url.replace("@/", "@localhost/")).searchParams.get("host"));
function databaseCpu(): number {
  const [pid = ""] = readFileSync(join(folderOfServer, "data", "postmaster.pid"), "utf8").split("\n");
  const backends = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  return [pid, ...backends].map((one) => cpuOf(Number(one))).reduce((sum, ms) => sum + ms, 0);
}

type Figures = Record<string, number>;
let database = 0;

async function measure({ store, instances }: Arm): Promise<Figures> {
  const data = mkdtempSync(join(tmpdir(), "notes-bench-"));
  const env: Record<string, string> = {};
  if (store === "postgres") {
    const name = `bench_${database++}`;
    const admin = new pg.Client({ connectionString: server.url });
    await admin.connect();
    await admin.query(`CREATE DATABASE ${name}`);
    await admin.end();
    env.NOTES_DATABASE_URL = server.url.replace("/postgres?", `/${name}?`);
  }
  const children: ChildProcess[] = [];
  try {
    const urls: URL[] = [];
    for (let made = 0; made < instances; made++) {
      const { child, url } = await start(["--store", store, "--data", data], env);
      children.push(child);
      urls.push(url);
    }
    await run(urls, (n) => ["create_note", { title: `Note ${n}`, body: `word${n} common words of a note` }], 300);
    // As much for each process: a new one is several times slower.
    await run(urls, mixes.mixed as (n: number) => [string, object], calls * instances);
    const figures: Figures = {};
    for (const [name, mix] of Object.entries(mixes)) {
      const servers = () => children.map(({ pid }) => cpuOf(pid ?? 0)).reduce((sum, ms) => sum + ms, 0);
      const [cpu, other, since] = [servers(), databaseCpu(), performance.now()];
      await run(urls, mix, calls);
      figures[`${name}: server µs`] = ((servers() - cpu) * 1_000) / calls;
      if (store === "postgres") figures[`${name}: database µs`] = ((databaseCpu() - other) * 1_000) / calls;
      figures[`${name}: calls/s`] = (calls * 1_000) / (performance.now() - since);
    }
    return figures;
  } finally {
    for (const child of children) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    rmSync(data, { recursive: true, force: true });
  }
}

const all = arms.map((): Figures[] => []);
for (let round = 0; round < rounds; round++) for (const [at, arm] of arms.entries()) all[at]?.push(await measure(arm));
agent.destroy();
await server.stop();

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
const names = [...new Set(all.flatMap(([first]) => Object.keys(first ?? {})))];
const of = (at: number, name: string) => median(all[at]?.map((figures) => figures[name] ?? 0) ?? []);
console.log(["".padEnd(24), ...arms.map(({ store, instances }) => `${store} ${instances}`.padStart(18))].join(""));
for (const name of names) {
  const base = arms.findIndex(({ store }) => store === "sqlite");
  const cells = arms.map((_, at) => {
    const value = of(at, name);
    const ratio = of(base, name) > 0 && value > 0 ? ` (${(value / of(base, name)).toFixed(2)})` : "";
    return `${value.toFixed(0)}${ratio}`.padStart(18);
  });
  console.log([name.padEnd(24), ...cells].join(""));
}
