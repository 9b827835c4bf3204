import { base64, type ResourceContents } from "../../contract/content.ts";
import { ErrorCode, ProtocolError } from "../../contract/errors.ts";
import type { AgedReply, Resource, ResourceEntry, ResourcePage } from "../../contract/resource.ts";
import { checkSize, toProtocolError } from "../compose.ts";
import { echo } from "../echo.ts";
import { stringParam } from "../normalize.ts";
import type { Normalize } from "../subject.ts";
import { badCursor, decodeCursor, encodeCursor, PAGE_SIZE } from "./pages.ts";

/** A family of resources as clients list it in `resources/templates/list`. */
export const listedTemplate = ({ name, title, description, uri, mimeType, icons }: Resource): object => ({
  uriTemplate: uri,
  name,
  title,
  description,
  mimeType: mimeType ?? "text/plain",
  ...(icons === undefined ? {} : { icons }),
});

const listedFixed = ({ name, title, description, uri, mimeType, icons }: Resource): ResourceEntry => ({
  uri,
  name,
  title,
  description,
  mimeType: mimeType ?? "text/plain",
  ...(icons === undefined ? {} : { icons }),
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

/** `resources/list`: the fixed ones, then each template's own, a page of the domain at a time. */
export function listResources(resources: readonly Resource[], timeoutMs: number): Normalize {
  const fixed = resources.filter((resource) => resource.template.variables.length === 0).map(listedFixed);
  const families = resources.filter((resource) => resource.list !== undefined);
  return (params) => {
    const [index, inner] = params.cursor === undefined ? [0, undefined] : decodeCursor(params.cursor, "resources");
    const family = families[index];
    if (family === undefined && index > 0) badCursor();
    const first = params.cursor === undefined ? fixed : [];
    return {
      timeoutMs,
      input: params.cursor,
      run: (call) => family?.list?.({ cursor: inner, limit: PAGE_SIZE }, call) ?? { resources: [] },
      compose: (value) => {
        const page = value as ResourcePage;
        const next =
          page.nextCursor !== undefined
            ? encodeCursor("resources", index, page.nextCursor)
            : index + 1 < families.length
              ? encodeCursor("resources", index + 1)
              : undefined;
        const entries = page.resources.map((entry) => ({ mimeType: family?.mimeType ?? "text/plain", ...entry }));
        return { resources: [...first, ...entries], ...(next === undefined ? {} : { nextCursor: next }) };
      },
    };
  };
}

/** `resources/read` */
export function readResource(resources: readonly Resource[], timeoutMs: number): Normalize {
  return (params, call) => {
    const uri = stringParam(params, "uri", call.method);
    const found = findResource(resources, uri);
    if (found === undefined) throw notFound(uri);
    const [resource, variables] = found;
    call.name = resource.name;
    return {
      scopes: resource.scopes,
      timeoutMs: resource.timeoutMs ?? timeoutMs,
      input: uri,
      run: () => resource.read(variables, call),
      compose: (value) => {
        const { contents, ttlMs = resource.ttlMs, ageMs = 0, stale = ageMs > (ttlMs ?? ageMs) } = withAge(value);
        const answer = { contents: contentsOf(uri, resource, contents, stale ? { ageMs } : undefined) };
        // The 2025 era has no words for it.
        if (call.era === "2025" || ttlMs === undefined) return answer;
        const { cacheScope = "private" } = resource;
        return { ...answer, ttlMs: stale ? 0 : Math.max(0, Math.floor(ttlMs - ageMs)), cacheScope };
      },
      refuse: (shown) => (shown.code === "not_found" ? notFound(uri, shown.message) : toProtocolError(shown)),
    };
  };
}

/** A reply with its age, which is none where it says nothing of it. */
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
  const mimeType = resource.mimeType ?? "text/plain";
  const contents: ResourceContents[] =
    typeof reply === "string"
      ? [{ uri, mimeType, text: reply }]
      : reply instanceof Uint8Array
        ? [{ uri, mimeType, blob: base64(reply) }]
        : reply;
  checkSize(JSON.stringify(contents), resource.name);
  if (stale === undefined) return contents;
  return contents.map((item) => ({ ...item, _meta: { ...item._meta, [STALE]: stale } }));
}

/** Both eras answer -32602 here since 2026-07-28; `data.uri` is how clients tell it from a bad request. */
export const notFound = (
  uri: string,
  message = `No resource has the URI ${echo(uri, 256)}. Call resources/list or resources/templates/list.`,
): ProtocolError => new ProtocolError(ErrorCode.invalidParams, message, { uri });
