import { lookup as resolve } from "node:dns";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";
import { ToolError } from "../contract/errors.ts";
import { isPublic } from "./addresses.ts";

/** Which addresses may be reached. */
export interface Guard {
  /** @throws the guard's refusal, for a URL that may not be asked, before anything is resolved or connected */
  checkUrl(url: URL): void;
  /** For `net.connect`: what a name resolves to is checked, and exactly what was checked is connected to. */
  readonly lookup: LookupFunction;
}

/** How a {@link createGuard} resolves and refuses. */
export interface GuardOptions {
  /** For tests. @default `dns.lookup` */
  resolver?: typeof resolve | undefined;
  /**
   * Makes the error of a refusal; `isPrivate`: an operator could allow this host.
   *
   * @default a ToolError, `address_refused`
   */
  refuse?: ((why: string, isPrivate: boolean) => Error) | undefined;
}

/**
 * Keeps requests on the public internet, and on http and https. A host that is not public must be allowed by name, as
 * it stands in the URL: an operator's decision, never that of a model, a document or an answer.
 *
 * @param privateHosts host names or addresses that may be private: `127.0.0.1`, `intranet.example`
 */
export function createGuard(
  privateHosts: readonly string[] = [],
  { resolver = resolve, refuse = toToolError }: GuardOptions = {},
): Guard {
  const notPublic = (host: string): Error => refuse(`${host.slice(0, 255)} is no public address`, true);
  const allowed = new Set(privateHosts.map(asInUrl));
  return {
    checkUrl({ protocol, username, password, hostname }) {
      if (protocol !== "https:" && protocol !== "http:") throw refuse(`${protocol.slice(0, 32)} is not fetched`, false);
      if (username !== "" || password !== "")
        throw refuse("a URL with a user name or password in it is not fetched", false);
      const host = hostOf(hostname);
      if (allowed.has(host)) return;
      // A literal address, which in a URL has brackets or ends with a digit, never passes through `lookup` below: Node
      // connects to it at once.
      if (/^\[|\d$/.test(hostname) && ipaddr.isValid(host) && !isPublic(host)) throw notPublic(host);
    },
    lookup(hostname, options, callback) {
      resolver(hostname, { ...options, all: true }, (error, addresses) => {
        if (error !== null) return callback(error, "");
        const found = addresses as unknown as { address: string; family: number }[];
        const wrong = allowed.has(hostOf(hostname)) ? undefined : found.find(({ address }) => !isPublic(address));
        const [first] = found;
        // One private address among public ones is how a name is turned against those who resolve it twice.
        if (wrong !== undefined) callback(notPublic(hostname), "");
        else if (options.all === true) callback(null, found as never);
        else callback(null, first?.address ?? "", first?.family);
      });
    },
  };
}

/** As a URL has it, without the brackets of IPv6 and the dot of a name that is complete. */
const hostOf = (host: string): string => host.toLowerCase().replace(/^\[|\]$|\.$/g, "");

/** A host as a URL would have it: `bücher.example` and `0:0:0:0:0:0:0:1` are written otherwise there. */
function asInUrl(host: string): string {
  const name = hostOf(host);
  const url = `http://${name.includes(":") ? `[${name}]` : name}`;
  return URL.canParse(url) ? hostOf(new URL(url).hostname) : name;
}

const toToolError = (why: string): ToolError =>
  new ToolError(`Refused: ${why}. Nothing was sent. Give another URL.`, { code: "address_refused" });
