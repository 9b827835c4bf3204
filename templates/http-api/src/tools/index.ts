import type { Tool } from "@offshoot/core";
import type { Api } from "../api.ts";
import { ApiError } from "../domain/errors.ts";
import { type Caps, chooseAll, type Mode } from "../domain/openapi/choose.ts";
import type { Operations } from "../domain/openapi/operations.ts";
import { isSafe, type Operation } from "../domain/operation.ts";
import type { OperationMap, ToolEntry } from "../map.ts";
import { dynamicTools } from "./dynamic.ts";
import { operationTool } from "./generated.ts";

/** What becomes tools. */
export interface ToolChoice {
  mode: Mode;
  map: OperationMap;
  caps?: Caps;
  /** Leaves out everything that changes something: not listed, and not callable by any way round. */
  readOnly?: boolean;
}

/**
 * The tools of an API, as the mode has it.
 *
 * @throws ApiError for a map that names what is not there, and past the caps
 */
export function apiTools(api: Api, operations: Operations, { mode, map, caps, readOnly = false }: ToolChoice): Tool[] {
  const offered = (method: Operation["method"]): boolean => !readOnly || isSafe(method);
  const entries = operations.entries.filter(({ method }) => offered(method));
  if (mode === "dynamic") return dynamicTools(api, operations, entries);
  if (mode === "all")
    return [...chooseAll(operations, entries, caps)].map(([name, { id }]) =>
      operationTool(api, name, operations.get(id), { operation: id }),
    );
  return Object.entries(map.tools).flatMap(([name, given]) => {
    const entry: ToolEntry = typeof given === "string" ? { operation: given } : given;
    const operation = find(operations, name, entry.operation);
    return offered(operation.method) ? [operationTool(api, name, operation, entry)] : [];
  });
}

function find(operations: Operations, name: string, id: string) {
  if (operations.entries.some((entry) => entry.id === id)) return operations.get(id);
  const like = operations.entries.filter((entry) => entry.id.toLowerCase().includes(id.toLowerCase().slice(0, 6)));
  throw new ApiError(
    "unknown_operation",
    `The map's ${name} names the operation ${JSON.stringify(id)}, which the API does not have.${
      like.length > 0
        ? ` It has ${like
            .slice(0, 3)
            .map((entry) => entry.id)
            .join(", ")}.`
        : ""
    }`,
  );
}
