import { LRUCache } from "lru-cache";
import type { Host } from "./safeguards.ts";

/** Hosts that a dependency remembers at once; the one asked longest ago is forgotten, with what its breaker knows. */
const MAX_HOSTS = 256;

/**
 * A dependency that is many hosts: each has a breaker and a limit of its own, so that the one that fails takes no other
 * with it. The retry budget and the cache are shared.
 */
export function createHosts(make: (host: string) => Host): { for(host: string): Host; all(): Host[] } {
  let hosts: LRUCache<string, Host> | undefined;
  return {
    all: () => [...(hosts?.values() ?? [])],
    for(host) {
      // Not before there is one: most dependencies are one host, and a start waits for the package.
      hosts ??= new LRUCache({ max: MAX_HOSTS });
      // Host names ignore case; whatever else names one, such as a tenant, should be written in one way.
      const name = host.toLowerCase();
      let found = hosts.get(name);
      if (found === undefined) {
        found = make(name);
        hosts.set(name, found);
      }
      return found;
    },
  };
}
