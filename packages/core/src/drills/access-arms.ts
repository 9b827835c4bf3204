import type { IncomingMessage } from "node:http";
import { createRemoteJWKSet, customFetch, jwtVerify } from "jose";
import { type App, createApp } from "../app.ts";
import { createKeySet } from "../auth/key-set.ts";
import { createOAuth } from "../auth/oauth.ts";
import { openRevoked } from "../auth/revoked.ts";
import { quietWire } from "../call/wire.ts";
import type { Caller } from "../contract/context.ts";
import { createLog } from "../telemetry/log.ts";
import { AUDIENCE, type DrillIssuer, ISSUER, ledgerServer } from "./access-world.ts";
import type { DrillLine } from "./drill.ts";

/** What became of a call. */
export interface Seen {
  at: number;
  who: "caller" | "thief";
  tool: "drill_write" | "drill_read";
  end: "answered" | "refused" | "failed";
}

type Identify = (token: string) => Promise<Caller | undefined>;

/** A server, and what became of the calls to it. */
export function createArm() {
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

/** With the key set, the kill list and the checks of `--auth oauth`. */
export function guardedIdentify(app: App, issuer: DrillIssuer, killList: string): Identify {
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
export function plainIdentify(issuer: DrillIssuer): Identify {
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

export const isLeak = ({ who, end }: Seen): boolean => who === "thief" && end === "answered";

export const isRefusedValid = ({ who, end }: Seen): boolean => who === "caller" && end === "refused";

/** How many there have been, over time. */
export function sumOf(
  name: string,
  arm: DrillLine["arm"],
  seen: readonly Seen[],
  counts: (one: Seen) => boolean,
  endS: number,
): DrillLine {
  const points: [number, number][] = [];
  for (let at = 0; at <= endS; at += 0.5)
    points.push([at, seen.filter((one) => counts(one) && one.at <= at * 1_000).length]);
  return { name, arm, points };
}
