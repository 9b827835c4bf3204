import type { Caller } from "../contract/context.ts";
import type { ServerDefinition } from "../contract/server.ts";
import { findResource } from "./methods/resources.ts";

/** Which scopes requests need, before anything of them runs: HTTP answers for a missing one with a status. */
export interface NeededScopes {
  /** All that this request of this caller needs; none for what is not there, which is refused elsewhere. */
  of(method: string, params: Record<string, unknown>, caller: Caller): readonly string[];
  /** Every scope that anything here needs, sorted: what clients ask an authorization server for. */
  readonly all: readonly string[];
}

/**
 * As the definitions say.
 *
 * @param tools those that are offered now: one outside the profile does not exist, and needs none
 */
export function createNeededScopes(
  { resources, prompts }: Pick<ServerDefinition, "resources" | "prompts">,
  tools: ServerDefinition["tools"],
): NeededScopes {
  const named = (item: { scopes?: readonly string[] | undefined } | undefined): readonly string[] => item?.scopes ?? [];
  const resource = (uri: unknown) => (typeof uri === "string" ? findResource(resources.values(), uri)?.[0] : undefined);
  return {
    get all() {
      const items = [...tools.values(), ...resources.values(), ...prompts.values()];
      return [...new Set(items.flatMap(named))].sort();
    },
    of(method, params) {
      if (method === "tools/call") return named(tools.get(params.name as string));
      if (method === "prompts/get") return named(prompts.get(params.name as string));
      if (method === "resources/read" || method === "resources/subscribe") return named(resource(params.uri));
      if (method !== "completion/complete") return [];
      const { type, name, uri } = (params.ref ?? {}) as Record<string, unknown>;
      if (type === "ref/prompt") return named(prompts.get(name as string));
      return named([...resources.values()].find((one) => one.uri === uri));
    },
  };
}
