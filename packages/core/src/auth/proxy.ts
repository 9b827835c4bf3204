import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { SettingsError } from "../flags.ts";
import { type Authentication, bearer } from "../protocol/http/authorization.ts";
import { isName } from "./access-claims.ts";
import { refuse } from "./credentials.ts";
import type { Revoked } from "./revoked.ts";

/** What a trusted proxy is known by, and says. */
export interface ProxyOptions {
  /** The header with the id of the caller. */
  header: string;
  /** The header with the caller's scopes, blank-separated. @default the proxy decides, and its callers may do all */
  scopesHeader: string | undefined;
  /** Addresses and networks. @default none: then the server listens on a unix socket */
  proxies: readonly string[];
  revoked: Revoked;
}

/** Callers that a gateway in front has authenticated. @throws SettingsError for an address that is none */
export function createProxy({ header, scopesHeader, proxies, revoked }: ProxyOptions): Authentication {
  const trusted = new BlockList();
  for (const proxy of proxies) allow(trusted, proxy);
  const isTrusted = ({ socket: { remoteAddress } }: IncomingMessage): boolean => {
    // Of a unix socket: who may connect is a matter of its folder.
    if (remoteAddress === undefined || remoteAddress === "") return proxies.length === 0;
    return trusted.check(remoteAddress, isIP(remoteAddress) === 6 ? "ipv6" : "ipv4");
  };
  return {
    identify(request) {
      if (!isTrusted(request))
        return { status: 401, reason: "not from the proxy", facts: { address: request.socket.remoteAddress } };
      const ids = valuesOf(request, header);
      if (ids.length === 0) return { status: 401, reason: `no ${header}` };
      const [id = ""] = ids;
      if (areJoined(ids) || !isName(id)) return refuse(`unusable ${header}`);
      if (revoked.names({ sub: id }) !== undefined) return refuse("revoked by sub", { caller: id });
      if (scopesHeader === undefined) return { id, method: "proxy" };
      const scopes = valuesOf(request, scopesHeader);
      if (areJoined(scopes)) return refuse(`unusable ${scopesHeader}`, { caller: id });
      return { id, method: "proxy", scopes: (scopes[0] ?? "").split(" ").filter((scope) => scope !== "") };
    },
    challenge: (error, scopes) =>
      bearer({ error, scope: error === "insufficient_scope" ? scopes.join(" ") : undefined }),
    holds: ({ id }) => revoked.names({ sub: id }) === undefined,
  };
}

/** Two, one of which is the client's own: as two headers, or as the one that a proxy on the way made of them. */
const areJoined = (values: readonly string[]): boolean => values.length > 1 || /,(\s|$)/.test(values[0] ?? "");

/** Every value of a header as it came: Node joins some and drops others. */
function valuesOf({ rawHeaders }: IncomingMessage, name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (rawHeaders[at]?.toLowerCase() === name) values.push(rawHeaders[at + 1] as string);
  return values;
}

function allow(trusted: BlockList, proxy: string): void {
  const [address = "", bits, ...rest] = proxy.split("/");
  const version = isIP(address);
  const most = version === 6 ? 128 : 32;
  const prefix = bits === undefined ? most : Number(bits);
  if (version === 0 || rest.length > 0 || !(/^\d+$/.test(bits ?? "0") && prefix >= 1 && prefix <= most))
    throw new SettingsError(`--auth-proxies: ${proxy} is no address and no network such as 10.0.0.0/24.`);
  trusted.addSubnet(address, prefix, version === 6 ? "ipv6" : "ipv4");
}
