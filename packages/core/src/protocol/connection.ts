import type { Change } from "../call/changes.ts";
import type { WireRequest } from "../call/wire.ts";
import type { Caller } from "../contract/context.ts";

/** What a connection needs beside its transport, in either era. */
export interface ConnectionOptions {
  caller: Caller;
  transport: WireRequest["transport"];
  /** Resolves when the client has read enough of what was written; absent where nothing queues. */
  writable?: (() => Promise<void> | undefined) | undefined;
  /** Whether the request with this id still waits for its answer: not, once it was cancelled. */
  waits?: (id: string | number) => boolean;
}

/** The progress token of a request, where the client gave one. */
export function progressTokenOf(params: Record<string, unknown>): string | number | undefined {
  const token = (params._meta as { progressToken?: unknown } | undefined)?.progressToken;
  return typeof token === "string" || typeof token === "number" ? token : undefined;
}

/** What a client says it can be asked. `elicitation: {}` means forms; a client that does only URLs says so. */
export function asksOf(
  capabilities:
    | { elicitation?: { form?: unknown; url?: unknown } | undefined; sampling?: unknown; roots?: unknown }
    | undefined,
): WireRequest["asks"] {
  const { elicitation, sampling, roots } = capabilities ?? {};
  return {
    elicitation: elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined),
    sampling: sampling !== undefined,
    roots: roots !== undefined,
  };
}

/** A change as the notification that both eras share. */
export function notificationOf(change: Change): { method: string; params: Record<string, unknown> } {
  if (change.type === "resource_updated")
    return { method: "notifications/resources/updated", params: { uri: change.uri } };
  return { method: `notifications/${change.type.replace("_list_changed", "/list_changed")}`, params: {} };
}
