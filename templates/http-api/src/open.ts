import { readFile } from "node:fs/promises";
import { z } from "zod";
import { createApi } from "./api.ts";
import type { Config } from "./config.ts";
import { ApiError } from "./domain/errors.ts";
import type { Mode } from "./domain/openapi/choose.ts";
import { listOperations, type Operations } from "./domain/openapi/operations.ts";
import { parseDescription, readDescription } from "./domain/openapi/read.ts";
import sampleDescription from "./domain/sample/openapi.json" with { type: "json" };
import { serveSample } from "./domain/sample/serve.ts";
import type { Client } from "./domain/upstream/client.ts";
import { type Credentials, createCredentials, noCredentials, type Wear } from "./domain/upstream/credentials.ts";
import { createOAuth } from "./domain/upstream/oauth.ts";
import { createSecret } from "./domain/upstream/secret.ts";
import { createUpstream } from "./domain/upstream/upstream.ts";
import type { OperationMap } from "./map.ts";
import { operations as sampleMap } from "./operations.ts";

/** An API, opened: what the server is made of. */
export interface Opened {
  api: ReturnType<typeof createApi>;
  operations: Operations;
  title: string;
  digest: string;
  map: OperationMap;
  mode: Mode;
  /** The API is the sample that ships with this server. */
  sample: boolean;
  close(): Promise<void>;
}

/** Reads the description, and opens the way to the API. @throws ApiError, one line that says what to do */
export async function openApi(config: Config): Promise<Opened> {
  return config.api === undefined ? openSample(config) : openReal(config, config.api);
}

async function openSample(config: Config): Promise<Opened> {
  for (const [flag, value] of [
    ["--base-url", config.baseUrl],
    ["--map", config.map],
    ["--operations", config.operations],
    ["--auth", config.auth],
  ] as const)
    if (value !== undefined) throw new ApiError("no_description", `${flag} needs --api: the sample API has its own.`);
  const { document, digest } = await parseDescription(
    "the sample",
    Buffer.from(JSON.stringify(sampleDescription)),
    config.pin,
  );
  const sample = await serveSample();
  const upstream = createUpstream({ baseUrl: sample.baseUrl, allowedHosts: ["127.0.0.1"] });
  return {
    api: createApi(upstream, { name: "tea-shop", timeoutMs: config.requestTimeout, staleMs: config.keepStale * 1_000 }),
    operations: listOperations(document),
    title: document.info.title,
    digest,
    map: sampleMap,
    mode: config.mode ?? "explicit",
    sample: true,
    async close() {
      await upstream.close();
      await sample.close();
    },
  };
}

async function openReal(config: Config, path: string): Promise<Opened> {
  const { document, digest } = await readDescription(path, config.pin);
  const baseUrl = config.baseUrl ?? document.servers?.[0]?.url ?? "";
  if (!URL.canParse(baseUrl))
    throw new ApiError(
      "no_base_url",
      `${path} does not say where the API is (servers: ${JSON.stringify(baseUrl)}). Say it with --base-url https://…`,
    );
  const upstream = createUpstream({
    baseUrl,
    credentials: credentialsOf(config),
    allowedHosts: config.allowHosts
      .split(",")
      .map((host) => host.trim())
      .filter(Boolean),
    maxRedirects: config.redirects,
    connections: config.connections,
  });
  const map = await mapOf(config);
  return {
    api: createApi(upstream, { timeoutMs: config.requestTimeout, staleMs: config.keepStale * 1_000 }),
    operations: listOperations(document),
    title: document.info.title,
    digest,
    map: map ?? { tools: {} },
    mode: config.mode ?? (map === undefined ? "dynamic" : "explicit"),
    sample: false,
    close: () => upstream.close(),
  };
}

/** How the server makes itself known to the API. The secret is read once here, so that a missing one stops the start. */
function credentialsOf(config: Config): Credentials | ((client: Client) => Credentials) {
  const { auth, secret: reference, tokenUrl, clientId, scope } = config;
  if (auth === undefined) return noCredentials;
  if (reference === undefined)
    throw new ApiError("no_secret", "--auth needs --secret env:NAME or --secret file:/path.");
  const secret = createSecret(reference);
  if (auth !== "oauth") return createCredentials(secret, wearOf(auth));
  if (tokenUrl === undefined || clientId === undefined)
    throw new ApiError("no_token_url", "--auth oauth needs --token-url and --client-id.");
  return (client) =>
    createOAuth({
      tokenUrl,
      clientId,
      clientSecret: secret,
      scope,
      post: async (url, form, headers) => {
        const body = new URLSearchParams(form).toString();
        const all = { accept: "application/json", "content-type": "application/x-www-form-urlencoded", ...headers };
        const { status, bytes } = await client.exchange(
          new URL(url),
          { method: "POST", headers: all, body },
          AbortSignal.timeout(10_000),
        );
        return status === 200 ? JSON.parse(bytes.toString("utf8")) : null;
      },
    });
}

function wearOf(auth: string): Wear {
  const [kind, name = ""] = auth.split(":");
  if (kind === "header" || kind === "query") return { kind, name };
  return kind === "basic" ? { kind, user: name } : { kind: "bearer" };
}

const Entry = z.strictObject({
  operation: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  fixed: z.record(z.string(), z.unknown()).optional(),
  fields: z.array(z.string()).optional(),
  pages: z.strictObject({ next: z.string(), input: z.string() }).optional(),
  cacheMs: z.number().min(0).optional(),
  timeoutMs: z.number().positive().optional(),
  idempotent: z.boolean().optional(),
  keyed: z.boolean().optional(),
});
const MapFile = z.strictObject({
  tools: z.record(z.string(), z.union([z.string(), Entry])),
  resources: z
    .record(
      z.string(),
      Entry.pick({
        operation: true,
        title: true,
        description: true,
        fields: true,
        timeoutMs: true,
        cacheMs: true,
      }).extend({ uri: z.string() }),
    )
    .optional(),
});

async function mapOf({ map: path, operations: ids }: Config): Promise<OperationMap | undefined> {
  if (path === undefined && ids === undefined) return undefined;
  const { toolName } = await import("./domain/openapi/choose.ts");
  const named = (ids ?? "")
    .split(",")
    .map((id) => id.trim())
    .filter(Boolean);
  const tools = Object.fromEntries(named.map((id) => [toolName(id), id]));
  if (path === undefined) return { tools };
  let parsed: z.ZodSafeParseResult<z.output<typeof MapFile>>;
  try {
    parsed = MapFile.safeParse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    throw new ApiError("map_unreadable", `${path} cannot be read as JSON: ${(cause as Error).message.split("\n")[0]}`, {
      cause,
    });
  }
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ApiError("map_wrong", `${path}: ${issue?.path.join(".") || "the map"} is wrong: ${issue?.message}`);
  }
  return { ...(parsed.data as OperationMap), tools: { ...(parsed.data.tools as OperationMap["tools"]), ...tools } };
}
