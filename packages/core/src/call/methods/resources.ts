import { base64, type ResourceContents } from "../../contract/content.ts";
import { ErrorCode, ProtocolError } from "../../contract/errors.ts";
import { quote } from "../../contract/names/quote.ts";
import type { AgedReply, Resource, ResourceEntry, ResourcePage } from "../../contract/resource.ts";
import { type AccessNow, isCallable, isOffered } from "../access.ts";
import { checkBlocks, checkLength } from "../compose.ts";
import { stringParam } from "../normalize.ts";
import { plainContents, requireShapes } from "../output/blocks.ts";
import { toProtocolError } from "../output/map-error.ts";
import { plain } from "../output/plain.ts";
import type { Normalize } from "../subject.ts";
import { badCursor, type CursorSeal, decodeCursor, encodeCursor, PAGE_SIZE } from "./pages.ts";

/** A family of resources as clients list it in `resources/templates/list`. */
export const listedTemplate = ({ name, title, description, uri, mimeType, icons, _meta }: Resource): object => ({
  uriTemplate: uri,
  name,
  title,
  description,
  mimeType: mimeType ?? "text/plain",
  icons,
  _meta,
});

const fixedEntry = ({ name, title, description, uri, mimeType, icons, _meta }: Resource): ResourceEntry => ({
  uri,
  name,
  title,
  description,
  mimeType: mimeType ?? "text/plain",
  icons,
  _meta,
});

/** The resource that answers for a URI, and the variables in it. */
export function findResource(
  resources: Iterable<Resource>,
  uri: string,
): [Resource, Record<string, string>] | undefined {
  for (const resource of resources) {
    const variables = resource.template.match(uri);
    if (variables !== undefined) return [resource, variables];
  }
  return undefined;
}

/** Longest cursor of a domain, in characters: clients send it back in a header or a URL at times. */
const MAX_CURSOR = 2_048;

/** `resources/list`: the fixed ones, then each template's own, a page of the domain at a time. */
export function listResources(
  resources: readonly Resource[],
  timeoutMs: number,
  { seal, access }: { seal: CursorSeal; access: AccessNow },
): Normalize {
  const fixed = resources
    .filter((resource) => resource.template.variables.length === 0)
    .map((resource) => [resource, fixedEntry(resource)] as const);
  const families = resources.filter((resource) => resource.list !== undefined);
  return (params, call) => {
    const cursor = params.cursor ?? undefined;
    const now = access();
    const isShown = (resource: Resource): boolean => isCallable(now, call.caller, resource);
    const [wanted, inner] = cursor === undefined ? [0, undefined] : decodeCursor(seal, cursor, "resources");
    if (wanted > 0 && wanted >= families.length) badCursor();
    // Where it goes on, or with the next one that this caller may read.
    const index = families.findIndex((family, at) => at >= wanted && isShown(family));
    const family = families[index];
    const rest = families.findIndex((other, at) => at > index && isShown(other));
    const first = cursor === undefined ? fixed.flatMap(([resource, entry]) => (isShown(resource) ? [entry] : [])) : [];
    if (family !== undefined) isOffered(now, call, family);
    return {
      timeoutMs,
      input: cursor,
      run: (call) =>
        family?.list?.({ cursor: index === wanted ? inner : undefined, limit: PAGE_SIZE }, call) ?? { resources: [] },
      compose: (value) => {
        const { nextCursor, resources } = value as ResourcePage;
        if (nextCursor !== undefined && !(typeof nextCursor === "string" && nextCursor.length <= MAX_CURSOR))
          throw new Error(`a nextCursor is no text of at most ${MAX_CURSOR} characters`);
        const next =
          nextCursor !== undefined
            ? encodeCursor(seal, "resources", index, nextCursor)
            : family !== undefined && rest !== -1
              ? encodeCursor(seal, "resources", rest)
              : undefined;
        const entries = plain(resources)
          .map((entry) => entryOf(entry, family?.mimeType))
          .filter(({ uri }) => now === undefined || isReadable(uri, isShown));
        checkBlocks(entries, call.method);
        return { resources: [...first, ...entries], nextCursor: next };
      },
    };
  };

  /** What one family lists may be another's to read. */
  function isReadable(uri: string, isShown: (resource: Resource) => boolean): boolean {
    const [resource] = findResource(resources, uri) ?? [];
    return resource === undefined || isShown(resource);
  }
}

/** @throws Error for an entry that would have a client refuse the whole list */
function entryOf(entry: ResourceEntry, mimeType = "text/plain"): ResourceEntry {
  if (typeof entry?.uri !== "string" || typeof entry.name !== "string")
    throw new Error("an entry of a list needs a uri and a name, both text");
  requireShapes(entry, "an entry of a list");
  return { mimeType, ...entry };
}

/** `resources/read` */
export function readResource(resources: readonly Resource[], timeoutMs: number, access: AccessNow): Normalize {
  return (params, call) => {
    const uri = stringParam(params, "uri", call.method);
    const found = findResource(resources, uri);
    if (found === undefined || !isOffered(access(), call, found[0])) throw notFound(uri);
    const [resource, variables] = found;
    call.name = resource.name;
    return {
      scopes: resource.scopes,
      timeoutMs: resource.timeoutMs ?? timeoutMs,
      input: uri,
      run: () => resource.read(variables, call),
      compose: (value) => {
        const { contents, ttlMs = resource.ttlMs, ageMs = 0, stale = ageMs > (ttlMs ?? ageMs) } = withAge(value);
        if (!Number.isFinite(ageMs) || !Number.isFinite(ttlMs ?? 0))
          throw new Error(`${resource.name} has an age or a TTL that is no number`);
        const answer = { contents: contentsOf(uri, resource, contents, stale ? { ageMs } : undefined) };
        // The 2025 era has no words for it.
        if (call.era === "2025" || ttlMs === undefined) return answer;
        // A cache that callers share would give it to those who may not read it.
        const cacheScope = call.decision === undefined ? (resource.cacheScope ?? "private") : "private";
        return { ...answer, ttlMs: stale ? 0 : Math.max(0, Math.floor(ttlMs - ageMs)), cacheScope };
      },
      refuse: (shown) => (shown.code === "not_found" ? notFound(uri, shown.message) : toProtocolError(shown)),
    };
  };
}

/** A reply with its age; 0 when not given. */
function withAge(reply: unknown): AgedReply {
  return typeof reply === "object" && reply !== null && "contents" in reply
    ? (reply as AgedReply)
    : { contents: reply as AgedReply["contents"] };
}

/** `_meta` of contents that are past their time, so that no reader takes them for the present state. */
const STALE = "offshoot/stale";

function contentsOf(
  uri: string,
  resource: Resource,
  reply: AgedReply["contents"],
  stale: { ageMs: number } | undefined,
): ResourceContents[] {
  checkLength(reply, resource.name);
  const mimeType = resource.mimeType ?? "text/plain";
  const contents: ResourceContents[] =
    typeof reply === "string"
      ? [{ uri, mimeType, text: reply.toWellFormed() }]
      : reply instanceof Uint8Array
        ? [{ uri, mimeType, blob: base64(reply) }]
        : Array.from(reply, plainContents);
  checkBlocks(contents, resource.name);
  if (stale === undefined) return contents;
  return contents.map((item) => ({ ...item, _meta: { ...item._meta, [STALE]: stale } }));
}

/** Both eras answer -32602 here since 2026-07-28; `data.uri` is how clients tell it from a bad request. */
const MAX_URI = 2_048;
const notFound = (
  uri: string,
  message = `No resource has the URI ${quote(uri, 256)}. Call resources/list or resources/templates/list.`,
): ProtocolError => new ProtocolError(ErrorCode.invalidParams, message, { uri: uri.slice(0, MAX_URI).toWellFormed() });
