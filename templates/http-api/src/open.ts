import { createApi } from "./api.ts";
import type { Config } from "./config.ts";
import { credentialsOf, pairs } from "./credentials.ts";
import { ApiError } from "./domain/errors.ts";
import type { Mode } from "./domain/openapi/choose.ts";
import type { Document } from "./domain/openapi/document/document.ts";
import type { Flaw } from "./domain/openapi/document/pointer.ts";
import { readDescription, type Source } from "./domain/openapi/document/read.ts";
import { type Filter, filterOperations } from "./domain/openapi/filter.ts";
import { schemesOf } from "./domain/openapi/inputs/withheld.ts";
import { listOperations, type Operations } from "./domain/openapi/operations.ts";
import { serverUrl } from "./domain/openapi/servers.ts";
import { plainText } from "./domain/openapi/texts.ts";
import sampleDescription from "./domain/sample/openapi.json" with { type: "json" };
import { sampleUpstream } from "./domain/sample/upstream.ts";
import { checkSecrecy } from "./domain/upstream/upstream.ts";
import { cacheFolder, fetchDescription } from "./fetch-description.ts";
import { createUpstream } from "./guarded.ts";
import type { OperationMap, Replies } from "./map.ts";
import { operations as sampleMap } from "./operations.ts";
import { readMap, splitList } from "./read-map.ts";

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
  /** Ids of operations that become tools by their own names (`--operations`). */
  named: readonly string[];
  mode: Mode;
  replies: Replies;
  /** What of the description cannot be used, and was left out or mended. */
  flaws: readonly Flaw[];
  /** Characters of an answer that are shown at once. */
  maxReply: number;
  /** What people who run this should know of where the description came from. */
  note?: string | undefined;
  close(): Promise<void>;
}

/** Reads the description, and opens the way to the API. @throws ApiError, which says what to do */
export async function openApi(config: Config): Promise<Opened> {
  return config.api === undefined ? openSample(config) : openReal(config, config.api);
}

function openSample(config: Config): Opened {
  const { baseUrl, pin, map, operations, apiAuth, include, exclude, authPerCaller } = config;
  const [misplaced] = Object.entries({
    ...{ "base-url": baseUrl, pin, map, operations, include, exclude },
    "api-auth": apiAuth,
    "auth-per-caller": authPerCaller,
  }).filter(([, value]) => value);
  if (misplaced !== undefined)
    throw new ApiError("no_description", `--${misplaced[0]} needs --api: the sample API has its own.`);
  const document = sampleDescription as unknown as Document;
  const upstream = sampleUpstream((baseUrl) => createUpstream({ baseUrl, allowedHosts: ["127.0.0.1"] }));
  return {
    api: createApi(upstream, { name: "tea-shop", ...times(config) }),
    operations: listOperations(document),
    title: titleOf(document),
    digest: undefined,
    credentialGoesTo: [],
    map: sampleMap,
    named: [],
    mode: config.mode ?? "explicit",
    replies: config.replies,
    flaws: [],
    maxReply: config.maxReply,
    close: () => upstream.close(),
  };
}

async function openReal(config: Config, path: string): Promise<Opened> {
  const { strictDescription: strict, pin } = config;
  const source = isUrl(path) ? await descriptionFrom(path, config) : await readDescription(path, { pin, strict });
  const { document, digest } = source;
  const variables = Object.fromEntries(pairs("--server-variable", config.serverVariable));
  const baseUrl = config.baseUrl ?? whereabouts(serverUrl(document.servers, variables), path);
  const [unset] = /\{[^{}]*\}/.exec(baseUrl) ?? [];
  if (unset !== undefined)
    throw new ApiError(
      "no_base_url",
      `The server ${JSON.stringify(baseUrl)} has a variable without a value: say it with --server-variable ${unset.slice(1, -1)}=…, or with --base-url.`,
    );
  if (!URL.canParse(baseUrl))
    throw new ApiError(
      "no_base_url",
      `${path} does not say where the API is (servers: ${JSON.stringify(baseUrl)}). Say it with --base-url https://…`,
    );
  const all = listOperations(document, variables);
  const flaws = [
    ...all.flaws,
    ...source.flaws.filter(({ pointer }) => all.flaws.every((flaw) => flaw.pointer !== pointer)),
  ];
  checkFlaws(path, flaws, { strict, operations: all });
  const map = await readMap(config.map);
  const named = splitList(config.operations);
  const mode = config.mode ?? (map === undefined && named.length === 0 ? "dynamic" : "explicit");
  const credentials = await credentialsOf(config, schemesOf(document), map);
  const goesTo =
    credentials === undefined ? [] : originsOf([baseUrl, ...absolute(all.servers, baseUrl)], config.tokenUrl);
  if (!config.insecureHttp) for (const origin of goesTo) checkSecrecy(new URL(origin), splitList(config.privateHosts));
  const upstream = createUpstream({
    baseUrl,
    credentials,
    allowedHosts: splitList(config.privateHosts),
    insecureHttp: config.insecureHttp,
    maxRedirects: config.redirects,
    connections: config.connections,
  });
  return {
    api: createApi(upstream, { ...times(config), perCaller: config.authPerCaller !== undefined }),
    operations: applyFilter(all, mode, { include: splitList(config.include), exclude: splitList(config.exclude) }),
    // Models read it, in the instructions.
    title: titleOf(document) || "An API without a name",
    digest,
    credentialGoesTo: goesTo,
    map: map ?? { tools: {} },
    named,
    mode,
    replies: config.replies,
    flaws,
    maxReply: config.maxReply,
    note: source.note,
    close: () => upstream.close(),
  };
}

/** Reads a description from its URL. */
function descriptionFrom(url: string, { pin, strictDescription, privateHosts, insecureHttp, cacheDir }: Config) {
  const folder = cacheDir ?? cacheFolder();
  return fetchDescription(new URL(url), {
    pin,
    strict: strictDescription,
    privateHosts: splitList(privateHosts),
    insecureHttp,
    folder,
  });
}

/** Where the API is by its description: a relative URL is relative to that, and none at all is its host. */
function whereabouts(server: string | undefined, from: string): string {
  if (!isUrl(from)) return server ?? "";
  return URL.canParse(server ?? "/", from) ? new URL(server ?? "/", from).href : "";
}

const isUrl = (path: string): boolean => /^https?:\/\//i.test(path);

/** Where requests go, and tokens come from: each origin once. */
const originsOf = (urls: readonly string[], tokenUrl: string | undefined): string[] => [
  ...new Set([...urls, ...(tokenUrl === undefined ? [] : [tokenUrl])].map((url) => new URL(url).origin)),
];

const absolute = (servers: readonly string[], baseUrl: string): string[] =>
  servers.flatMap((server) => (URL.canParse(server, baseUrl) ? [new URL(server, baseUrl).href] : []));

const titleOf = ({ info }: Document): string => plainText(typeof info?.title === "string" ? info.title : undefined, 80);

/** @throws ApiError for any flaw where that was asked for, and where they leave nothing to serve */
function checkFlaws(
  path: string,
  flaws: Source["flaws"],
  { strict, operations }: { strict: boolean; operations: Operations },
): void {
  const [first] = flaws;
  if (first === undefined || (!strict && operations.entries.length > 0)) return;
  throw new ApiError(
    "description_invalid",
    `${path} is wrong at ${first.pointer}: ${first.reason}${flaws.length > 1 ? ` (and ${flaws.length - 1} more)` : ""}.`,
  );
}

function applyFilter(operations: Operations, mode: Mode, filter: Filter): Operations {
  if (filter.include.length + filter.exclude.length === 0) return operations;
  if (mode === "explicit")
    throw new ApiError(
      "filter_wrong",
      "--include and --exclude are for --mode all and dynamic; here it is named what there is.",
    );
  const entries = filterOperations(operations.entries, filter);
  if (entries.length === 0) throw new ApiError("filter_wrong", "--include and --exclude leave no operation.");
  return { ...operations, entries };
}

const times = ({ requestTimeout, keepStale }: Config) => ({ timeoutMs: requestTimeout, staleMs: keepStale * 1_000 });
