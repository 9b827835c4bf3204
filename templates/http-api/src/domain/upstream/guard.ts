import { lookup as resolve } from "node:dns";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";
import { UpstreamError } from "../errors.ts";
import { isPublic } from "./addresses.ts";

/** Which addresses may be reached. */
export interface Guard {
  /** @throws UpstreamError for a URL that may not be asked, before anything is resolved or connected */
  checkUrl(url: URL): void;
  /** For `net.connect`: what it resolves to is checked, and exactly what was checked is connected to. */
  lookup: LookupFunction;
}

/**
 * Keeps requests on the public internet, and on http and https. A host that is not public must be allowed by name, as
 * it stands in the URL: an operator's decision, never that of a description, a model or an answer.
 *
 * @param allowedHosts host names or addresses that may be private: `127.0.0.1`, `intranet.example`
 * @param resolver for tests
 */
export function createGuard(allowedHosts: readonly string[] = [], resolver: typeof resolve = resolve): Guard {
  const allowed = new Set(allowedHosts.map((host) => host.toLowerCase()));
  return {
    checkUrl({ protocol, username, password, hostname }) {
      if (protocol !== "https:" && protocol !== "http:") throw refused(`${protocol} is not fetched`);
      if (username !== "" || password !== "") throw refused("a URL with a user name or password in it is not fetched");
      const host = hostname.replace(/^\[|\]$/g, "");
      // A literal address never passes through `lookup` below: Node connects to it at once.
      if (ipaddr.isValid(host) && !isPublic(host) && !allowed.has(host)) throw notPublic(host);
    },
    lookup(hostname, options, callback) {
      resolver(hostname, { ...options, all: true }, (error, addresses) => {
        if (error !== null) return callback(error, "");
        const found = addresses as unknown as { address: string; family: number }[];
        const wrong = allowed.has(hostname.toLowerCase()) ? undefined : found.find(({ address }) => !isPublic(address));
        const [first] = found;
        // One private address among public ones is how a name is turned against those who resolve it twice.
        if (wrong !== undefined) callback(notPublic(hostname), "");
        else if (options.all === true) callback(null, found as never);
        else callback(null, first?.address ?? "", first?.family);
      });
    },
  };
}

const refused = (why: string) =>
  new UpstreamError("address_refused", `Refused: ${why}. Nothing was sent.`, { notSent: true });

const notPublic = (host: string) =>
  refused(`${host} is no public address (the server's operator can allow it with --private-hosts)`);
