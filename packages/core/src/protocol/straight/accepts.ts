import type { Era } from "../../contract/context.ts";
import type { asksOf } from "../connection.ts";
import { CLIENT_CAPABILITIES, CLIENT_INFO, MODERN_VERSION, PROTOCOL_VERSION } from "../era.ts";
import type { Message } from "../frame.ts";

/** A request whose envelope and parameters have passed {@link accepts}. */
export interface Accepted {
  readonly id: string | number;
  readonly method: string;
  readonly params?: Record<string, unknown>;
}

type Members = Record<string, unknown>;
type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Check>>;

const text: Check = (value) => typeof value === "string";
const boolean: Check = (value) => typeof value === "boolean";
const token: Check = (value) => typeof value === "string" || Number.isSafeInteger(value);
const anything: Check = () => true;
const members: Check = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const each =
  (check: Check): Check =>
  (value) =>
    members(value) && Object.values(value as Members).every(check);

/** An object that has all of `needs`, and beside them nothing but what `may` be there. */
function object(needs: Shape, may: Shape = {}): Check {
  // Without a prototype: "constructor" is a key like any other.
  const known: Shape = Object.assign(Object.create(null), may, needs);
  const needed = Object.keys(needs);
  return (value) => {
    if (!members(value)) return false;
    for (const key in value as Members) {
      const check = known[key];
      if (check === undefined || !check((value as Members)[key])) return false;
    }
    for (const key of needed) if (!(key in (value as Members))) return false;
    return true;
  };
}

const RESERVED = "io.modelcontextprotocol/";

/** A request's `_meta`: what the specification keeps for itself as `shape` has it, and whatever else a client adds. */
function meta(shape: Shape, needed: readonly string[] = []): Check {
  const known: Shape = Object.assign(Object.create(null), shape);
  return (value) => {
    if (!members(value)) return false;
    for (const key in value as Members) {
      const check = known[key] ?? (key.startsWith(RESERVED) ? undefined : anything);
      if (check === undefined || !check((value as Members)[key])) return false;
    }
    for (const key of needed) if (!(key in (value as Members))) return false;
    return true;
  };
}

const implementation = object({ name: text, version: text }, { title: text, websiteUrl: text, description: text });
const capabilities = object(
  {},
  {
    elicitation: object({}, { form: object({}, { applyDefaults: boolean }), url: members }),
    sampling: object({}, { context: members, tools: members }),
    roots: object({}, { listChanged: boolean }),
    experimental: each(members),
    extensions: each(members),
  },
);

const META: Record<Era, Check> = {
  "2025": meta({ progressToken: token }),
  "2026": meta(
    {
      progressToken: token,
      [PROTOCOL_VERSION]: (value) => value === MODERN_VERSION,
      [CLIENT_INFO]: implementation,
      [CLIENT_CAPABILITIES]: capabilities,
    },
    [PROTOCOL_VERSION, CLIENT_CAPABILITIES],
  ),
};

const page: [Shape, Shape] = [{}, { cursor: text }];

/** The methods that carry load, and what their parameters need and may have. */
const METHODS: Readonly<Record<string, readonly [needs: Shape, may: Shape, era?: Era]>> = {
  "tools/call": [{ name: text }, { arguments: members }],
  "resources/read": [{ uri: text }, {}],
  "prompts/get": [{ name: text }, { arguments: each(text) }],
  "completion/complete": [
    {
      ref: (value) => prompt(value) || template(value),
      argument: object({ name: text, value: text }),
    },
    { context: object({}, { arguments: each(text) }) },
  ],
  "tools/list": page,
  "prompts/list": page,
  "resources/list": page,
  "resources/templates/list": page,
  ping: [{}, {}, "2025"],
  "server/discover": [{}, {}, "2026"],
};
const prompt = object({ type: (value) => value === "ref/prompt", name: text }, { title: text });
const template = object({ type: (value) => value === "ref/resource", uri: text });

const inEra = (era: Era): ReadonlyMap<string, Check> =>
  new Map(
    Object.entries(METHODS)
      .filter(([, [, , only]]) => only === undefined || only === era)
      .map(([method, [needs, may]]) =>
        era === "2026"
          ? [method, object({ ...needs, _meta: META[era] }, may)]
          : [method, object(needs, { ...may, _meta: META[era] })],
      ),
  );
const CHECKS: Record<Era, ReadonlyMap<string, Check>> = { "2025": inEra("2025"), "2026": inEra("2026") };

/**
 * Whether a message is a request that needs no SDK: one of a few methods, with nothing in it that only an SDK may know.
 * It says yes or nothing: whatever is odd, the SDK answers, in its own words.
 *
 * @param message has passed the checks of frame.ts
 */
export function accepts(message: Message, era: Era): message is Message & Accepted {
  const { id, method, params } = message;
  if (id === undefined || method === undefined) return false;
  const check = CHECKS[era].get(method);
  if (check === undefined) return false;
  // The 2025 era may leave `params` out.
  return params === undefined ? check(NONE) : check(params);
}

const NONE = {};

/** Revisions of the 2025 era whose handshake needs no SDK: all but the one with batches, which are the SDK's. */
const REVISIONS = new Set(["2025-11-25", "2025-06-18", "2024-11-05"]);
const handshake = object(
  { protocolVersion: (value) => REVISIONS.has(value as string), capabilities, clientInfo: implementation },
  { _meta: META["2025"] },
);

/** What a client of the 2025 era says of itself. */
export interface Handshake {
  readonly protocolVersion: string;
  readonly capabilities: Parameters<typeof asksOf>[0] & { extensions?: Record<string, Record<string, unknown>> };
  readonly clientInfo: { readonly name: string; readonly version: string };
}

/** The handshake of a message, if it is one that needs no SDK. */
export const handshakeOf = ({ id, method, params }: Message): Handshake | undefined =>
  id !== undefined && method === "initialize" && handshake(params) ? (params as unknown as Handshake) : undefined;
