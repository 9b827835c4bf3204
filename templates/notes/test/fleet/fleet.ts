import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { DrillResult } from "@offshoot/core/drills";
import pg from "pg";
import { startPostgres } from "../fixtures/postgres/server.ts";
import { clients, nothingSeen, type Seen, warmUp } from "./clients.ts";
import { balancer, freePorts, instance, type Managed } from "./processes.ts";

/** Without stickiness and checks of health: what a first attempt at a load balancer looks like. */
const ROUND_ROBIN = `
defaults
  mode http
  timeout connect 2s
  timeout client 5m
  timeout server 5m
frontend mcp
  bind :8080
  default_backend notes
backend notes
  balance roundrobin
  server a
`;

/** Between two calls of a kind, in ms. */
const EVERY = { write: 300, once: 1_500, read: 400, question: 1_200 };
/** A keyed call that takes longer than this before any trouble, in ms: there is no machine left to measure. */
const SLOW_MS = 1_000;
/** In ms: between two troubles, and how long one lasts. */
const PAUSE = { quiet: 4_000, killed: 3_000, database: 1_000 };

/** When what went on, in ms since the start. */
interface Phases {
  kill: [from: number, to: number];
  rolling: [from: number, to: number];
  database: [from: number, to: number];
}

interface Arm {
  seen: Seen;
  instances: Managed[];
  url: string;
  database: string;
}

/**
 * Instances behind HAProxy under load of both eras: one is killed, all are restarted one after the other, and the database
 * crashes. The control arm has the same load and the same deaths, with round robin, no shared secret and no stickiness.
 */
export async function fleetDrill(configuration: URL): Promise<DrillResult> {
  const folder = mkdtempSync(join(tmpdir(), "fleet-"));
  const server = await startPostgres();
  const processes: Managed[] = [];
  try {
    const arm = async (name: string, count: number, secret: string | undefined, text: string): Promise<Arm> => {
      const database = await createDatabase(server.url, name);
      const [entrance = 0, ...ports] = await freePorts(count + 1);
      const instances = ports.map((port, at) => instance(port, `${name[0]}${at}`, database, secret));
      processes.push(...instances);
      for (const one of instances) await one.start();
      const front = balancer(entrance, join(folder, `${name}.cfg`), text, instances);
      processes.push(front);
      await front.start();
      return { seen: nothingSeen(), instances, url: `http://127.0.0.1:${entrance}/mcp`, database };
    };
    const safe = await arm("protected", 3, "s".repeat(32), readFileSync(configuration, "utf8"));
    const bare = await arm("control", 2, undefined, ROUND_ROBIN);
    await Promise.all([...safe.instances, ...bare.instances].map(({ port }) => warmUp(`http://127.0.0.1:${port}/mcp`)));
    const since = performance.now();
    const phases = trouble([safe, bare], server, since);
    await Promise.all([load(safe, since, phases), load(bare, since, phases)]);
    return await judge(safe, bare, await phases);
  } finally {
    await Promise.all(processes.map((one) => one.end("SIGKILL")));
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function createDatabase(url: string, name: string): Promise<string> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  return url.replace("/postgres?", `/${name}?`);
}

/** Open loop: a call begins when its time has come. */
async function load({ url, seen }: Arm, since: number, end: Promise<unknown>): Promise<void> {
  const { create, createOnce, list, remove, listen } = clients(url, seen, since);
  const calls: Promise<void>[] = [];
  let [written, once, asked] = [0, 0, 0];
  const every = (ms: number, begin: () => Promise<void>) => setInterval(() => calls.push(begin()), ms);
  const timers = [
    every(EVERY.write, () => create(`key-${written++}`)),
    every(EVERY.once, () => createOnce(`once-${once++}`)),
    every(EVERY.read, list),
    every(EVERY.question, async () => {
      const id = [...seen.acknowledged.values()][asked];
      if (id === undefined) return;
      asked += 1;
      await remove(id);
    }),
  ];
  let over = false;
  const listening = listen(() => over);
  await end;
  for (const timer of timers) clearInterval(timer);
  await Promise.all(calls);
  await pause(2_000);
  over = true;
  await listening;
}

async function trouble(
  arms: Arm[],
  database: { kill(): Promise<void>; start(): Promise<void> },
  since: number,
): Promise<Phases> {
  const phase = async (what: () => Promise<unknown>): Promise<[number, number]> => {
    await pause(PAUSE.quiet);
    const from = performance.now() - since;
    await what();
    return [from, performance.now() - since];
  };
  const kill = await phase(async () => {
    await Promise.all(arms.map(({ instances }) => instances[0]?.end("SIGKILL")));
    await pause(PAUSE.killed);
    await Promise.all(arms.map(({ instances }) => instances[0]?.start()));
  });
  const restart = async (at: number) =>
    Promise.all(
      arms.map(async ({ instances }) => {
        await instances[at]?.end("SIGTERM");
        await instances[at]?.start();
      }),
    );
  const rolling = await phase(async () => {
    for (const at of [0, 1, 2]) {
      await restart(at);
      await pause(PAUSE.database);
    }
  });
  const gone = await phase(async () => {
    await database.kill();
    await pause(PAUSE.database);
    await database.start();
  });
  await pause(PAUSE.quiet);
  return { kill, rolling, database: gone };
}

async function judge(safe: Arm, bare: Arm, { kill, rolling, database }: Phases): Promise<DrillResult> {
  const [measured, control] = [await measure(safe, database[1]), await measure(bare, database[1])];
  for (const { at, call, why } of safe.seen.failures)
    console.error(`at ${Math.round(at)} ms: ${call}: ${why.replace(/\s+/g, " ").slice(0, 200)}`);
  const missed = Object.entries(measured).flatMap(([name, value]) => {
    if (name === "recoveryMs") return value < 5_000 ? [] : [name];
    return ["lost", "doubled", "missed", "failedAfterRetry", "failedQuestions"].includes(name) && value > 0
      ? [name]
      : [];
  });
  // On a machine that answers this slowly before anything happened, the figures are the machine's.
  const quiet = median(safe.seen.calls.filter(({ at }) => at < kill[0] - 1_000).map(({ ms }) => ms));
  const slow = quiet > SLOW_MS && !missed.some((name) => ["lost", "doubled", "missed"].includes(name));
  const worked = (measured.reads ?? 0) > 20 && (measured.questions ?? 0) > 10;
  const controlFails = (control.failedReads ?? 0) > 20 && (control.failedQuestions ?? 0) > 5;
  return {
    drill: "fleet",
    seed: 0,
    measured,
    control,
    idle: { written: safe.seen.acknowledged.size, quietMs: Math.round(quiet) },
    threshold: {
      ...{ lost: "= 0", doubled: "= 0", missed: "= 0", failedAfterRetry: "= 0", failedQuestions: "= 0" },
      recoveryMs: "< 5000",
      ...{ "control.failedReads": "> 20", "control.failedQuestions": "> 5" },
    },
    verdict: slow ? "inconclusive" : missed.length > 0 ? "fail" : controlFails && worked ? "pass" : "inconclusive",
    missed,
    story:
      "Three instances behind HAProxy, clients of both eras: one instance is killed, then all are restarted one by one, then the database crashes. Beside it two instances behind a round robin, without a shared secret.",
    means: {
      lost: "acknowledged notes that are not there",
      doubled: "calls that made more than one note, with a key or without",
      missed: "notes that the subscriber never heard of",
      failedAfterRetry: "keyed calls of 2026 clients that failed twice",
      retried: "keyed calls that were sent a second time",
      failedQuestions: "questions whose answer was refused or lost twice",
      failedReads: "calls of 2025 clients that failed",
      reads: "calls of 2025 clients that were answered",
      questions: "questions that were answered",
      recoveryMs: "until keyed calls succeed again after the database is back, in ms",
    },
    units: {},
    charts: [
      {
        title: "Time until a keyed call is answered, with its retry",
        unit: "ms",
        logarithmic: true,
        lines: [
          { name: "with a shared secret and stickiness", arm: "protected", points: line(safe.seen) },
          { name: "round robin", arm: "control", points: line(bare.seen) },
        ],
        phases: [
          { ...inSeconds(kill), label: "one killed", trouble: true },
          { ...inSeconds(rolling), label: "restarted one by one" },
          { ...inSeconds(database), label: "database away", trouble: true },
        ],
      },
    ],
  };
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;

const inSeconds = ([from, to]: [number, number]) => ({ from: from / 1_000, to: to / 1_000 });

const line = ({ calls }: Seen): [number, number][] =>
  calls.sort((a, b) => a.at - b.at).map(({ at, ms }) => [at / 1_000, Math.max(1, ms)]);

async function measure({ seen, database }: Arm, recovered: number): Promise<Record<string, number>> {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  const { rows } = await client.query("SELECT title, 'n' || number AS id FROM notes WHERE title <> 'Warm'");
  await client.end();
  const ids = new Map(rows.map(({ title, id }) => [title, id]));
  const acknowledged = [...seen.acknowledged];
  const after = seen.calls.filter(({ at, ok }) => ok && at >= recovered - 500).map(({ at, ms }) => at + ms - recovered);
  return {
    lost: acknowledged.filter(([key, id]) => ids.get(key) !== id).length,
    doubled: rows.length - ids.size,
    missed: acknowledged.filter(([, id]) => !seen.heard.has(id)).length,
    failedAfterRetry: seen.failed.writes,
    retried: seen.failed.retried,
    failedQuestions: seen.failed.questions,
    failedReads: seen.failed.reads,
    reads: seen.done.reads,
    questions: seen.done.questions,
    recoveryMs: Math.round(Math.max(0, Math.min(...after, Number.MAX_SAFE_INTEGER))),
  };
}
