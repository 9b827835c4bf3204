import type { DependencySnapshot, ServerDependency } from "../contract/dependency.ts";
import { DefinitionError } from "../contract/errors.ts";
import type { Work } from "./attempts.ts";
import { createHosts } from "./hosts.ts";
import { createReads } from "./reads/reads.ts";
import { createRetryBudget } from "./retry.ts";
import {
  type Answer,
  createSafeguards,
  type DependencyOptions,
  type Host,
  type RunOptions,
  type Shared,
} from "./safeguards.ts";
import type { RunContext } from "./scope.ts";

/** Something outside the process, behind its safeguards. */
export interface Dependency extends ServerDependency {
  /**
   * Asks the dependency. `attempt` runs once or several times, under a signal and a time of its own.
   *
   * @throws ToolError `dependency_unavailable` with `retryAfterMs` (`dependency_not_asked` when the breaker or the limit
   * kept it from being asked), or `outcome_unknown` for a call that is not
   * idempotent and was cut off; the signal's reason when the caller left; and as they are, an error that is the
   * caller's fault (a `ToolError`, a 404) and one that nobody classified
   */
  run<Value>(context: RunContext, options: RunOptions<Value>, attempt: Work<Value>): Promise<Answer<Value>>;
  /** Forgets what was kept for a key, or for all keys with a prefix, for every caller: after a change, say. */
  invalidate(key: string | { prefix: string }): void;
  /** Hears the key of each kept answer that a refresh found changed, until the returned function is called. */
  onRefresh(listener: (key: string) => void): () => void;
  /**
   * One of several hosts behind this dependency, where a model or a user names them: its own breaker and limit, so that
   * twenty that fail do not keep the good one from being asked. They share the retry budget and the cache's size; 256
   * are remembered. Its breaker's events and errors carry `<name>:<host>`.
   */
  for(host: string): Host;
}

/**
 * Puts safeguards around something outside the process: an HTTP API, a database, another server. One for each, made
 * once, beside the server.
 *
 * @example
 * const orders = dependency("orders", { cache: { ttlMs: 60_000, staleMs: 600_000 } });
 * const { value, stale } = await orders.run(call, { key: `order:${id}` }, ({ signal }) => api.order(id, { signal }));
 */
export function dependency(name: string, options: DependencyOptions = {}): Dependency {
  if (!/^[a-z][a-z0-9.:-]{0,63}$/.test(name)) {
    throw new DefinitionError(
      `The name of a dependency must be lower-case letters, digits, dashes, dots and colons: ${JSON.stringify(name)} is not.`,
    );
  }
  const shared: Shared = {
    budget: createRetryBudget(options.retry?.budget),
    reads: createReads(name, options.cache),
    listeners: new Set(),
    forced: "auto",
  };
  const own = createSafeguards(name, "", options, shared);
  const hosts = createHosts((host) => createSafeguards(`${name}:${host}`, `${host} `, options, shared));
  return {
    ...own,
    name,
    for: hosts.for,
    // What was counted is of all of them; the breaker and the limit are of what runs without a host.
    snapshot: () => hosts.all().reduce((sum, host) => withCounts(sum, host.snapshot()), own.snapshot()),
    force(next, who) {
      for (const one of [own, ...hosts.all()]) one.force(next, who);
      shared.forced = next;
    },
    onRefresh: shared.reads.onRefresh,
    onEvent(listener) {
      shared.listeners.add(listener);
      return () => shared.listeners.delete(listener);
    },
  };
}

const COUNTS = ["inFlight", "waiting", "calls", "hits", "retries", "failures", "refused", "fallbacks"] as const;

function withCounts(sum: DependencySnapshot, host: DependencySnapshot): DependencySnapshot {
  const counts = Object.fromEntries(COUNTS.map((count) => [count, sum[count] + host[count]]));
  return { ...sum, ...counts };
}
