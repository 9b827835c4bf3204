import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { digestOf, factsOf, sharedValues } from "../config/config-facts.ts";
import { SettingsError } from "../flags.ts";
import { readConfig } from "../settings.ts";
import { type DrillOptions, type DrillResult, type Findings, runDrill } from "./drill.ts";

/** What {@link environmentDriftDrill} takes. */
export interface EnvironmentDriftOptions extends DrillOptions {
  /** @internal For tests of the drill itself: starts without the lock. */
  without?: "lock" | undefined;
}

const Own = z.object({ mostRows: z.coerce.number().int().default(100).describe("Most rows of an answer") });
const OPTIONS = { name: "drill", version: "1.0.0", description: "A server", envPrefix: "DRILL" };

/** A start: what was typed, and what its machine says. */
interface Start {
  argv: string[];
  env?: Record<string, string> | undefined;
}

/**
 * One configuration in three environments, each with its own port, files and secrets; then someone changes a variable on
 * one machine, edits the file of settings on another, and the lock itself on a third. The control arm starts without
 * `--config-lock`. Proven: the environments have one digest, each of the three refuses to start and says what differs.
 *
 * Files, settings, digest and lock are the real ones; no process is started.
 */
export function environmentDriftDrill(options: EnvironmentDriftOptions = {}): Promise<DrillResult> {
  return runDrill("environment-drift", options, async () => {
    const folder = mkdtempSync(join(tmpdir(), "drill-"));
    try {
      return scenario(options, folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

function scenario({ without }: EnvironmentDriftOptions, folder: string): Findings {
  const settings = join(folder, "settings.json");
  const lock = join(folder, "config.lock.json");
  writeFileSync(settings, JSON.stringify({ transport: "http", logLevel: "warn", mostRows: 50 }));
  const environments = ["staging", "eu", "us"].map((name, index): Start => {
    const own = (file: string): string => join(folder, `${name}.${file}`);
    writeFileSync(own("secret"), `${name}-`.repeat(20), { mode: 0o600 });
    return {
      argv: ["--config", settings, "--port", String(4_000 + index), "--audit", own("jsonl")],
      env: { DRILL_STATE_SECRET: `file:${own("secret")}`, DRILL_PUBLIC_URL: `https://${name}.drill/mcp` },
    };
  });
  const factsAt = (start: Start) => factsOf(read(start)) as NonNullable<ReturnType<typeof factsOf>>;
  const digests = new Set(environments.map((start) => factsAt(start).digest));
  const values = sharedValues(factsAt(environments[0] as Start));
  writeFileSync(lock, JSON.stringify({ digest: digestOf(values), values }));
  const locked = (start: Start, file = lock): Start =>
    without === "lock" ? start : { ...start, argv: [...start.argv, "--config-lock", file] };

  const [, eu, us] = environments as [Start, Start, Start];
  const edited = join(folder, "edited.json");
  writeFileSync(edited, readFileSync(settings, "utf8").replace("50", "5000"));
  const forged = join(folder, "forged.lock.json");
  writeFileSync(forged, readFileSync(lock, "utf8").replace('"mostRows":50', '"mostRows":5000'));
  const tampers: { name: string; setting: string; start: Start; lock?: string }[] = [
    { name: "a variable", setting: "--log-level", start: { ...eu, env: { ...eu.env, DRILL_LOG_LEVEL: "debug" } } },
    {
      name: "the file",
      setting: "--most-rows",
      start: { ...us, argv: us.argv.map((word) => (word === settings ? edited : word)) },
    },
    { name: "the lock", setting: "someone has changed it", start: us, lock: forged },
  ];
  const ends = tampers.map(({ setting, start, lock }) => {
    const refusal = refusalOf(locked(start, lock));
    return {
      refused: refusal !== undefined,
      named: refusal?.includes(setting) === true,
      open: refusalOf(start) === undefined,
    };
  });
  const count = (which: "refused" | "named" | "open"): number => ends.filter((end) => end[which]).length;
  const started = environments.filter((start) => refusalOf(locked(start)) === undefined).length;
  const line = (name: string, arm: "protected" | "control", starts: (index: number) => number) => ({
    name,
    arm,
    points: [...environments, ...tampers].map((_, index): [number, number] => [index, starts(index)]),
  });
  const upTo = (index: number, began: (tamper: number) => boolean): number =>
    Math.min(index + 1, environments.length) +
    ends.slice(0, Math.max(0, index + 1 - environments.length)).filter((_, tamper) => began(tamper)).length;
  return {
    story:
      "One configuration in three environments, each with its own port, files and secrets. Then someone changes a variable on one machine, the file of settings on another, and the lock on a third. The control arm starts without the lock.",
    protected: {
      digests: { means: "Digests of the three environments", value: digests.size, least: 1, most: 1 },
      started: { means: "Environments that start, of three", value: started, least: 3 },
      refused: { means: "Tampered machines that refuse to start, of three", value: count("refused"), least: 3 },
      named: { means: "Of those, how many say what differs", value: count("named"), least: 3 },
    },
    control: { started: { means: "Tampered machines that start without the lock", value: count("open"), least: 3 } },
    charts: [
      {
        title: "Servers that have started",
        unit: "of six",
        phases: [
          { from: 0, to: 2.5, label: "as promoted" },
          { from: 2.5, to: 5, label: "tampered with", trouble: true },
        ],
        lines: [
          line("with the lock", "protected", (index) => upTo(index, (tamper) => ends[tamper]?.refused === false)),
          line("without it", "control", (index) => upTo(index, (tamper) => ends[tamper]?.open === true)),
        ],
        steps: true,
      },
    ],
  };
}

const read = ({ argv, env = {} }: Start) => readConfig(Own, { ...OPTIONS, argv, env });

/** What a start says instead of starting. */
function refusalOf(start: Start): string | undefined {
  try {
    read(start);
    return undefined;
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
}
