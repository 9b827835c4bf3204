import type { IncomingMessage } from "node:http";
import { MIMEType } from "node:util";

/** Names that mean this machine. Others must be listed: DNS rebinding points a foreign name here. */
const LOCAL_NAMES = ["localhost", "127.0.0.1", "[::1]"];

/** Headers that decide something. One that comes twice would be read one way here and another way by a proxy. */
const ONCE = new Set([
  "host",
  "origin",
  "content-type",
  "authorization",
  "mcp-session-id",
  "mcp-protocol-version",
  "mcp-method",
  "mcp-name",
]);

/** An HTTP refusal that no SDK has had a part in. */
export interface HttpRefusal {
  status: number;
  message: string;
  headers?: Record<string, string>;
  /** JSON-RPC's code. Default -32000. */
  code?: number;
  data?: unknown;
  /** The request that it answers, where that is known. */
  id?: string | number | undefined;
  /** Why, and of whom, for the log. */
  facts?: Record<string, unknown> | undefined;
  /** The reason by which it is counted. Default `http_` and the status. */
  counted?: string | undefined;
}

/** What {@link createRequestCheck} lets through. */
export interface RequestCheckOptions {
  /** Host names, without port, that clients may use besides the local ones. */
  allowedHosts: readonly string[];
  /** Origins of browser pages that may call: `https://app.example.com`. Default none but the server's own. */
  allowedOrigins: readonly string[];
}

const BAD_HOST: HttpRefusal = {
  status: 403,
  message: "Forbidden: this Host is not served here. Start the server with --allowed-hosts to add one.",
};
const BAD_ORIGIN: HttpRefusal = {
  status: 403,
  message: "Forbidden: this Origin may not call. Start the server with --allowed-origins to add one.",
};

/**
 * Checks Host, Origin, media type and encoding of a request. The port in Host is not compared: forwarding changes it,
 * and rebinding is a matter of names.
 */
export function createRequestCheck({ allowedHosts, allowedOrigins }: RequestCheckOptions) {
  const names = new Set([...LOCAL_NAMES, ...allowedHosts]);
  /** The last Host that was served: nearly always the next one's, too. */
  let served: string | undefined;
  const isServed = (host: string | undefined): boolean => {
    if (host !== undefined && host === served) return true;
    const name = nameOf(host);
    if (name === undefined || !names.has(name)) return false;
    served = host;
    return true;
  };
  return (request: IncomingMessage): HttpRefusal | undefined => {
    const { headers } = request;
    const twice = repeatedHeader(request);
    if (twice !== undefined) return { status: 400, message: `Bad Request: the header ${twice} may occur once.` };
    if (!isServed(headers.host)) return BAD_HOST;
    // Same-origin pages are not cross-site: the name in Host has just been checked.
    const { origin } = headers;
    if (origin !== undefined && origin !== `http://${headers.host}` && !allowedOrigins.includes(origin))
      return BAD_ORIGIN;
    return request.method === "POST" ? checkMedia(headers) : undefined;
  };
}

function checkMedia(headers: IncomingMessage["headers"]): HttpRefusal | undefined {
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity")
    return { status: 415, message: `Unsupported Content-Encoding: ${encoding.slice(0, 32)}. Send the body as it is.` };
  if (isJson(headers["content-type"] ?? "")) return undefined;
  return { status: 415, message: "Unsupported Media Type: Content-Type must be application/json, in UTF-8." };
}

/** The first of the headers in {@link ONCE} that occurs twice. */
function repeatedHeader({ headers, rawHeaders }: IncomingMessage): string | undefined {
  // As many names as lines: none came twice.
  if (Object.keys(headers).length * 2 === rawHeaders.length) return undefined;
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase();
    if (seen.has(name)) return name;
    if (ONCE.has(name)) seen.add(name);
  }
  return undefined;
}

/** Whether a media type is JSON in UTF-8, which is how it is read. */
function isJson(contentType: string): boolean {
  if (contentType === "application/json") return true;
  try {
    const type = new MIMEType(contentType);
    const charset = type.params.get("charset")?.toLowerCase() ?? "utf-8";
    return type.essence === "application/json" && ["utf-8", "utf8", "us-ascii"].includes(charset);
  } catch {
    return false;
  }
}

/** The host name in a Host header, lower-case, without its port; `undefined` when it is not a plain host. */
function nameOf(host: string | undefined): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/i.exec(host ?? "")?.[1]?.toLowerCase();
}
