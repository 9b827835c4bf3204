import { readFile } from "node:fs/promises";
import type { ErrorObject } from "ajv";
import { Refusal } from "../terminal.ts";

/** The schema of the MCP registry that `server.json` names, and by which it is judged there. */
export const SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json";

/** Time for the schema to arrive, in ms: a bundle is made without it, too, and nobody waits long for that. */
const LIMIT_MS = 5_000;

/** Whether `server.json` was validated against the registry's schema; if not, why. */
export interface Verdict {
  schema: string;
  fits: true | "unknown";
  reason?: string;
}

/**
 * Validates an entry against the registry's own schema, fetched each time because a copy here would be one more thing to grow old.
 * Where it cannot be had, nothing is refused: a bundle can be made without a network. `address` may be `file:`, too.
 *
 * @throws Refusal when the entry does not fit, with every place that does not
 */
export async function fitsRegistry(
  entry: object,
  address = process.env.OFFSHOOT_REGISTRY_SCHEMA || SCHEMA,
): Promise<Verdict> {
  let fits: Awaited<ReturnType<typeof validatorFrom>>;
  try {
    fits = await validatorFrom(address);
  } catch (error) {
    return { schema: address, fits: "unknown", reason: reasonOf(error as Error) };
  }
  if (fits(entry)) return { schema: address, fits: true };
  const places = (fits.errors ?? []).map(
    ({ instancePath, message }: ErrorObject) => `server.json${instancePath} ${message}`,
  );
  throw new Refusal(
    `The registry would not take server.json: ${[...new Set(places)].join("; ")}.`,
    "fix it in package.json or offshoot.json, from which server.json is made.",
  );
}

async function validatorFrom(address: string) {
  const schema = JSON.parse(await textOf(address));
  // A page that a proxy or a hotel puts in its place may be JSON as well, and nearly any JSON is a schema that all fits.
  if (schema?.$id !== SCHEMA) throw new Error("what is there is not this schema");
  const { Ajv } = await import("ajv");
  // Not strict: it has keywords of OpenAPI's. Addresses are the one format it asks for.
  return new Ajv({ strict: false, allErrors: true, logger: false, formats: { uri: URL.canParse } }).compile(schema);
}

async function textOf(address: string): Promise<string> {
  if (address.startsWith("file:")) return readFile(new URL(address), "utf8");
  const answer = await fetch(address, { signal: AbortSignal.timeout(LIMIT_MS) });
  if (!answer.ok) throw new Error(`it answered ${answer.status}`);
  return answer.text();
}

/** What `fetch` says is "fetch failed"; why is in its cause, and of several addresses tried only a code. */
function reasonOf({ message, cause }: Error): string {
  const { code, message: deeper } = (cause ?? {}) as { code?: string; message?: string };
  return deeper || code || message;
}
