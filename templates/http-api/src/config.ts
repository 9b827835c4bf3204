import { z } from "zod";

const count = z.coerce.number().int().min(1);
const list = z.string().min(1);
/** A flag that may be given more than once, each time with one or more items. */
const several = (description: string, meta = {}) =>
  z
    .string()
    .min(1)
    .optional()
    .meta({ repeatable: true, description, ...meta });
/** Another in each environment: `offshoot promote` leaves these alone. */
const perEnvironment = { perEnvironment: true };

/** Every setting of its own; the ones all servers share (transport, port, log level, profile, …) come from core. */
export const Config = z.object({
  api: z
    .string()
    .min(1)
    .optional()
    .describe("OpenAPI description, a JSON or YAML file or its URL (default: the sample that ships with the server)")
    .meta(perEnvironment),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("Where the API is (default: the first server that the description names)")
    .meta(perEnvironment),
  pin: z
    .string()
    .regex(/^sha256-/)
    .optional()
    .describe("Digest the description must have; the start prints it"),
  cacheDir: list
    .optional()
    .describe(
      "Where a description from a URL is kept for when the URL does not answer (default: the user's cache folder)",
    )
    .meta(perEnvironment),
  mode: z
    .enum(["explicit", "all", "dynamic"])
    .optional()
    .describe(
      "What becomes tools: what is named, every operation, or three tools that reach all (default: explicit with a map or --operations, otherwise dynamic)",
    ),
  operations: list.optional().describe("Operation ids that become tools; comma-separated"),
  map: list.optional().describe("JSON file that says which operations become tools and resources, and how"),
  include: several(
    "Operations that --mode all and dynamic offer: tag:<name>, GET, /path/**, or GET /path/*; comma-separated",
  ),
  exclude: several("Operations that they do not, in the same words"),
  maxTools: count.default(64).describe("Most tools that --mode all may make"),
  maxTokens: count
    .default(25_000)
    .describe("Most tokens that the tools of --mode all may cost a model; output schemas are cut to fit"),
  strictDescription: z
    .stringbool()
    .default(false)
    .describe("Refuse a description with any flaw, instead of leaving out what is flawed"),
  serverVariable: several("Value of a variable in the URLs of the description's servers: name=value"),
  apiAuth: several(
    "How the API knows this server: bearer, header:<name>, query:<name>, cookie:<name>, basic:<user> or oauth; with several, each by its security scheme: <scheme>=<how>",
  ),
  secret: several(
    "Where the credential is: env:NAME or file:/path; with several, <scheme>=env:NAME. A changed file is read again",
    { secret: true },
  ),
  authPerCaller: list
    .optional()
    .describe("JSON file that says where each caller's credential is, by the caller's id: env:NAME or file:/path"),
  header: several("Header to send with every request: <name>=<value>, or <name>=env:NAME for what is secret", {
    secret: true,
  }),
  tokenUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("Where oauth gets its tokens")
    .meta(perEnvironment),
  clientId: list.optional().describe("Who oauth says it is").meta(perEnvironment),
  scope: list.optional().describe("What oauth asks for"),
  audience: list.optional().describe("For whom oauth asks").meta(perEnvironment),
  tokenParameter: several("What oauth sends besides, name=value"),
  privateHosts: z
    .string()
    .default("")
    .describe("Hosts that may be reached although they are not public; comma-separated"),
  insecureHttp: z.stringbool().default(false).describe("Send the credential to a public host without TLS all the same"),
  redirects: z.coerce.number().int().min(0).max(3).default(0).describe("Redirects that are followed, each one checked"),
  requestTimeout: count.default(10_000).describe("Time for one request to the API, in ms"),
  replies: z
    .enum(["strict", "warn", "off"])
    .default("strict")
    .describe("What to do with an answer that is not as described: refuse it, give it with a warning, or do not look"),
  keepStale: z.coerce
    .number()
    .int()
    .min(0)
    .default(600)
    .describe("How old an answer may be that is given when the API fails, in seconds"),
  maxReply: count
    .default(100_000)
    .describe("Characters of an answer that a model is given at once; the rest is kept for read_more"),
  connections: count.default(16).describe("Connections to the API at once"),
});
export type Config = z.output<typeof Config>;

export const examples = [
  ["offshoot-http-api", "try it with the sample API: no key, no network"],
  [
    "offshoot-http-api --api petstore.yaml --operations getPetById,findPetsByStatus",
    "two operations of an API as tools",
  ],
  [
    "offshoot-http-api --api github.json --api-auth bearer --secret env:GITHUB_TOKEN",
    "a large API through three tools",
  ],
  ["offshoot-http-api --api openapi.json --mode all --profile read-only", "every operation that only reads"],
] as const;
