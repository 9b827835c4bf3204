import type { Config } from "./config.ts";
import { ApiError } from "./domain/errors.ts";
import type { Client } from "./domain/upstream/client.ts";
import { type Credentials, createCredentials, noCredentials, type Wear } from "./domain/upstream/credentials.ts";
import { createOAuth } from "./domain/upstream/oauth.ts";
import { createSecret } from "./domain/upstream/secret.ts";

/**
 * How the settings have the server make itself known to the API.
 *
 * @throws ApiError, also for a secret that is not there
 */
export async function credentialsOf({
  auth,
  secret: reference,
  tokenUrl,
  clientId,
  scope,
}: Config): Promise<(client: Client) => Credentials> {
  if (auth === undefined) return () => noCredentials;
  if (reference === undefined)
    throw new ApiError("no_secret", "--auth needs --secret env:NAME or --secret file:/path.");
  const secret = createSecret(reference);
  // A server that could not make itself known would find out with the first call of a model.
  await secret.read();
  if (auth !== "oauth") return () => createCredentials(secret, wearOf(auth));
  if (tokenUrl === undefined || clientId === undefined)
    throw new ApiError("no_token_url", "--auth oauth needs --token-url and --client-id.");
  return (client) => createOAuth(client, { tokenUrl, clientId, clientSecret: secret, scope });
}

function wearOf(auth: string): Wear {
  const [kind, name = ""] = auth.split(":");
  if (kind === "header" || kind === "query") return { kind, name };
  return kind === "basic" ? { kind, user: name } : { kind: "bearer" };
}
