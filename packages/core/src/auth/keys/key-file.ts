import { createHash, randomBytes } from "node:crypto";
import { parseJson } from "../../control/parse-json.ts";

/** An API key as the file has it: the key itself stands nowhere. */
export interface KeyEntry {
  /** Public part of the key. */
  id: string;
  /** Whose it is: the id of the caller. Keys that overlap in a rotation share it. */
  name: string;
  /** SHA-256 of the whole key, in hex. Its 256 random bits need no slow hash. */
  sha256: string;
  scopes: string[];
  /** ISO times; a key without `expires` never ends. */
  created: string;
  expires?: string | undefined;
  revoked?: string | undefined;
}

/** Every key begins so, and scanners for leaked ones know it by `offshoot_[0-9a-f]{12}_[0-9a-f]{64}`. */
const KEY = /^offshoot_([0-9a-f]{12})_[0-9a-f]{64}$/;

/** Makes a key. It is shown once; the entry is kept. */
export function makeKey(
  name: string,
  scopes: string[],
  created: Date,
  expires: Date | undefined,
): { key: string; entry: KeyEntry } {
  const id = randomBytes(6).toString("hex");
  const key = `offshoot_${id}_${randomBytes(32).toString("hex")}`;
  const entry = { id, name, sha256: hashOf(key), scopes, created: created.toISOString() };
  return { key, entry: expires === undefined ? entry : { ...entry, expires: expires.toISOString() } };
}

/** The public part of what looks like a key. */
export const idOf = (key: string): string | undefined => KEY.exec(key)?.[1];

export const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex");

/** Why a key is not accepted, `undefined` where it is. */
export function whyNot({ revoked, expires }: KeyEntry, now: number): "revoked" | "expired" | undefined {
  if (revoked !== undefined) return "revoked";
  return expires !== undefined && Date.parse(expires) <= now ? "expired" : undefined;
}

/** @throws Error in one line that names the entry */
export function parseKeyFile(text: string): KeyEntry[] {
  const value = parseJson(text);
  const { keys } = (value ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys))
    throw new Error('it has no list "keys". Make one with: npx create-offshoot keys add <name>');
  const ids = new Set<string>();
  for (const [index, key] of keys.entries()) {
    const wrong = problemOf(key ?? {});
    if (wrong !== undefined) throw new Error(`keys[${index}]: ${wrong}`);
    if (ids.has(key.id)) throw new Error(`keys[${index}]: the id ${key.id} occurs twice.`);
    ids.add(key.id);
  }
  return keys;
}

function problemOf(key: Record<string, unknown>): string | undefined {
  const { id, name, sha256, scopes, created, expires, revoked } = key;
  const time = (one: unknown): boolean => typeof one === "string" && Number.isFinite(Date.parse(one));
  if (typeof id !== "string" || !/^[0-9a-f]{12}$/.test(id)) return "id must be 12 hexadecimal digits.";
  if (typeof name !== "string" || !isKeyName(name)) return `name ${NAME}`;
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) return "sha256 must be 64 hexadecimal digits.";
  if (!Array.isArray(scopes) || scopes.some((scope) => !isScope(scope))) return `scopes must be a list; each ${SCOPE}`;
  if (!time(created)) return "created must be a time.";
  if (expires !== undefined && !time(expires)) return "expires must be a time.";
  if (revoked !== undefined && !time(revoked)) return "revoked must be a time.";
  const unknown = Object.keys(key).find((one) => !MEMBERS.includes(one));
  return unknown === undefined ? undefined : `${JSON.stringify(unknown)} is not known.`;
}
const MEMBERS = ["id", "name", "sha256", "scopes", "created", "expires", "revoked"];

export const NAME = 'must be 1 to 64 letters, digits, ".", "_", "@" or "-", and not "local" or "anonymous".';
/** `local` and `anonymous` mean that nobody authenticates. */
export const isKeyName = (name: string): boolean =>
  /^[\w.@-]{1,64}$/.test(name) && !["local", "anonymous"].includes(name);

export const SCOPE = "is visible ASCII without quotes and spaces, and without a wildcard.";
/** RFC 6749's scope-token; "*" is refused because scopes are matched exactly, and a reader would take it for all. */
export const isScope = (scope: unknown): boolean =>
  typeof scope === "string" && /^[\x21\x23-\x29\x2b-\x5b\x5d-\x7e]+$/.test(scope);
