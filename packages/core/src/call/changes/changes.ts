import type { Caller } from "../../contract/context.ts";
import type { Audience, ChangeEmitter, ServerDefinition } from "../../contract/server.ts";

/** A change in the specification's words. */
export type Change =
  | { type: "resource_updated"; uri: string }
  | { type: "resources_list_changed" | "tools_list_changed" | "prompts_list_changed" };

/** Passes the domain's changes to every connection, and what connections subscribe to back to the domain. */
export interface Changes {
  /**
   * Listens for a caller, to what this caller may hear, until the returned function is called. The first listener
   * connects the domain, once.
   */
  listen(caller: Caller, listener: (change: Change) => void): () => void;
  /**
   * Counts a subscriber of this URI until the returned function is called: the first one begins to `watch` it, the last
   * one ends that. Subscribers with another `sharedBy` have a watch of their own.
   *
   * @throws what `watch` throws; then there is no subscriber
   */
  subscribe(uri: string, watch: (changed: () => void) => () => void, sharedBy?: string): () => void;
  /** What is subscribed to now, and how many subscribers each has. */
  subscriptions(): { uri: string; subscribers: number }[];
  /** For what core itself changes. */
  readonly emit: ChangeEmitter;
  close(): void;
}

/** @param rootsOf the folders that a caller is kept to now */
export function createChanges(
  definition: ServerDefinition,
  rootsOf: (caller: Caller) => readonly string[] | undefined = () => undefined,
): Changes {
  const listeners = new Set<{ caller: Caller; hear: (change: Change) => void }>();
  const watched = new Map<string, { subscribers: number; stop: () => void }>();
  const publish = (change: Change, to?: Audience): void => {
    for (const { caller, hear } of listeners) if (to === undefined || to(caller, rootsOf(caller))) hear(change);
  };
  const emit: ChangeEmitter = {
    resourceUpdated: (uri, to) => publish({ type: "resource_updated", uri }, to),
    resourcesChanged: (to) => publish({ type: "resources_list_changed" }, to),
    toolsChanged: () => publish({ type: "tools_list_changed" }),
    promptsChanged: () => publish({ type: "prompts_list_changed" }),
  };
  let stop: (() => void) | undefined;
  return {
    listen(caller, hear) {
      const listener = { caller, hear };
      listeners.add(listener);
      stop ??= definition.changes?.(emit);
      return () => listeners.delete(listener);
    },
    subscribe(uri, watch, sharedBy = "") {
      const key = `${uri}\n${sharedBy}`;
      const entry = watched.get(key) ?? {
        subscribers: 0,
        stop: watch(() => emit.resourceUpdated(uri)),
      };
      watched.set(key, entry);
      entry.subscribers += 1;
      let ended = false;
      return () => {
        if (ended) return;
        ended = true;
        entry.subscribers -= 1;
        // After close() this entry is stopped, and another may have replaced it.
        if (entry.subscribers > 0 || watched.get(key) !== entry) return;
        watched.delete(key);
        entry.stop();
      };
    },
    subscriptions: () =>
      [...watched].map(([key, { subscribers }]) => ({ uri: key.slice(0, key.lastIndexOf("\n")), subscribers })),
    emit,
    close() {
      listeners.clear();
      const open = [...watched.values()];
      watched.clear();
      for (const entry of open) entry.stop();
      stop?.();
      stop = undefined;
    },
  };
}
