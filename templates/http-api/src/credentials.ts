import { callerCredentials } from "./caller-credentials.ts";
import type { Config } from "./config.ts";
import { ApiError } from "./domain/errors.ts";
import type { Scheme } from "./domain/openapi/inputs/withheld.ts";
import type { Client } from "./domain/upstream/client.ts";
import { type Credentials, createCredentials, type Wear } from "./domain/upstream/credentials/credentials.ts";
import { fixedValues } from "./domain/upstream/credentials/fixed.ts";
import { createOAuth } from "./domain/upstream/credentials/oauth.ts";
import { createSecret, type Secret } from "./domain/upstream/credentials/secret.ts";
import { type Part, severalCredentials } from "./domain/upstream/credentials/several.ts";
import type { OperationMap } from "./map.ts";

type Settings = Pick<
  Config,
  "apiAuth" | "authPerCaller" | "secret" | "header" | "tokenUrl" | "clientId" | "scope" | "audience" | "tokenParameter"
>;

/**
 * How the settings have the server make itself known to the API: one credential, one for each security scheme, and the
 * headers and query values that are always sent. `undefined` for none at all.
 *
 * @throws ApiError, also for a secret that is not there
 */
export async function credentialsOf(
  settings: Settings,
  schemes: readonly Scheme[] = [],
  { headers = {}, query = {} }: Pick<OperationMap, "headers" | "query"> = {},
): Promise<((client: Client) => Credentials) | undefined> {
  const ways = readNamed("--api-auth", settings.apiAuth, /,/);
  const secrets = readNamed("--secret", settings.secret, /,(?=\s*(?:[^\s=,:]+=)?(?:env|file):)/);
  const makers: ((client: Client) => Part)[] = [];
  if (settings.authPerCaller !== undefined) {
    const [[scheme, way] = ["", "bearer"], ...more] = ways;
    if (more.length > 0 || secrets.size > 0 || way === "oauth")
      throw new ApiError(
        "auth_wrong",
        "--auth-per-caller names every secret: it goes with one --api-auth other than oauth, and without --secret.",
      );
    checkScheme(scheme, schemes);
    const credentials = await callerCredentials(settings.authPerCaller, wearOf(way));
    makers.push(() => ({ scheme: scheme === "" ? undefined : scheme, credentials }));
    ways.clear();
  }
  for (const scheme of new Set([...ways.keys(), ...secrets.keys()])) {
    const way = ways.get(scheme) ?? wayOf(scheme, schemes, settings);
    const reference = secrets.get(scheme);
    if (reference === undefined)
      throw new ApiError(
        "no_secret",
        scheme === ""
          ? "--api-auth needs --secret env:NAME or --secret file:/path."
          : `--api-auth ${scheme} needs --secret ${scheme}=env:NAME or --secret ${scheme}=file:/path.`,
      );
    checkScheme(scheme, schemes);
    const secret = createSecret(reference);
    // A server that could not make itself known would find out with the first call of a model.
    await secret.read();
    const made = makerOf(
      way,
      secret,
      settings,
      schemes.find(({ key }) => key === scheme),
    );
    makers.push((client) => ({ scheme: scheme === "" ? undefined : scheme, credentials: made(client) }));
  }
  const given = Object.fromEntries(pairs("--header", settings.header, HEADERS));
  const fixed = await fixedValues({ headers: { ...headers, ...given }, query });
  if (makers.length === 0 && fixed.length === 0) return undefined;
  return (client) =>
    severalCredentials([
      ...makers.map((make) => make(client)),
      ...fixed.map((credentials) => ({ scheme: undefined, credentials })),
    ]);
}

/** The items of a setting, by the scheme they name; one may name none. @throws ApiError for two of one name */
function readNamed(flag: string, setting: string | undefined, between: RegExp): Map<string, string> {
  const found = new Map<string, string>();
  for (const item of (setting ?? "")
    .split(between)
    .map((text) => text.trim())
    .filter(Boolean)) {
    const [, scheme = "", value = ""] = /^(?:(?!(?:env|file):)([^\s=:]+)=)?(.+)$/s.exec(item) ?? [];
    if (found.has(scheme))
      throw new ApiError(
        "auth_wrong",
        scheme === ""
          ? `${flag} is given twice. Name the security scheme of each: ${flag} <scheme>=…`
          : `${flag} is given twice for ${scheme}.`,
      );
    found.set(scheme, value);
  }
  return found;
}

const HEADERS = /,(?=\s*[A-Za-z0-9_-]+=)/;

/** `name=value` items of a setting. @throws ApiError for one that is not */
export function pairs(flag: string, setting: string | undefined, between = /,/): [name: string, value: string][] {
  return (setting ?? "")
    .split(between)
    .map((item) => item.trim())
    .filter(Boolean)
    .map((item) => {
      const [, name, value] = /^([^\s=]+)=(.*)$/s.exec(item) ?? [];
      if (name === undefined || value === undefined)
        throw new ApiError("setting_wrong", `${flag} wants <name>=<value>; it has no = in one of its items.`);
      return [name, value];
    });
}

function checkScheme(scheme: string, schemes: readonly Scheme[]): void {
  if (scheme === "" || schemes.some(({ key }) => key === scheme)) return;
  const known = schemes.map(({ key }) => key);
  throw new ApiError(
    "auth_wrong",
    `--api-auth and --secret name the security scheme ${JSON.stringify(scheme)}, which the description does not have. It has: ${known.join(", ") || "none"}.`,
  );
}

/** How a credential is worn where only its scheme is named: as the description says. */
function wayOf(scheme: string, schemes: readonly Scheme[], { clientId }: Settings): string {
  const found = schemes.find(({ key }) => key === scheme);
  if (scheme === "")
    throw new ApiError(
      "no_auth",
      "--secret needs --api-auth: bearer, header:<name>, query:<name>, cookie:<name>, basic:<user> or oauth.",
    );
  checkScheme(scheme, schemes);
  if (found?.type === "apiKey") return `${found.in}:${found.name}`;
  if (found?.type === "oauth2" && clientId !== undefined) return "oauth";
  if (found?.type === "http" && found.scheme === "basic")
    throw new ApiError(
      "no_auth",
      `The scheme ${scheme} is HTTP basic, which needs a user: --api-auth ${scheme}=basic:<user>.`,
    );
  return "bearer";
}

function makerOf(
  way: string,
  secret: Secret,
  { tokenUrl, clientId, scope, audience, tokenParameter }: Settings,
  scheme: Scheme | undefined,
): (client: Client) => Credentials {
  if (way !== "oauth") {
    const wear = wearOf(way);
    return () => createCredentials(secret, wear);
  }
  const url = tokenUrl ?? scheme?.tokenUrl;
  if (url === undefined || clientId === undefined)
    throw new ApiError("no_token_url", "--api-auth oauth needs --token-url and --client-id.");
  const parameters = {
    ...Object.fromEntries(pairs("--token-parameter", tokenParameter)),
    ...(audience === undefined ? {} : { audience }),
  };
  return (client) => createOAuth(client, { tokenUrl: url, clientId, clientSecret: secret, scope, parameters });
}

function wearOf(way: string): Wear {
  const [, kind, name] = /^(bearer|header|query|cookie|basic)(?::(\S+))?$/.exec(way) ?? [];
  if (kind === "bearer" && name === undefined) return { kind };
  if ((kind === "header" || kind === "query" || kind === "cookie") && name !== undefined) return { kind, name };
  if (kind === "basic" && name !== undefined) return { kind, user: name };
  throw new ApiError(
    "auth_wrong",
    `--api-auth ${JSON.stringify(way.slice(0, 60))} is not one of bearer, header:<name>, query:<name>, cookie:<name>, basic:<user>, oauth.`,
  );
}
