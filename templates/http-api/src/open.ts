import { createApi } from "./api.ts";
import type { Config } from "./config.ts";
import { credentialsOf } from "./credentials.ts";
import { ApiError } from "./domain/errors.ts";
import type { Mode } from "./domain/openapi/choose.ts";
import { listOperations, type Operations } from "./domain/openapi/operations.ts";
import { type Document, readDescription } from "./domain/openapi/read.ts";
import { plainText } from "./domain/openapi/texts.ts";
import sampleDescription from "./domain/sample/openapi.json" with { type: "json" };
import { checkSecrecy, createUpstream } from "./domain/upstream/upstream.ts";
import type { OperationMap } from "./map.ts";
import { operations as sampleMap } from "./operations.ts";
import { listed, readMap } from "./read-map.ts";

/** An API, opened: what the server is made of. */
export interface Opened {
  api: ReturnType<typeof createApi>;
  operations: Operations;
  title: string;
  /** Origins that the server's credential is sent to. Without one: none. */
  credentialGoesTo: readonly string[];
  /** Of the description's bytes; the sample, which ships with the server, has none. */
  digest: string | undefined;
  map: OperationMap;
  mode: Mode;
  close(): Promise<void>;
}

/** Reads the description, and opens the way to the API. @throws ApiError, which says what to do */
export async function openApi(config: Config): Promise<Opened> {
  return config.api === undefined ? openSample(config) : openReal(config, config.api);
}

async function openSample(config: Config): Promise<Opened> {
  const { baseUrl, pin, map, operations, auth } = config;
  const [misplaced] = Object.entries({ "base-url": baseUrl, pin, map, operations, auth }).filter(([, value]) => value);
  if (misplaced !== undefined)
    throw new ApiError("no_description", `--${misplaced[0]} needs --api: the sample API has its own.`);
  const document = sampleDescription as unknown as Document;
  // Not loaded for an API of one's own, like the database behind it.
  const { serveSample } = await import("./domain/sample/serve.ts");
  const sample = await serveSample();
  const upstream = createUpstream({ baseUrl: sample.baseUrl, allowedHosts: ["127.0.0.1"] });
  return {
    api: createApi(upstream, { name: "tea-shop", ...times(config) }),
    operations: listOperations(document),
    title: document.info.title,
    digest: undefined,
    credentialGoesTo: [],
    map: sampleMap,
    mode: config.mode ?? "explicit",
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
  if (config.tokenUrl !== undefined && !config.insecureHttp)
    checkSecrecy(new URL(config.tokenUrl), listed(config.privateHosts));
  const map = await readMap(config);
  const upstream = createUpstream({
    baseUrl,
    credentials: await credentialsOf(config),
    allowedHosts: listed(config.privateHosts),
    insecureHttp: config.insecureHttp,
    maxRedirects: config.redirects,
    connections: config.connections,
  });
  return {
    api: createApi(upstream, times(config)),
    operations: listOperations(document),
    // Models read it, in the instructions.
    title: plainText(document.info.title, 80) || "An API without a name",
    digest,
    credentialGoesTo:
      config.auth === undefined
        ? []
        : [...new Set([baseUrl, config.tokenUrl ?? baseUrl].map((url) => new URL(url).origin))],
    map: map ?? { tools: {} },
    mode: config.mode ?? (map === undefined ? "dynamic" : "explicit"),
    close: () => upstream.close(),
  };
}

const times = ({ requestTimeout, keepStale }: Config) => ({ timeoutMs: requestTimeout, staleMs: keepStale * 1_000 });
