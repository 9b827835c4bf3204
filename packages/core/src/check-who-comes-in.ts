import { kebab, SettingsError } from "./flags.ts";
import { isLocalHost, type ServeSettings } from "./serve-settings.ts";

/**
 * What is wrong with who may come in, as far as it can be told without loading authentication.
 *
 * @param authenticated whether the server's own code says who calls
 * @throws SettingsError
 */
export function checkWhoComesIn(config: ServeSettings, authenticated: boolean): void {
  const { transport, host, insecure, auth, ui } = config;
  if (ui && transport === "stdio") throw new SettingsError("--ui needs --transport http: the page is served over it.");
  if (ui && (!isLocalHost(host) || host.startsWith("/")))
    throw new SettingsError(
      `--ui is for this machine alone, and --host ${host} is not an address only it can reach. Bind 127.0.0.1, or drop --ui: /metrics is for others.`,
    );
  if (transport === "http" && !isLocalHost(host) && !authenticated && auth === undefined && !insecure) {
    throw new SettingsError(
      `--host ${host} can be reached by others and nobody authenticates. Bind 127.0.0.1, say who may come in with --auth, or add --insecure if that is meant.`,
    );
  }
  const given = (
    ["authIssuer", "authAudience", "authKeys", "authHeader", "authScopesHeader", "authRevoked"] as const
  ).find((name) => config[name] !== undefined);
  if (auth === undefined && given !== undefined)
    throw new SettingsError(`--${kebab(given)} does nothing without --auth. Add --auth oauth, keys or proxy.`);
  if (auth !== undefined && transport === "stdio")
    throw new SettingsError(
      `--auth ${auth} needs --transport http. On stdio the client starts the server for its own user, and there is no one else to let in.`,
    );
  if (auth !== undefined && authenticated)
    throw new SettingsError(`--auth ${auth} cannot be used: this server's own code says who calls.`);
}
