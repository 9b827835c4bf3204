import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRemoteJWKSet, customFetch, jwtVerify } from "jose";
import { type App, createApp } from "../app.ts";
import { createKeySet } from "../auth/key-set.ts";
import { createOAuth } from "../auth/oauth.ts";
import { openRevoked } from "../auth/revoked.ts";
import { quietWire } from "../call/wire.ts";
import type { Caller } from "../contract/context.ts";
import { openAudit } from "../control/audit.ts";
import { verifyAudit } from "../control/verify.ts";
import { openPolicy } from "../policy/open.ts";
import { createLog } from "../telemetry/log.ts";
import { AUDIENCE, createDrillIssuer, type DrillIssuer, ISSUER, ledgerServer } from "./access-world.ts";
import {
  type DrillLine,
  type DrillOptions,
  type DrillPhase,
  type DrillResult,
  type Findings,
  runDrill,
} from "./drill.ts";
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

/** What became of a call. */
interface Seen {
  at: number;
  who: "caller" | "thief";
  tool: "drill_write" | "drill_read";
  end: "answered" | "refused" | "failed";
}

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

type Identify = (token: string) => Promise<Caller | undefined>;

async function scenario({ without }: AccessPolicyOptions, seed: number, folder: string): Promise<Findings> {
  const startedAt = performance.now();
  const issuer = await createDrillIssuer();
  const files = { killList: join(folder, "revoked.json"), audit: join(folder, "audit.jsonl") };
  writeFileSync(files.killList, "{}", { mode: 0o600 });
  const arms = { guarded: createArm(), plain: createArm() };
  const { app } = arms.guarded;
  const audit = openAudit(files.audit, { log: app.log });
  if (without !== "audit") app.control.keep(audit.record);
  const changes: string[] = [];
  app.control.listen(({ what, name = "" }) => changes.push(`${what} ${name}`));
  const guarded = guardedIdentify(app, issuer, files.killList);
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
  if (without !== "withdrawal") writeFileSync(files.killList, JSON.stringify({ kid: [stolen?.kid] }));
  await until(startedAt, TIMES.narrow * 1_000);
  if (without !== "narrowing") {
    app.control.emit({ what: "profile", before: null, after: "read-only", by: "drill" });
    for (const arm of Object.values(arms))
      arm.app.setAccess(openPolicy({ profile: "read-only" }, { ...arm.app, audited: false }));
  }
  await Promise.all([...calls, theft]);
  await until(startedAt, TIMES.end * 1_000 + 5_000);
  const intact = await arms.guarded.intact();
  audit.close();
  for (const arm of Object.values(arms)) arm.app.close();

  const seen = { guarded: arms.guarded.seen, plain: arms.plain.seen };
  const recorded = verifyAudit(files.audit).ok ? recordsOf(files.audit) : [];
  const expected = ["key https://issuer.drill", `key kid ${stolen?.kid}`, "key https://issuer.drill", "profile "];
  return {
    story:
      "Twenty callers at a steady rate. A signing key leaks, another takes its place, the old one is withdrawn, and the policy narrows to reading. The control arm verifies tokens with jose's own defaults and has no kill list.",
    protected: {
      leakedAfterKill: {
        means: "Calls that the leaked key opened after it was withdrawn",
        value: leaked(seen.guarded),
        most: 0,
      },
      refusedByRotation: {
        means: "Calls of the others that were refused while keys changed",
        value: refusedValid(seen.guarded),
        most: 0,
      },
      writtenAfterNarrowing: {
        means: "Writes after the policy allowed only reading",
        value: written(seen.guarded),
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
        value: leaked(seen.plain),
        least: 1,
      },
      refusedByRotation: {
        means: "Calls of the others that jose's cooldown refused",
        value: refusedValid(seen.plain),
        least: 1,
      },
    },
    charts: [
      {
        title: "Calls that the leaked key has opened",
        unit: "calls",
        phases: PHASES,
        lines: [
          sum("with the kill list", "protected", seen.guarded, opened),
          sum("jose's defaults", "control", seen.plain, opened),
        ],
      },
      {
        title: "Calls of valid callers that were refused",
        unit: "calls",
        phases: PHASES,
        lines: [
          sum("with the key set", "protected", seen.guarded, isRefusedValid),
          sum("jose's defaults", "control", seen.plain, isRefusedValid),
        ],
      },
    ],
  };
}

/** A server, and what became of the calls to it. */
function createArm() {
  const app = createApp(ledgerServer(), { log: createLog("silent", { write() {} }) });
  const seen: Seen[] = [];
  /** The last number that each caller was told it had written. */
  const told = new Map<string, number>();
  const call = async (tool: string, caller: Caller): Promise<number> => {
    const method = app.methods.get("tools/call") as NonNullable<ReturnType<App["methods"]["get"]>>;
    const result = await method({ name: tool, arguments: {} }, quietWire({ caller }));
    return (result as { structuredContent: { value: number } }).structuredContent.value;
  };
  return {
    app,
    seen,
    /** The share of callers who read at the end what they were told they had written. */
    async intact(): Promise<number> {
      let same = 0;
      for (const [id, value] of told) if ((await call("drill_read", { id })) === value) same += 1;
      return same / told.size;
    },
    async send(identify: Identify, token: string, one: Omit<Seen, "end">): Promise<void> {
      const caller = await identify(token);
      const end: Seen = { ...one, end: "refused" };
      seen.push(end);
      if (caller === undefined) return;
      const needed = app.scopes.of("tools/call", { name: one.tool }, caller);
      if (!needed.every((scope) => caller.scopes?.includes(scope))) return;
      try {
        const value = await call(one.tool, caller);
        if (one.tool === "drill_write") told.set(caller.id, Math.max(value, told.get(caller.id) ?? 0));
        end.end = "answered";
      } catch {
        end.end = "failed";
      }
    },
  };
}

function guardedIdentify(app: App, issuer: DrillIssuer, killList: string): Identify {
  const keys = createKeySet(async () => issuer.published(), {
    maxAgeMs: 60_000,
    changed({ before, after }) {
      app.control.emit({ what: "key", name: ISSUER, before, after, by: "server" });
    },
    trouble() {},
  });
  const revoked = openRevoked(killList, app);
  const oauth = createOAuth({
    issuer: ISSUER,
    audience: undefined,
    resource: AUDIENCE,
    scopes: () => app.scopes.all,
    keys,
    revoked,
  });
  issuer.onDrop(() => keys.reload());
  return async (token) => {
    const found = await oauth.identify({ headers: { authorization: `Bearer ${token}` } } as IncomingMessage);
    return "reason" in found ? undefined : found;
  };
}

/** As jose's documentation verifies a token. */
function plainIdentify(issuer: DrillIssuer): Identify {
  const answer = async () => new Response(JSON.stringify({ keys: issuer.published() }), { status: 200 });
  const keys = createRemoteJWKSet(new URL(`${ISSUER}/jwks`), { [customFetch]: answer });
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, { issuer: ISSUER, audience: AUDIENCE });
      return { id: payload.sub as string, scopes: String(payload.scope).split(" ") };
    } catch {
      return undefined;
    }
  };
}

const opened = ({ who, end }: Seen): boolean => who === "thief" && end === "answered";
const leaked = (seen: readonly Seen[]): number =>
  seen.filter((one) => opened(one) && one.at >= TIMES.kill * 1_000).length;
const isRefusedValid = ({ who, end }: Seen): boolean => who === "caller" && end === "refused";
const refusedValid = (seen: readonly Seen[]): number => seen.filter(isRefusedValid).length;
const written = (seen: readonly Seen[]): number =>
  seen.filter(({ tool, end, at }) => tool === "drill_write" && end === "answered" && at >= TIMES.narrow * 1_000).length;

const recordsOf = (file: string): string[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { what: string; name?: string })
    .map(({ what, name = "" }) => `${what} ${name}`);
const sameSet = (one: readonly string[], other: readonly string[]): boolean =>
  [...one].sort().join() === [...other].sort().join();

/** How many there have been, over time. */
function sum(name: string, arm: DrillLine["arm"], seen: readonly Seen[], counts: (one: Seen) => boolean): DrillLine {
  const points: [number, number][] = [];
  for (let at = 0; at <= TIMES.end; at += 0.5)
    points.push([at, seen.filter((one) => counts(one) && one.at <= at * 1_000).length]);
  return { name, arm, points };
}
