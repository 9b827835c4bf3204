import { UpstreamError } from "../errors.ts";
import type { ApiReply } from "../operation.ts";
import { isReadable, readValue } from "./body.ts";
import type { Incoming } from "./client.ts";
import type { Credentials } from "./credentials.ts";

/** Headers of an answer that say something to those who read it. The rest (cookies, infrastructure) stays here. */
const KEPT_HEADERS =
  /^(content-type|etag|last-modified|link|location|retry-after|x-total-count|x-request-id|(x-)?ratelimit-.*)$/;

/** An answer as its readers see it: parsed, without what is infrastructure, and without our secrets. */
export function replyOf({ status, headers, bytes }: Incoming, credentials: Credentials): ApiReply {
  const contentType = headers["content-type"];
  return {
    status,
    headers: Object.fromEntries(
      Object.entries(headers)
        .filter(([name]) => KEPT_HEADERS.test(name))
        .map(([name, value]) => [name, credentials.scrub(value)]),
    ),
    contentType,
    body: readValue(scrubbed(bytes, contentType, credentials), contentType),
    bytes: bytes.length,
  };
}

/** An API that repeats our credential, in an error say, must not make it known. */
function scrubbed(bytes: Buffer, contentType: string | undefined, credentials: Credentials): Buffer {
  if (!isReadable(contentType)) return bytes;
  const text = bytes.toString("utf8");
  const clean = credentials.scrub(text);
  return clean === text ? bytes : Buffer.from(clean);
}

const CODES: Record<number, string | undefined> = {
  400: "bad_request",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  405: "bad_request",
  409: "conflict",
  410: "not_found",
  412: "conflict",
  422: "bad_request",
  429: "rate_limited",
};

/** An answer that is no success: a stable code, and what the API said of it, cut and clean. */
export function statusError({ status, headers, bytes }: Incoming, credentials: Credentials): UpstreamError {
  const code = CODES[status] ?? (status >= 500 ? "api_error" : "refused_by_api");
  const text = isReadable(headers["content-type"]) ? bytes.toString("utf8") : "";
  // Scrubbed last: taking hidden characters out could join a secret that they kept apart.
  const detail = credentials
    .scrub(
      text
        .replace(/\p{Cf}+/gu, "")
        .replace(/\p{Cc}+/gu, " ")
        .trim(),
    )
    .slice(0, 500);
  return new UpstreamError(code, `The API answered with status ${status}.`, {
    status,
    retryAfter: headers["retry-after"],
    ...(detail === "" ? {} : { detail }),
  });
}
