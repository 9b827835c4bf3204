import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startControl } from "../control/start.ts";
import { verifyAudit } from "../control/verify.ts";
import { openPolicy } from "../policy/open.ts";
import { createArm, guardedIdentify, isLeak, isRefusedValid, plainIdentify, type Seen, sumOf } from "./access-arms.ts";
import { createDrillIssuer } from "./access-world.ts";
import { type DrillOptions, type DrillPhase, type DrillResult, type Findings, runDrill } from "./drill.ts";
import { createRandom, openLoop, until } from "./load.ts";

/** What {@link accessPolicyDrill} takes. */
export interface AccessPolicyOptions extends DrillOptions {
  /** @internal For tests of the drill itself: what the protected arm leaves out. */
  without?: "withdrawal" | "audit" | "narrowing" | undefined;
}

const CALLERS = 20;
const TIMES = { leak: 4, rotate: 8, kill: 13, narrow: 18, end: 24 };
const PHASES: DrillPhase[] = [
  { from: 0, to: 4, label: "well" },
  { from: 4, to: 8, label: "a key has leaked", trouble: true },
  { from: 8, to: 13, label: "a new key signs", trouble: true },
  { from: 13, to: 18, label: "the old one is withdrawn" },
  { from: 18, to: 24, label: "read-only" },
];
/** Each caller calls twice a second, and has a new token every three. */
const PER_SECOND = 2;
const RENEW_S = 3;

/**
 * Twenty callers at a steady rate, while a signing key leaks, another takes its place, the old one is withdrawn and the
 * policy narrows to reading. The control arm verifies tokens with jose as its documentation shows, and has no kill list.
 * Proven: the leaked key opens nothing after it was withdrawn, no caller is refused by the rotation, each change is one
 * record of an audit that is whole, and what callers wrote is there.
 *
 * Issuer and store are simulated; tokens, signatures, the gate, the call path, the kill list and the audit are real.
 */
export function accessPolicyDrill(options: AccessPolicyOptions = {}): Promise<DrillResult> {
  return runDrill("access-policy", options, async (seed) => {
    const folder = mkdtempSync(join(tmpdir(), "drill-"));
    try {
      return await scenario(options, seed, folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

async function scenario({ without }: AccessPolicyOptions, seed: number, folder: string): Promise<Findings> {
  const startedAt = performance.now();
  const issuer = await createDrillIssuer();
  const [killList, control, audit] = ["revoked.json", "control.json", "audit.jsonl"].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  writeFileSync(killList, "{}", { mode: 0o600 });
  const arms = { guarded: createArm(), plain: createArm() };
  const { app } = arms.guarded;
  const changes: string[] = [];
  app.control.listen(({ what, name = "" }) => changes.push(`${what} ${name}`));
  const endControl = startControl(app, { control, audit: without === "audit" ? undefined : audit });
  const guarded = guardedIdentify(app, issuer, killList);
  const plain = plainIdentify(issuer);

  const send = async (who: Seen["who"], token: string, index: number, at: number): Promise<void> => {
    const tool = index % 2 === 0 ? "drill_write" : "drill_read";
    await Promise.all([
      arms.guarded.send(guarded, token, { at, who, tool }),
      arms.plain.send(plain, token, { at, who, tool }),
    ]);
  };
  const random = createRandom(seed);
  const tokens: { token: Promise<string>; until: number }[] = [];
  const tokenOf = (caller: number, at: number): Promise<string> => {
    const held = tokens[caller];
    if (held !== undefined && held.until > at) return held.token;
    const token = issuer.sign(`caller-${caller}`);
    tokens[caller] = { token, until: at + RENEW_S * 1_000 * (0.5 + random() / 2) };
    return token;
  };
  const calls = Array.from({ length: CALLERS }, (_, caller) => {
    const times = Array.from(
      { length: TIMES.end * PER_SECOND },
      (_one, index) => (1_000 * (index + random())) / PER_SECOND,
    );
    return openLoop(times, startedAt, (index) => {
      const at = times[index] as number;
      void tokenOf(caller, at).then((token) => send("caller", token, index, at));
    });
  });
  const stolen = issuer.keys[0];
  const thefts = Array.from(
    { length: (TIMES.end - TIMES.leak) * 4 },
    (_, index) => TIMES.leak * 1_000 + index * 250 + 10,
  );
  const theft = openLoop(thefts, startedAt, (index) => {
    void issuer
      .sign("caller-0", stolen, `stolen-${index}`)
      .then((token) => send("thief", token, index, thefts[index] as number));
  });

  await until(startedAt, TIMES.rotate * 1_000);
  await issuer.rotate();
  await until(startedAt, TIMES.kill * 1_000);
  if (without !== "withdrawal") issuer.dropOld();
  if (without !== "withdrawal") writeFileSync(killList, JSON.stringify({ kid: [stolen?.kid] }));
  await until(startedAt, TIMES.narrow * 1_000);
  if (without !== "narrowing") {
    // As an operator does it; the other arm has nobody who would record it.
    writeFileSync(control, JSON.stringify({ profile: "read-only" }), { mode: 0o600 });
    process.emit("SIGHUP");
    arms.plain.app.setAccess(openPolicy({ profile: "read-only" }, { ...arms.plain.app, audited: false }));
  }
  await Promise.all([...calls, theft]);
  await until(startedAt, TIMES.end * 1_000 + 5_000);
  const intact = await arms.guarded.intact();
  endControl();
  for (const arm of Object.values(arms)) arm.app.close();

  const seen = { guarded: arms.guarded.seen, plain: arms.plain.seen };
  const recorded = without !== "audit" && verifyAudit(audit).ok ? recordsOf(audit) : [];
  const expected = [
    "config ",
    "key https://issuer.drill",
    `key kid ${stolen?.kid}`,
    "key https://issuer.drill",
    "profile ",
  ];
  return {
    story:
      "Twenty callers at a steady rate. A signing key leaks, another takes its place, the old one is withdrawn, and the policy narrows to reading. The control arm verifies tokens with jose's own defaults and has no kill list.",
    protected: {
      leakedAfterKill: {
        means: "Calls that the leaked key opened after it was withdrawn",
        value: countLeaks(seen.guarded),
        most: 0,
      },
      refusedByRotation: {
        means: "Calls of the others that were refused while keys changed",
        value: countRefusedValid(seen.guarded),
        most: 0,
      },
      writtenAfterNarrowing: {
        means: "Writes after the policy allowed only reading",
        value: countWrites(seen.guarded),
        most: 0,
      },
      recordsPerChange: {
        means: "Records of the audit for each change, when it is whole and in order",
        value:
          recorded.join() === changes.join() && sameSet(recorded, expected)
            ? recorded.length / expected.length
            : Number.NaN,
        least: 1,
        most: 1,
      },
      intact: { means: "Callers whose last write is what they read", unit: "%", value: intact, least: 1 },
      calls: { means: "Calls in all", value: seen.guarded.length },
    },
    control: {
      leakedAfterKill: {
        means: "The same with jose's defaults and without a kill list",
        value: countLeaks(seen.plain),
        least: 1,
      },
      refusedByRotation: {
        means: "Calls of the others that jose's cooldown refused",
        value: countRefusedValid(seen.plain),
        least: 1,
      },
    },
    charts: [
      {
        title: "Calls that the leaked key has opened",
        unit: "calls",
        phases: PHASES,
        lines: [
          sumOf("with the kill list", "protected", seen.guarded, isLeak, TIMES.end),
          sumOf("jose's defaults", "control", seen.plain, isLeak, TIMES.end),
        ],
      },
      {
        title: "Calls of valid callers that were refused",
        unit: "calls",
        phases: PHASES,
        lines: [
          sumOf("with the key set", "protected", seen.guarded, isRefusedValid, TIMES.end),
          sumOf("jose's defaults", "control", seen.plain, isRefusedValid, TIMES.end),
        ],
      },
    ],
  };
}

const countLeaks = (seen: readonly Seen[]): number =>
  seen.filter((one) => isLeak(one) && one.at >= TIMES.kill * 1_000).length;
const countRefusedValid = (seen: readonly Seen[]): number => seen.filter(isRefusedValid).length;
const countWrites = (seen: readonly Seen[]): number =>
  seen.filter(({ tool, end, at }) => tool === "drill_write" && end === "answered" && at >= TIMES.narrow * 1_000).length;

const recordsOf = (file: string): string[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { what: string; name?: string })
    .map(({ what, name = "" }) => `${what} ${name}`);
const sameSet = (one: readonly string[], other: readonly string[]): boolean =>
  [...one].sort().join() === [...other].sort().join();
