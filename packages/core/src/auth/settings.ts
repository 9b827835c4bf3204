import { SettingsError } from "../flags.ts";
import { isLocalHost, type ServeSettings } from "../serve-settings.ts";
import { isLoopback } from "./issuer.ts";

/** The settings that authentication reads. */
export type AuthSettings = Pick<
  ServeSettings,
  | "auth"
  | "authIssuer"
  | "authAudience"
  | "authMaxAge"
  | "authTyp"
  | "authKeys"
  | "authRevoked"
  | "authHeader"
  | "authScopesHeader"
  | "authProxies"
  | "publicUrl"
  | "host"
>;

/** Which flags belong to which way in. */
const FLAGS = {
  authIssuer: ["oauth", "--auth-issuer"],
  authAudience: ["oauth", "--auth-audience"],
  authKeys: ["keys", "--auth-keys"],
  authHeader: ["proxy", "--auth-header"],
  authScopesHeader: ["proxy", "--auth-scopes-header"],
} as const;

/** @throws SettingsError for what is missing, what is too much, and what cannot be */
export function checkAuthSettings(settings: AuthSettings): void {
  const { auth, authIssuer, authAudience, authKeys, authHeader, authScopesHeader, authProxies, publicUrl, host } =
    settings;
  for (const [name, [way, flag]] of Object.entries(FLAGS)) {
    if (settings[name as keyof typeof FLAGS] !== undefined && auth !== way)
      throw new SettingsError(`${flag} is for --auth ${way}, and this is --auth ${auth}. Leave one of them out.`);
  }
  if (authProxies.length > 0 && auth !== "proxy") throw new SettingsError(`--auth-proxies is for --auth proxy.`);
  if (auth === "oauth") {
    if (authIssuer === undefined)
      throw new SettingsError("--auth oauth needs --auth-issuer, the URL of the authorization server.");
    const url = urlOf("--auth-issuer", authIssuer);
    if (!(url.protocol === "https:" || isLoopback(url)))
      throw new SettingsError(
        `--auth-issuer ${authIssuer} must begin with https://: who answers there decides who comes in.`,
      );
    if (authAudience !== undefined && authAudience.trim() === "") throw new SettingsError("--auth-audience is empty.");
    if (publicUrl === undefined && !isLocalHost(host))
      throw new SettingsError(
        `--auth oauth needs --public-url, the URL that clients use, such as https://mcp.example.com/mcp: --host ${host} does not say it.`,
      );
  }
  if (auth === "keys" && authKeys === undefined)
    throw new SettingsError("--auth keys needs --auth-keys, a file that `npx create-offshoot keys add` makes.");
  if (auth === "proxy") {
    if (authHeader === undefined)
      throw new SettingsError("--auth proxy needs --auth-header, the header in which the proxy says who calls.");
    for (const name of [authHeader, authScopesHeader])
      if (name !== undefined && !/^[\w-]+$/.test(name)) throw new SettingsError(`${name} is no name of a header.`);
    if (authProxies.length === 0 && !host.startsWith("/"))
      throw new SettingsError(
        "--auth proxy needs --auth-proxies, the addresses it comes from, or a --host that is a unix socket such as /run/my-server/mcp.sock: anyone else could send that header, too.",
      );
  }
}

/** @throws SettingsError */
function urlOf(flag: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.username + url.password + url.search + url.hash !== ""
  )
    throw new SettingsError(`${flag} ${text} is no plain http or https URL, without user, query and fragment.`);
  return url;
}

/**
 * The URL that clients use, as tokens name it; `undefined` where none was given. A bare origin means the endpoint's path.
 *
 * @throws SettingsError
 */
export function resourceOf(publicUrl: string | undefined): string | undefined {
  if (publicUrl === undefined) return undefined;
  const url = urlOf("--public-url", publicUrl);
  if (!(url.protocol === "https:" || isLoopback(url)))
    throw new SettingsError(`--public-url ${publicUrl} must begin with https://: tokens and keys go there.`);
  return url.pathname === "/" ? new URL("/mcp", url).href : publicUrl;
}
