import type { Caller } from "../contract/context.ts";
import type { ServerDefinition } from "../contract/server.ts";
import { type AccessNow, type Item, scopesOf } from "./access.ts";
import { findResource } from "./methods/resources.ts";

/** Which scopes requests need, before anything of them runs: HTTP answers for a missing one with a status. */
export interface NeededScopes {
  /** All that this request of this caller needs; none for what is not there, which is refused elsewhere. */
  of(method: string, params: Record<string, unknown>, caller: Caller): readonly string[];
  /** Every scope that anything here needs, sorted: what clients ask an authorization server for. */
  readonly all: readonly string[];
}

/** As the definitions say, and the policy. What a policy denies does not exist for its caller, and needs none. */
export function createNeededScopes(
  { tools, resources, prompts }: Pick<ServerDefinition, "tools" | "resources" | "prompts">,
  access: AccessNow,
): NeededScopes {
  const found = (method: string, { name, uri, ref }: Record<string, unknown>): Item | undefined => {
    if (method === "tools/call") return tools.get(name as string);
    if (method === "prompts/get") return prompts.get(name as string);
    if (method === "resources/read" || method === "resources/subscribe")
      return typeof uri === "string" ? findResource(resources.values(), uri)?.[0] : undefined;
    if (method !== "completion/complete") return undefined;
    const wanted = (ref ?? {}) as Record<string, unknown>;
    if (wanted.type === "ref/prompt") return prompts.get(wanted.name as string);
    return [...resources.values()].find((one) => one.uri === wanted.uri);
  };
  return {
    get all() {
      const items = [...tools.values(), ...resources.values(), ...prompts.values()];
      return [...new Set([...items.flatMap(({ scopes = [] }) => scopes), ...(access()?.scopes ?? [])])].sort();
    },
    of(method, params, caller) {
      const item = found(method, params);
      if (item === undefined) return [];
      const decision = access()?.decide(caller, item);
      return decision?.allow === false ? [] : (scopesOf(item, decision) ?? []);
    },
  };
}
