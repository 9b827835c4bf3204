import type { CallContext, Prompt, Resource, Tool } from "@offshoot/core";

/** Everything that a caller can use. */
export interface Surface {
  tools: readonly Tool[];
  resources: readonly Resource[];
  prompts: readonly Prompt[];
}

/**
 * The same for callers that the policy keeps to folders of their own: each call runs on a surface that was made for
 * those folders and knows of no other.
 */
export function keptToFolders(shared: Surface, surfaceIn: (folders: readonly string[]) => Surface): Surface {
  const made = new Map<string, Surface>();
  const surfaceOf = ({ callerRoots }: CallContext): Surface => {
    if (callerRoots === undefined) return shared;
    const key = JSON.stringify(callerRoots);
    const surface = made.get(key) ?? surfaceIn(callerRoots);
    made.set(key, surface);
    return surface;
  };
  return {
    tools: shared.tools.map((tool, at) => ({
      ...tool,
      handler: (input, call) => (surfaceOf(call).tools[at] as Tool).handler(input, call),
    })),
    resources: shared.resources.map((resource, at) => {
      const own = (call: CallContext) => surfaceOf(call).resources[at] as Resource;
      const { list, watch } = resource;
      return {
        ...resource,
        read: (variables, call) => own(call).read(variables, call),
        list: list && ((page, call) => (own(call).list as typeof list)(page, call)),
        ...completeIn(resource, own),
        watch: watch && ((variables, changed, call) => (own(call).watch as typeof watch)(variables, changed, call)),
      };
    }),
    prompts: shared.prompts.map((prompt, at) => {
      const own = (call: CallContext) => surfaceOf(call).prompts[at] as Prompt;
      return {
        ...prompt,
        handler: (input, call) => own(call).handler(input, call),
        ...completeIn(prompt, own),
      };
    }),
  };
}

type Completed = Pick<Resource, "complete">;

const completeIn = (
  { complete = {} }: Completed,
  own: (call: CallContext) => Completed,
): { complete: NonNullable<Resource["complete"]> } => ({
  complete: Object.fromEntries(
    Object.keys(complete).map((name) => [name, (typed, call) => own(call).complete?.[name]?.(typed, call) ?? []]),
  ),
});
