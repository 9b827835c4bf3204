import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Span } from "./compile-early.ts";

/** Longest that a start may take, in ms. */
const START_MS = 20_000;

/** What a server did while it started. */
export interface RecordedStart {
  /** The JSON Schemas that it converted, each after what it was made of. */
  schemas: readonly (readonly [source: string, schema: object])[];
  /** The functions that ran until its last answer, by their file. */
  ran: ReadonlyMap<string, ReadonlySet<Span>>;
}

/**
 * Runs before the server: an empty store for what it converts, and an account of what ran by the last time that it wrote
 * to stdout, so that its end is no part of that. Both go to a file as it ends.
 */
const keep = (file: string): string => `
  const ready = globalThis[Symbol.for("offshoot.readySchemas")] = new Map();
  const ran = {};
  const session = new (process.getBuiltinModule("node:inspector").Session)();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  const { stdout } = process;
  const write = stdout.write;
  stdout.write = (...given) => {
    const more = write.apply(stdout, given);
    session.post("Profiler.takePreciseCoverage", (_error, { result }) => {
      for (const { url, functions } of result)
        for (const { ranges: [{ startOffset, endOffset, count }] } of functions)
          if (count > 0 && url.startsWith("file:")) (ran[url] ??= []).push(startOffset + "-" + endOffset);
    });
    return more;
  };
  process.on("exit", () => {
    const text = JSON.stringify({ schemas: [...ready], ran });
    process.getBuiltinModule("node:fs").writeFileSync(${JSON.stringify(file)}, text);
  });`;

/**
 * What a built server does while it starts. It runs in an empty folder that is its user's home too, and its client sends
 * some messages and leaves. Of one that cannot start so, nothing is known.
 */
export function recordStart([server = "", ...args]: readonly string[], messages: readonly object[]): RecordedStart {
  const home = mkdtempSync(join(tmpdir(), "offshoot-start-"));
  try {
    const file = join(home, "start.json");
    const folders = ["HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TMPDIR", "TEMP", "TMP"];
    // Nothing else of this environment: a setting in it may name a user's data, and this start is not meant for it.
    const { PATH = "", SystemRoot = "" } = process.env;
    const before = `data:text/javascript,${encodeURIComponent(keep(file))}`;
    spawnSync(process.execPath, ["--import", before, resolve(server), ...args], {
      cwd: home,
      env: { PATH, SystemRoot, ...Object.fromEntries(folders.map((name) => [name, home])) },
      input: messages.map((message) => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`).join(""),
      stdio: ["pipe", "ignore", "ignore"],
      timeout: START_MS,
    });
    if (!existsSync(file)) return { schemas: [], ran: new Map() };
    const { schemas, ran } = JSON.parse(readFileSync(file, "utf8"));
    const spans = Object.entries(ran as Record<string, Span[]>);
    return { schemas, ran: new Map(spans.map(([url, functions]) => [fileURLToPath(url), new Set(functions)])) };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
