import { createHash } from "node:crypto";
import { createScrub } from "../telemetry/scrub.ts";

/** What a setting became, and where its value came from: a flag, a variable, a file, or `default`. */
export interface ConfigValue {
  value: unknown;
  from: string;
}

/** A configuration as {@link loadConfig} read it. */
export interface ConfigFacts {
  /** `sha256-…` over the settings that are the same in every environment. */
  readonly digest: string;
  readonly values: Record<string, ConfigValue>;
  /** The keys of `values` that may differ: where a server listens, where its data is, references to secrets. */
  readonly perEnvironment: readonly string[];
}

const facts = new WeakMap<object, ConfigFacts>();

/** What {@link loadConfig} noted of a configuration; undefined for one that was made by hand. */
export const factsOf = (config: object): ConfigFacts | undefined => facts.get(config);

/** Freezes a configuration and notes where its values came from. */
export function noteFacts(
  config: object,
  { from, perEnvironment }: { from: Record<string, string>; perEnvironment: readonly string[] },
): ConfigFacts {
  const values = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, { value, from: from[key] ?? "default" }]),
  );
  let digest: string | undefined;
  const noted = {
    values,
    perEnvironment,
    // When it is asked for: hashing loads a library that a start does without.
    get digest() {
      digest ??= digestOf(sharedValues(noted));
      return digest;
    },
  };
  facts.set(config, noted);
  deepFreeze(config);
  return noted;
}

/**
 * One text for equal settings, whatever their order: `sha256-` and base64url. A setting that is not set is as one that
 * is not there, so that a release with a new optional setting keeps the digest.
 */
export function digestOf(values: Record<string, unknown>): string {
  const rows = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `sha256-${createHash("sha256").update(JSON.stringify(rows)).digest("base64url")}`;
}

/** The settings that a digest covers. */
export const sharedValues = ({
  values,
  perEnvironment,
}: Pick<ConfigFacts, "values" | "perEnvironment">): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([key]) => !perEnvironment.includes(key))
      .map(([key, { value }]) => [key, asJson(value)])
      .filter(([, value]) => value !== null),
  );

/** A value as a lock has it: what JSON does not know is written out, so that a change of it is one. */
function asJson(value: unknown): unknown {
  const json = JSON.stringify(value, (_key, inner: unknown) => {
    if (inner instanceof Set || inner instanceof Map) return [...inner];
    return typeof inner === "bigint" || inner instanceof RegExp ? String(inner) : inner;
  });
  return json === undefined ? null : JSON.parse(json);
}

/**
 * What `--print-config` prints: JSON, without the secrets that someone wrote where a reference belongs. What is promoted
 * stands as it is, because a lock is made of it; an address may hold a password.
 */
export function printable(
  { name, version }: { name: string; version: string },
  { digest, values, perEnvironment }: ConfigFacts,
  isSecret: (key: string) => boolean,
): string {
  const scrub = createScrub();
  const rows = Object.entries(values).map(([key, { value, from }]) => {
    const differs = perEnvironment.includes(key);
    const plain = isSecret(key) ? referenceIn(value) : asJson(value);
    const shown = differs ? JSON.parse(scrub(JSON.stringify(plain))) : plain;
    return [key, { value: shown, from, perEnvironment: differs }];
  });
  return `${JSON.stringify({ name, version, digest, values: Object.fromEntries(rows) }, null, 2)}\n`;
}

/** `env:NAME` and `file:/path` say where a secret is; anything else may be one. */
const referenceIn = (value: unknown): unknown =>
  value === undefined || (typeof value === "string" && /^(?:[^=,]+=)?(?:env|file):[^,]+$/.test(value))
    ? (value ?? null)
    : "(not shown)";

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
