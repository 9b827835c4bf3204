import { ErrorCode, ProtocolError } from "../../contract/errors.ts";
import { quoted } from "../../contract/names/quoted.ts";
import type { Call } from "../call.ts";
import { stringParam } from "../normalize.ts";

/**
 * The tool or prompt that `params.name` names; the call goes by that name from here on. @throws ProtocolError -32602
 */
export function findNamed<Item>(
  items: ReadonlyMap<string, Item>,
  kind: "tool" | "prompt",
  params: Record<string, unknown>,
  call: Call,
): Item {
  const name = stringParam(params, "name", call.method);
  const item = items.get(name);
  if (item === undefined)
    throw new ProtocolError(
      ErrorCode.invalidParams,
      `Unknown ${kind}: ${quoted(name)}. Call ${kind}s/list to see the names.`,
    );
  call.name = name;
  return item;
}
