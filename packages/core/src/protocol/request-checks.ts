import type { IncomingMessage } from "node:http";

/** Names that mean this machine. Others must be listed: DNS rebinding points a foreign name here. */
const LOCAL_NAMES = ["localhost", "127.0.0.1", "[::1]"];

/** An HTTP refusal made before the body is read. */
export interface HttpRefusal {
  status: number;
  message: string;
  headers?: Record<string, string>;
}

/** What {@link checkRequest} lets through. */
export interface RequestCheckOptions {
  /** Host names, without port, that clients may use besides the local ones. */
  allowedHosts: readonly string[];
  /** Origins of browser pages that may call: `https://app.example.com`. Default none but the server's own. */
  allowedOrigins: readonly string[];
}

/**
 * Host, Origin, media type and encoding of a request. The port in Host is not compared: forwarding changes it, and
 * rebinding is a matter of names.
 */
export function checkRequest(
  request: IncomingMessage,
  { allowedHosts, allowedOrigins }: RequestCheckOptions,
): HttpRefusal | undefined {
  const host = nameOf(request.headers.host);
  if (host === undefined || !(LOCAL_NAMES.includes(host) || allowedHosts.includes(host))) {
    return {
      status: 403,
      message: "Forbidden: this Host is not served here. Start the server with --allowed-hosts to add one.",
    };
  }
  const { origin } = request.headers;
  // Same-origin pages are not cross-site: the name in Host has just been checked.
  const own = origin === `http://${request.headers.host}`;
  if (origin !== undefined && !own && !allowedOrigins.includes(origin)) {
    return {
      status: 403,
      message: "Forbidden: this Origin may not call. Start the server with --allowed-origins to add one.",
    };
  }
  if (request.method !== "POST") return undefined;
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity")
    return { status: 415, message: `Unsupported Content-Encoding: ${encoding.slice(0, 32)}. Send the body as it is.` };
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json")
    return { status: 415, message: "Unsupported Media Type: Content-Type must be application/json." };
  return undefined;
}

/** The host name in a Host header, lower-case, without its port; `undefined` when it is no plain host. */
function nameOf(host: string | undefined): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/i.exec(host ?? "")?.[1]?.toLowerCase();
}

/** The body's bytes, or a refusal. A declared length over the limit is refused before a byte is read. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | HttpRefusal> {
  const tooLarge: HttpRefusal = {
    status: 413,
    message: `Payload Too Large: a message may have at most ${maxBytes} bytes.`,
    headers: { connection: "close" },
  };
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return Promise.resolve(tooLarge);
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) {
        request.pause();
        resolve(tooLarge);
      } else {
        parts.push(chunk);
      }
    });
    request.on("end", () => resolve(Buffer.concat(parts)));
    request.on("error", reject);
    request.on("close", () => reject(new Error("the client left before its request was complete")));
  });
}
