import { ErrorCode, ProtocolError } from "../../contract/errors.ts";
import { quote } from "../../contract/names/quote.ts";
import { type Access, type Item as AccessItem, isOffered } from "../access.ts";
import type { Call } from "../call.ts";
import { stringParam } from "../normalize.ts";

/**
 * The tool or prompt that `params.name` names; the call goes by that name from here on. @throws ProtocolError -32602
 */
export function findNamed<Item extends AccessItem>(
  items: ReadonlyMap<string, Item>,
  kind: "tool" | "prompt",
  params: Record<string, unknown>,
  call: Call,
  access: Access | undefined,
): Item {
  const name = stringParam(params, "name", call.method);
  const item = items.get(name);
  // What the policy denies is answered as what does not exist: a name is no secret to be had by trying.
  if (item === undefined || !isOffered(access, call, item))
    throw new ProtocolError(
      ErrorCode.invalidParams,
      `Unknown ${kind}: ${quote(name)}. Call ${kind}s/list to see the names.`,
    );
  call.name = name;
  return item;
}
