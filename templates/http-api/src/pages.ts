import type { Field } from "./domain/openapi/inputs/flat-inputs.ts";
import type { ApiReply } from "./domain/operation.ts";
import { valueAt } from "./domain/project.ts";
import type { ToolEntry } from "./map.ts";

const LINK = /^link rel="?next"?$/i;

/** The value that asks for the next page, as the map says where the answer has it. */
export function nextCursor(
  { headers }: Pick<ApiReply, "headers">,
  data: unknown,
  { next, input }: NonNullable<ToolEntry["pages"]>,
  fields: readonly Field[],
): unknown {
  if (!LINK.test(next)) return valueAt(data, next);
  const url = nextLink(headers.link ?? "");
  const field = fields.find(({ name }) => name === input);
  if (url === undefined || field?.to !== "parameter") return undefined;
  return url.searchParams.get(field.parameter.name) ?? undefined;
}

/** The target of a `Link` header's `rel=next` (RFC 8288). It may be relative. */
function nextLink(header: string): URL | undefined {
  for (const [, target = "", parameters = ""] of header.matchAll(
    /<([^<>]*)>((?:\s*;\s*[^\s;,=]+\s*=\s*(?:"[^"]*"|[^\s;,"]+))*)/g,
  )) {
    const [, quoted, bare] = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(parameters) ?? [];
    const relations = (quoted ?? bare ?? "").toLowerCase().split(/\s+/);
    // Only its query is read: where it leads to does not matter.
    if (relations.includes("next") && URL.canParse(target, "http://api.invalid"))
      return new URL(target, "http://api.invalid");
  }
  return undefined;
}
