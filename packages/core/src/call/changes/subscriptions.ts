import type { Caller } from "../../contract/context.ts";
import { ErrorCode, isToolError, ProtocolError } from "../../contract/errors.ts";
import { quote } from "../../contract/names/quote.ts";
import type { ServerDefinition } from "../../contract/server.ts";
import { type Access, isOffered, scopesOf } from "../access.ts";
import { checkScopes } from "../admit.ts";
import { Call } from "../call.ts";
import { findResource } from "../methods/resources.ts";
import { mapError, toProtocolError } from "../output/map-error.ts";
import { type Records, record } from "../record.ts";
import type { WireRequest } from "../wire.ts";
import type { Changes } from "./changes.ts";
import type { Refresher } from "./refresh.ts";

/** How many URIs one listener may subscribe to. */
const MAX_SUBSCRIPTIONS = 1_024;

/** What one listener is subscribed to: a connection of the 2025 era, a stream of the 2026 one. */
export interface Subscriptions {
  has(uri: string): boolean;
  /**
   * Resolves when no later change of it is missed; at once where it is subscribed already.
   *
   * @throws ProtocolError saying why not, as safe to send as a call's
   */
  subscribe(uri: string, wire: WireRequest): Promise<void>;
  /** Resolves when no later change that the caller may hear is missed. @throws what the server's `follow` throws */
  follow(caller: Caller): Promise<void>;
  unsubscribe(uri: string): void;
  /** Ends all of them for good: a later subscription is not kept. */
  close(): void;
}

/** What subscriptions need of the server. */
export interface SubscribedServer extends Records {
  readonly definition: Pick<ServerDefinition, "resources" | "expected" | "follow">;
  readonly changes: Changes;
  readonly refresh: Refresher;
  /** What decides who may subscribe, where there is a policy. */
  readonly access: Access | undefined;
}

export function createSubscriptions(app: SubscribedServer): Subscriptions {
  const ends = new Map<string, { end: () => void; call: Call; access: Access | undefined }>();
  let closed = false;
  let followed: Promise<() => void> | undefined;

  const follow = async (caller: Caller): Promise<void> => {
    if (closed) return;
    followed ??= app.definition.follow?.(caller);
    try {
      await followed;
    } catch (error) {
      followed = undefined; // the next subscription tries again
      throw error;
    }
  };

  /** @param isNew whether its client asks for it now, and not the server since the policy is another */
  const begin = (uri: string, call: Call, isNew: boolean): void => {
    const [resource, variables = {}] = findResource(app.definition.resources.values(), uri) ?? [];
    const { access } = app;
    if (resource?.subscribe !== true || !isOffered(access, call, resource))
      throw new ProtocolError(
        ErrorCode.invalidParams,
        `No resource with the URI ${quote(uri, 256)} can be subscribed to.`,
        // Tells it from a resource that can be and refused this URI.
        { uri, subscribable: false },
      );
    const { decision } = call;
    checkScopes(scopesOf(resource, decision), call);
    if (decision?.confirm !== undefined)
      throw new ProtocolError(
        ErrorCode.invalidParams,
        `The policy has a person allow each reading of ${quote(uri, 256)}, so it cannot be subscribed to. Read it instead.`,
        { uri, subscribable: false },
      );
    if (ends.has(uri) || closed) return;
    // What it notifies of is read by calls that count for themselves, so it takes no place while it lasts.
    if (isNew) decision?.begin?.(call, { input: { uri } })?.();
    if (ends.size >= MAX_SUBSCRIPTIONS) {
      throw new ProtocolError(
        ErrorCode.overloaded,
        `This connection has ${MAX_SUBSCRIPTIONS} subscriptions. Unsubscribe from some first.`,
      );
    }
    const { watch, refresh } = resource;
    if (watch === undefined && refresh === undefined) return void ends.set(uri, { end: () => {}, call, access });
    const begun = (changed: () => void): (() => void) => {
      const unwatch = watch?.(variables, changed, call);
      const rest = refresh && app.refresh(resource, variables, uri, changed);
      return () => {
        rest?.();
        unwatch?.();
      };
    };
    // Callers with other folders have a watch of their own: each looks whether its caller may see what it watches.
    const sharedBy = call.callerRoots === undefined ? "" : JSON.stringify(call.callerRoots);
    ends.set(uri, { end: app.changes.subscribe(uri, begun, sharedBy), call, access });
  };

  // A failure of the domain here must not keep a connection from closing.
  const finish = (uri: string, end: () => void): void => {
    ends.delete(uri);
    try {
      end();
    } catch (error) {
      app.log.error({ err: error, uri }, "a watch could not be ended");
    }
  };

  const unsubscribe = (uri: string): void => {
    const one = ends.get(uri);
    if (one !== undefined) finish(uri, one.end);
  };

  /** Under another policy than it began with, a subscription begins again, or ends. */
  const isStill = (uri: string, { end, call }: { end: () => void; call: Call }): boolean => {
    finish(uri, end);
    try {
      begin(uri, call, false);
      return true;
    } catch (error) {
      app.log.info({ uri, reason: error instanceof Error ? error.message : String(error) }, "subscription ended");
      return false;
    }
  };

  return {
    has(uri) {
      const one = ends.get(uri);
      return one !== undefined && (one.access === app.access || isStill(uri, one));
    },
    follow,
    async subscribe(uri, wire) {
      const call = new Call("resources/subscribe", wire, app.log);
      call.name = uri;
      const isNew = !ends.has(uri);
      try {
        begin(uri, call, true);
        await follow(wire.caller);
        record(app, call, "ok");
      } catch (error) {
        if (isNew) unsubscribe(uri);
        const failure = mapError(error, call, undefined, app.definition.expected);
        const { outcome, shown } = failure;
        record(app, call, outcome, failure);
        throw isToolError(shown) ? toProtocolError(shown) : shown;
      }
    },
    unsubscribe,
    close() {
      closed = true;
      followed?.then((end) => end()).catch((err) => app.log.error({ err }, "changes could not be left"));
      for (const [uri, { end }] of ends) finish(uri, end);
    },
  };
}
