import { capabilitiesOf } from "../app.ts";
import { listedTool } from "../call/methods/tools.ts";
import type { ServerDefinition } from "../contract/server.ts";

/** A JSON object. */
export type Json = { [key: string]: unknown };

/** The public surface of a server: what clients see of it and rely on. Everything is keyed by what identifies it. */
export interface Contract {
  name: string;
  title?: string | undefined;
  instructions?: string | undefined;
  capabilities: Json;
  /** By name. */
  tools: Json;
  /** By URI or URI template. */
  resources: Json;
  /** By name. */
  prompts: Json;
}

/**
 * Reads the public surface off a definition: the same for the same server on every machine, whatever the order of its
 * parts. The version is left out, because it changes with every release.
 */
export function readContract(server: ServerDefinition): Contract {
  const { name, title, instructions } = server;
  return normalise({
    name,
    title,
    instructions,
    capabilities: capabilitiesOf(server, false),
    tools: byKey(server.tools.values(), (tool) => [
      tool.name,
      {
        ...listedTool(tool),
        name: undefined,
        _meta: tool._meta,
        version: tool.version,
        versions: earlierOf([...(tool.earlier?.values() ?? [])], ({ version, sunset, json }) => [
          version,
          { sunset, inputSchema: json.input, outputSchema: json.output },
        ]),
      },
    ]),
    resources: byKey(
      server.resources.values(),
      ({ uri, mimeType = "text/plain", subscribe, complete, name, title, description, icons, _meta }) => [
        uri,
        {
          name,
          title,
          description,
          icons,
          _meta,
          mimeType,
          subscribe: subscribe || undefined,
          completes: namesOf(complete),
        },
      ],
    ),
    prompts: byKey(server.prompts.values(), ({ name, title, description, icons, _meta, listed, complete }) => [
      name,
      {
        title,
        description,
        icons,
        _meta,
        arguments: byKey(listed, ({ name, ...argument }) => [name, argument]),
        completes: namesOf(complete),
      },
    ]),
  }) as Contract;
}

/** @internal Entries by what identifies them. */
export const byKey = <Item>(items: Iterable<Item>, entry: (item: Item) => [key: string, value: unknown]): Json =>
  Object.fromEntries([...items].map(entry));

/** @internal Earlier versions of a tool; absent where there are none. */
export const earlierOf = <Item>(items: readonly Item[], entry: (item: Item) => [string, unknown]): Json | undefined =>
  items.length === 0 ? undefined : byKey(items, entry);

/** What can be completed; absent where nothing can. */
function namesOf(complete: object = {}): string[] | undefined {
  const names = Object.keys(complete).sort();
  return names.length === 0 ? undefined : names;
}

/** Each difference of two contracts, as its path and what became of it: `tools.add.title: "Add" → "Put"`. */
export function diffContracts(before: unknown, after: unknown, path = ""): string[] {
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => {
      const at = /^[\w$]+$/.test(key) ? (path === "" ? key : `${path}.${key}`) : `${path}[${JSON.stringify(key)}]`;
      if (!Object.hasOwn(before, key)) return [`${at}: added${scalarText(after[key])}`];
      if (!Object.hasOwn(after, key)) return [`${at}: removed${scalarText(before[key])}`];
      return diffContracts(before[key], after[key], at);
    });
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length && after.every(isObject)) {
    return after.flatMap((item, index) => diffContracts(before[index], item, `${path}[${index}]`));
  }
  const [old, now] = [JSON.stringify(before), JSON.stringify(after)];
  return old === now ? [] : [`${path}: ${excerpt(old, now)} → ${excerpt(now, old)}`];
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const scalarText = (value: unknown): string =>
  typeof value === "object" ? "" : ` (${excerpt(JSON.stringify(value), "")})`;

/** The part of a long value in which it differs from the other one. */
function excerpt(text: string, other: string): string {
  if (text.length <= 100) return text;
  let same = 0;
  while (same < text.length && text[same] === other[same]) same += 1;
  const start = Math.max(0, Math.min(same - 20, text.length - 80));
  return `${start > 0 ? "…" : ""}${text.slice(start, start + 80)}${start + 80 < text.length ? "…" : ""}`;
}

/** @internal Sorted keys everywhere, and sorted lists where JSON Schema gives their order no meaning. */
export function normalise(value: unknown, keyword = "", inProperties = false): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => normalise(item));
    const isSet = !inProperties && ["required", "enum", "type"].includes(keyword);
    return isSet ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items;
  }
  if (!isObject(value)) return value;
  // What stands under these is data in which "required" may be any key.
  const isData = !inProperties && ["const", "default", "examples"].includes(keyword);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    entries.map(([key, item]) => [
      key,
      isData ? sortKeys(item) : normalise(item, key, keyword === "properties" && !inProperties),
    ]),
  );
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortKeys(value[key])]),
  );
}
