import type { App } from "../../app.ts";
import { stringifyResult } from "../../call/output/ready-json.ts";
import { ErrorCode, isProtocolError } from "../../contract/errors.ts";
import type { Freshness } from "../../contract/freshness.ts";
import { makeLegible } from "../connection.ts";
import { MODERN_VERSION } from "../era.ts";
import type { StraightRequest } from "./request.ts";

const SERVER_INFO = "io.modelcontextprotocol/serverInfo";

/** Lists whose pages are made once and kept: so is their JSON. */
const KEPT = new Set(["tools/list", "prompts/list", "resources/templates/list"]);

/** The answers of a server, as the text that goes on the wire: each is serialised once. */
export interface Answers {
  /** What the server says to `server/discover`. */
  discovery(): object;
  /** What it says to the handshake of the 2025 era. */
  welcome(params: Record<string, unknown>): object;
  result(request: StraightRequest, result: object): string;
  error(request: StraightRequest, error: unknown): { json: string; code: number };
}

export function createAnswers(app: App): Answers {
  const { instructions } = app.definition;
  const { capabilities, info: serverInfo } = app;
  const stamp = `"resultType":"complete","_meta":${JSON.stringify({ [SERVER_INFO]: serverInfo })}}`;
  const pages = new WeakMap<object, string>();
  const kept = (page: object): string => {
    const json = pages.get(page) ?? JSON.stringify(page);
    pages.set(page, json);
    return json;
  };
  /** Members of every result of the 2026 era, before its end. */
  const stamped = (method: string, result: Result, json: string): string => {
    if (result._meta !== undefined || result.resultType !== undefined) return restamped(result);
    const hint = result.ttlMs === undefined ? hintOf(method) : undefined;
    const more = hint === undefined ? stamp : `${hint}${stamp}`;
    return json === "{}" ? `{${more}` : `${json.slice(0, -1)},${more}`;
  };
  const restamped = (result: Result): string =>
    JSON.stringify({ resultType: "complete", ...result, _meta: { [SERVER_INFO]: serverInfo, ...result._meta } });
  // A policy that begins or ends changes what caches may keep.
  let freshness: App["freshness"] | undefined;
  let hints: Readonly<Record<string, string>> = {};
  const hintOf = (method: string): string | undefined => {
    if (freshness !== app.freshness) {
      freshness = app.freshness;
      hints = hintsOf(freshness);
    }
    return hints[method];
  };

  return {
    discovery: () => ({
      supportedVersions: [MODERN_VERSION],
      capabilities,
      ...(instructions === undefined ? {} : { instructions }),
    }),
    welcome: ({ protocolVersion }) => ({
      protocolVersion,
      capabilities,
      serverInfo,
      // The SDK leaves an empty text out here.
      ...(instructions ? { instructions } : {}),
    }),
    result({ id, era, method }, result) {
      const json = KEPT.has(method) ? kept(result) : stringifyResult(result);
      return `{"jsonrpc":"2.0","id":${idOf(id)},"result":${era === "2025" ? json : stamped(method, result, json)}}`;
    },
    error({ id, era, transport }, error) {
      const { code, message, data } = isProtocolError(error) ? error : INTERNAL;
      const shown = { code: wireCode(code, era), message, ...(data === undefined ? {} : { data }) };
      // Only core's own words go out over HTTP in the 2026 era, where the SDK leaves them as they are.
      if (era === "2025" || transport === "pipe") makeLegible(shown);
      return { json: `{"jsonrpc":"2.0","id":${idOf(id)},"error":${JSON.stringify(shown)}}`, code: shown.code };
    },
  };
}

/** How long an answer of each method may be kept, as members of its JSON. A read says so itself, or is not to be kept. */
const hintsOf = (freshness: App["freshness"]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries<Freshness>({ ...freshness, "resources/read": {} }).map(
      ([method, { ttlMs = 0, cacheScope = "private" }]) => [
        method,
        `${JSON.stringify({ ttlMs, cacheScope }).slice(1, -1)},`,
      ],
    ),
  );

interface Result {
  _meta?: object;
  resultType?: string;
  ttlMs?: number;
}

/** The call path throws nothing but protocol errors; this is the last line of defence. */
const INTERNAL = { code: ErrorCode.internal, message: "Internal error", data: undefined };

/** The 2026 era has no -32002. */
function wireCode(code: number, era: string): number {
  if (!Number.isSafeInteger(code)) return ErrorCode.internal;
  return era === "2026" && code === -32_002 ? ErrorCode.invalidParams : code;
}

const idOf = (id: string | number): string => (typeof id === "number" ? String(id) : JSON.stringify(id));
