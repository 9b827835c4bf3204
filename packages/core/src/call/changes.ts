import type { ChangeEmitter, ServerDefinition } from "../contract/server.ts";

/** A change in the specification's words. */
export type Change =
  | { type: "resource_updated"; uri: string }
  | { type: "resources_list_changed" | "tools_list_changed" | "prompts_list_changed" };

/** Passes the domain's changes to every connection. */
export interface Changes {
  /** Listens until the returned function is called. The first listener connects the domain, once. */
  listen(listener: (change: Change) => void): () => void;
  /** For what core itself changes. */
  readonly emit: ChangeEmitter;
  close(): void;
}

export function createChanges(definition: ServerDefinition): Changes {
  const listeners = new Set<(change: Change) => void>();
  const publish = (change: Change): void => {
    for (const listener of listeners) listener(change);
  };
  const emit: ChangeEmitter = {
    resourceUpdated: (uri) => publish({ type: "resource_updated", uri }),
    resourcesChanged: () => publish({ type: "resources_list_changed" }),
    toolsChanged: () => publish({ type: "tools_list_changed" }),
    promptsChanged: () => publish({ type: "prompts_list_changed" }),
  };
  let stop: (() => void) | undefined;
  return {
    listen(listener) {
      listeners.add(listener);
      stop ??= definition.changes?.(emit);
      return () => listeners.delete(listener);
    },
    emit,
    close() {
      listeners.clear();
      stop?.();
      stop = undefined;
    },
  };
}
