import { timingSafeEqual } from "node:crypto";
import type { Caller } from "../../contract/context.ts";
import type { ControlEvents } from "../../control/events.ts";
import { type Authentication, bearer } from "../../protocol/http/authorization.ts";
import type { Log } from "../../telemetry/log.ts";
import { NONE, refuse, tokenOf } from "../credentials.ts";
import type { Revoked } from "../revoked.ts";
import { NotYet, watchFile } from "../watched-file.ts";
import { hashOf, idOf, type KeyEntry, parseKeyFile, whyNot } from "./key-file.ts";
import { createLastUsed } from "./last-used.ts";

type Keys = ReadonlyMap<string, KeyEntry>;

/** Callers known by keys of this server's own, in a file that `offshoot keys` writes. @throws SettingsError */
export function createApiKeys(
  file: string,
  { log, control, revoked }: { log: Log; control: ControlEvents; revoked: Revoked },
): Authentication {
  const parse = (text: string): Keys => new Map(parseKeyFile(text).map((entry) => [entry.id, entry]));
  const keys = watchFile("--auth-keys", file, parse, (next, before, by) => take(next, before, by, control), log);
  const lastUsed = createLastUsed(file, log);
  const holds = (id: string, now: number): string | undefined => {
    const entry = keys.read().get(id);
    if (entry === undefined) return "unknown";
    return whyNot(entry, now) ?? (revoked.names({ sub: entry.name }) && "revoked");
  };
  /** Which key a caller was known by. */
  const used = new WeakMap<Caller, string>();
  return {
    identify(request) {
      const token = tokenOf(request);
      if (token === undefined) return NONE;
      const id = idOf(token);
      const entry = id === undefined ? undefined : keys.read().get(id);
      if (entry === undefined) return refuse("unknown key", { key: id });
      const right = timingSafeEqual(Buffer.from(hashOf(token), "hex"), Buffer.from(entry.sha256, "hex"));
      // Who has the public part alone learns nothing of the rest.
      if (!right) return refuse("wrong key", { key: id });
      const why = holds(entry.id, Date.now());
      if (why !== undefined) return refuse(`key ${why}`, { key: id, caller: entry.name });
      lastUsed.note(entry.id);
      const expiresAt = entry.expires === undefined ? undefined : Date.parse(entry.expires);
      const caller: Caller = { id: entry.name, scopes: entry.scopes, method: "key", expiresAt };
      used.set(caller, entry.id);
      return caller;
    },
    challenge: (error, scopes) =>
      bearer({ error, scope: error === "insufficient_scope" ? scopes.join(" ") : undefined }),
    holds: (caller) => holds(used.get(caller) ?? "", Date.now()) === undefined,
    close: lastUsed.close,
  };
}

/**
 * Tells of each key that has changed. While the audit cannot keep that, a key that is gone or revoked is refused all the
 * same, and one that is new or changed waits.
 */
function take(next: Keys, before: Keys, by: string, control: ControlEvents): Keys {
  const ids = [...new Set([...before.keys(), ...next.keys()])];
  const changed = ids.filter((id) => JSON.stringify(before.get(id)) !== JSON.stringify(next.get(id)));
  try {
    control.together(
      () => {
        for (const id of changed)
          control.emit({
            what: "key",
            name: id,
            before: withoutDigest(before.get(id)),
            after: withoutDigest(next.get(id)),
            by,
          });
      },
      () => {},
    );
    return next;
  } catch (error) {
    throw new NotYet((error as Error).message, new Map([...next].filter(([id]) => !changed.includes(id))));
  }
}

/** Of a key what may be written down. */
const withoutDigest = (entry: KeyEntry | undefined): unknown => {
  if (entry === undefined) return null;
  const { sha256: _sha256, ...rest } = entry;
  return rest;
};
