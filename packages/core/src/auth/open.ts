import type { App } from "../app.ts";
import { SettingsError } from "../flags.ts";
import type { Authentication } from "../protocol/http/authorization.ts";
import { NOTHING_REVOKED, openRevoked } from "./revoked.ts";
import { type AuthSettings, checkAuthSettings, resourceOf } from "./settings.ts";

/** What authentication needs of the server. */
export type AuthenticatedServer = Pick<App, "log" | "control" | "scopes">;

/**
 * The way in that the settings ask for.
 *
 * @throws SettingsError in one line, for settings that do not fit, and for files that cannot be used
 */
export async function openAuthentication(settings: AuthSettings, app: AuthenticatedServer): Promise<Authentication> {
  checkAuthSettings(settings);
  const resource = resourceOf(settings.publicUrl);
  const { auth, authKeys, authRevoked } = settings;
  const { log, control } = app;
  const revoked = authRevoked === undefined ? NOTHING_REVOKED : openRevoked(authRevoked, { log, control });
  if (auth === "oauth") return openOAuth({ ...settings, publicUrl: resource }, app, revoked);
  if (auth === "keys") {
    const { createApiKeys } = await import("./keys/api-keys.ts");
    return createApiKeys(authKeys as string, { log, control, revoked });
  }
  const { createProxy } = await import("./proxy.ts");
  const { authHeader = "", authScopesHeader, authProxies } = settings;
  return createProxy({
    header: authHeader.toLowerCase(),
    scopesHeader: authScopesHeader?.toLowerCase(),
    proxies: authProxies,
    revoked,
  });
}

async function openOAuth(
  settings: AuthSettings,
  { log, control, scopes }: AuthenticatedServer,
  revoked: typeof NOTHING_REVOKED,
): Promise<Authentication> {
  const { createOAuth } = await import("./oauth.ts");
  const { createKeySet } = await import("./key-set.ts");
  const { fetchKeys, findKeys } = await import("./issuer.ts");
  const { soon } = await import("./fetch-json.ts");
  const issuer = settings.authIssuer as string;
  let uri: string | undefined;
  const keys = createKeySet(
    async () => {
      const signal = soon();
      uri ??= await findKeys(issuer, signal);
      return fetchKeys(uri, signal);
    },
    {
      maxAgeMs: settings.authMaxAge * 1_000,
      changed({ before, after }) {
        control.emit({ what: "key", name: issuer, before, after, by: "server" });
      },
      trouble(error) {
        if (error === undefined) log.info({ issuer }, "the issuer's keys can be had again");
        else log.error({ issuer, reason: (error as Error).message }, "the issuer's keys cannot be had");
      },
    },
  );
  // An issuer that is not there yet is no reason not to start; one that is another issuer is.
  try {
    uri = await findKeys(issuer, soon());
  } catch (error) {
    if (error instanceof SettingsError) throw error;
  }
  await keys.reload();
  const reload = (): void => void keys.reload();
  process.on("SIGHUP", reload);
  const oauth = createOAuth({
    issuer,
    audience: settings.authAudience,
    typ: settings.authTyp,
    resource: settings.publicUrl,
    scopes: () => scopes.all,
    keys,
    revoked,
  });
  return { ...oauth, close: () => void process.off("SIGHUP", reload) };
}
