import { z } from "zod";
import { secretsSetting } from "./secret-setting.ts";

const list = z
  .string()
  .transform((text) =>
    text
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== ""),
  )
  .default([]);

const file = z.string().min(1).optional();

/** Where a server listens and keeps things: another in each environment, so that no digest covers it. */
const perEnvironment = { perEnvironment: true };

/** The settings every server has, beside its own. */
export const ServeSettings = z.object({
  transport: z.enum(["stdio", "http"]).default("stdio").describe("How clients connect"),
  host: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe("Address to bind with http, or the path of a unix socket")
    .meta(perEnvironment),
  port: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(3000)
    .describe("Port to bind with http; 0 picks a free one")
    .meta(perEnvironment),
  allowedHosts: list
    .describe("Host names, besides the local ones, that requests may carry; comma-separated")
    .meta(perEnvironment),
  allowedOrigins: list
    .describe("Origins of web pages that may call, such as https://app.example.com; comma-separated")
    .meta(perEnvironment),
  insecure: z.stringbool().default(false).describe("Bind a host that others can reach although nobody authenticates"),
  publicUrl: z
    .string()
    .optional()
    .describe("URL that clients use when it is another, such as https://mcp.example.com/mcp")
    .meta(perEnvironment),
  auth: z
    .enum(["oauth", "keys", "proxy"])
    .optional()
    .describe("How callers are known with http: access tokens, API keys, or a proxy that says who calls"),
  authIssuer: z.string().optional().describe("oauth: URL of the authorization server").meta(perEnvironment),
  authAudience: z
    .string()
    .optional()
    .describe("oauth: what tokens must be for (default: the URL that clients use)")
    .meta(perEnvironment),
  authMaxAge: z.coerce
    .number()
    .int()
    .min(1)
    .max(86_400)
    .default(60)
    .describe("oauth: seconds after which a signing key that the issuer took away is refused"),
  authTyp: z
    .enum(["at+jwt", "jwt"])
    .default("at+jwt")
    .describe("oauth: typ of access tokens; jwt for issuers that write JWT there, or nothing"),
  authKeys: z
    .string()
    .min(1)
    .optional()
    .describe("keys: file that `npx create-offshoot keys` writes")
    .meta(perEnvironment),
  authHeader: z.string().optional().describe("proxy: header with the id of the caller"),
  authScopesHeader: z.string().optional().describe("proxy: header with the caller's scopes, blank-separated"),
  authProxies: list.describe("proxy: addresses and networks it comes from; comma-separated").meta(perEnvironment),
  authRevoked: z
    .string()
    .min(1)
    .optional()
    .describe("JSON file of callers, keys and tokens that are refused")
    .meta(perEnvironment),
  sessions: z
    .enum(["stateful", "stateless"])
    .default("stateful")
    .describe("With http, stateless asks no session of 2025 clients, and nothing of users"),
  instance: z
    .string()
    .regex(/^[a-z0-9]{1,20}$/, "1 to 20 small letters and digits")
    .optional()
    .describe("Name of this one of several instances: ids of sessions begin with it, for a load balancer")
    .meta(perEnvironment),
  stateSecret: secretsSetting(32)
    .optional()
    .describe("Where the secret is that all instances share: env:NAME or file:/path; old,new while it is exchanged")
    .meta({ secret: true, ...perEnvironment }),
  audit: file.describe("File that proves every change of how the server behaves; off without it").meta(perEnvironment),
  control: file.describe("JSON file by which an operator changes the running server").meta(perEnvironment),
  config: file.describe("JSON file of settings; a flag and the environment win over it").meta(perEnvironment),
  configLock: file.describe("Start only with the settings of this config.lock.json").meta(perEnvironment),
  metrics: z.stringbool().default(false).describe("Serve GET /metrics in Prometheus' format, with http"),
  ui: z.stringbool().default(false).describe("Show calls, load and alerts live at /ui, with http on this machine"),
  profile: z.string().optional().describe("Who may do what, by name: read-only, local, standard, strict"),
  policy: z.string().min(1).optional().describe("Who may do what, in a JSON file"),
  policyTable: z.stringbool().default(false).describe("Print who may do what under each policy, as JSON, and exit"),
  pinVersions: z
    .string()
    .transform((text) => text.split(",").map((item) => item.trim()))
    .optional()
    .describe("Earlier versions to serve to clients that name none, such as get_note@1; comma-separated"),
  logLevel: z
    .enum(["debug", "info", "warn", "error", "silent"])
    .default("info")
    .describe("How much is logged, on stderr"),
});
export type ServeSettings = z.output<typeof ServeSettings>;

/** Whether what is bound there can be reached from this machine alone. */
export const isLocalHost = (host: string): boolean =>
  host === "localhost" || host === "::1" || host.startsWith("/") || /^127\.\d+\.\d+\.\d+$/.test(host);
