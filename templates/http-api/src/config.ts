import { z } from "zod";

const count = z.coerce.number().int().min(1);
const list = z.string().min(1);

/** Every setting of its own; the ones all servers share (transport, port, log level, profile, …) come from core. */
export const Config = z.object({
  api: z
    .string()
    .min(1)
    .optional()
    .describe("OpenAPI description, a JSON or YAML file (default: the sample that ships with the server)"),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("Where the API is (default: the first server that the description names)"),
  pin: z
    .string()
    .regex(/^sha256-/)
    .optional()
    .describe("Digest the description must have; the start prints it"),
  mode: z
    .enum(["explicit", "all", "dynamic"])
    .optional()
    .describe(
      "What becomes tools: what is named, every operation, or three tools that reach all (default: explicit with a map or --operations, otherwise dynamic)",
    ),
  operations: list.optional().describe("Operation ids that become tools; comma-separated"),
  map: list.optional().describe("JSON file that says which operations become tools and resources, and how"),
  maxTools: count.default(64).describe("Most tools that --mode all may make"),
  maxTokens: count.default(25_000).describe("Most tokens that the tools of --mode all may cost a model"),
  auth: z
    .string()
    .regex(
      /^(bearer|oauth|(header|query|basic):[^\s:]+)$/,
      "one of bearer, header:<name>, query:<name>, basic:<user>, oauth",
    )
    .optional()
    .describe("How the API knows this server: bearer, header:<name>, query:<name>, basic:<user> or oauth"),
  secret: list.optional().describe("Where the credential is: env:NAME or file:/path. A changed file is read again"),
  tokenUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("Where oauth gets its tokens"),
  clientId: list.optional().describe("Who oauth says it is"),
  scope: list.optional().describe("What oauth asks for"),
  privateHosts: z
    .string()
    .default("")
    .describe("Hosts that may be reached although they are not public; comma-separated"),
  insecureHttp: z.stringbool().default(false).describe("Send the credential to a public host without TLS all the same"),
  redirects: z.coerce.number().int().min(0).max(3).default(0).describe("Redirects that are followed, each one checked"),
  requestTimeout: count.default(10_000).describe("Time for one request to the API, in ms"),
  keepStale: z.coerce
    .number()
    .int()
    .min(0)
    .default(600)
    .describe("How old an answer may be that is given when the API fails, in seconds"),
  connections: count.default(16).describe("Connections to the API at once"),
});
export type Config = z.output<typeof Config>;

export const examples = [
  ["offshoot-http-api", "try it with the sample API: no key, no network"],
  [
    "offshoot-http-api --api petstore.yaml --operations getPetById,findPetsByStatus",
    "two operations of an API as tools",
  ],
  ["offshoot-http-api --api github.json --auth bearer --secret env:GITHUB_TOKEN", "a large API through three tools"],
  ["offshoot-http-api --api openapi.json --mode all --profile read-only", "every operation that only reads"],
] as const;
