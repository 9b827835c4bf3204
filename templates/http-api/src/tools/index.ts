import type { Tool } from "@offshoot/core";
import type { Api } from "../api.ts";
import { ApiError } from "../domain/errors.ts";
import { type Caps, type Mode, tokensOf, withoutOutputs } from "../domain/openapi/choose.ts";
import { nameOperations } from "../domain/openapi/names.ts";
import { nearest } from "../domain/openapi/nearest.ts";
import type { Operations } from "../domain/openapi/operations.ts";
import type { OperationEntry } from "../domain/openapi/read-operation.ts";
import { isSafe, type Operation } from "../domain/operation.ts";
import { createKeptFiles, type KeptFiles } from "../kept-files.ts";
import type { OperationMap, Replies, ToolEntry } from "../map.ts";
import { dynamicTools } from "./dynamic.ts";
import { type Common, operationTool } from "./generated.ts";

/** What becomes tools. */
export interface ToolChoice {
  mode: Mode;
  map: OperationMap;
  /** Ids of operations that become tools by their own names, beside the map's. */
  named?: readonly string[];
  caps?: Caps | undefined;
  /** Leaves out everything that changes something: not listed, and not callable by any way round. */
  readOnly?: boolean;
  /** @default "strict" */
  replies?: Replies;
  files?: KeptFiles;
  /** Characters of an answer that are shown at once. @default 100_000 */
  maxReply?: number;
}

/**
 * The tools of an API, as the mode has it.
 *
 * @throws ApiError for a map that names what is not there, and past the caps
 */
export function apiTools(
  api: Api,
  operations: Operations,
  {
    mode,
    map,
    named = [],
    caps,
    readOnly = false,
    replies = "strict",
    files = createKeptFiles(),
    maxReply = 100_000,
  }: ToolChoice,
): Tool[] {
  const common: Common = { files, replies, maxReply };
  const offered = ({ method }: Pick<Operation, "method">): boolean => !readOnly || isSafe(method);
  const entries = operations.entries.filter(offered);
  if (mode === "dynamic") return dynamicTools(api, operations, entries, common);
  if (mode === "all") return allTools(api, operations, entries, caps, common);
  const mapped = Object.entries(map.tools).map(([name, given]) => {
    const entry: ToolEntry = typeof given === "string" ? { operation: given } : given;
    find(operations, `The map's ${name}`, entry.operation);
    return { name, entry };
  });
  const known = new Set(mapped.map(({ entry }) => entry.operation));
  const own = [...new Set(named)].map((id) => find(operations, "--operations", id)).filter(({ id }) => !known.has(id));
  const others = [...nameOperations(own, new Set([...OUR_TOOLS, ...mapped.map(({ name }) => name)]))].map(
    ([name, { id }]) => ({
      name,
      entry: { operation: id } as ToolEntry,
    }),
  );
  return [...mapped, ...others].flatMap(({ name, entry }) => {
    const operation = operations.get(entry.operation, entry.body);
    return offered(operation) ? [operationTool(api, name, operation, entry, common)] : [];
  });
}

/** A tool for each operation. Where their output schemas are too much for the caps, the largest go. */
function allTools(
  api: Api,
  operations: Operations,
  entries: readonly OperationEntry[],
  caps: Caps | undefined,
  common: Common,
): Tool[] {
  const make = (name: string, id: string, bare: boolean): Tool =>
    operationTool(api, name, operations.get(id), { operation: id }, common, bare);
  const tools = [...nameOperations(entries, new Set(OUR_TOOLS))].map(([name, { id }]) => ({
    id,
    tool: make(name, id, false),
  }));
  const costs = tools.map(({ tool: { name, title, description, json } }) => ({
    name,
    tokens: tokensOf([name, title, description, json.input]),
    output: tokensOf(json.output),
  }));
  const bare = withoutOutputs(costs, BARE_TOKENS, caps);
  return tools.map(({ id, tool }) => (bare.has(tool.name) ? make(tool.name, id, true) : tool));
}

/** Tools beside those of the operations (see `readMoreTool`). */
const OUR_TOOLS = ["read_more"];

/** What an output schema costs that says nothing of the answer. */
const BARE_TOKENS = 230;

function find(operations: Operations, who: string, id: string): OperationEntry {
  const found = operations.entries.find((entry) => entry.id === id);
  if (found !== undefined) return found;
  const like = nearest(
    id,
    operations.entries.map((entry) => entry.id),
  );
  const left = operations.flaws.find(({ reason }) => reason.includes(JSON.stringify(id)));
  throw new ApiError(
    "unknown_operation",
    `${who} names the operation ${JSON.stringify(id)}, which the API does not have.${like === undefined ? "" : ` Did you mean ${JSON.stringify(like)}?`}${left === undefined ? "" : ` The description is wrong at ${left.pointer}.`}`,
  );
}
