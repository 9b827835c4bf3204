import { UpstreamError } from "../../errors.ts";
import type { ApiReply } from "../../operation.ts";
import { plainLine, visible } from "../../visible.ts";
import type { Incoming } from "../client.ts";
import type { Credentials } from "../credentials/credentials.ts";
import { blank, blanking } from "../secrecy/redact.ts";
import { decodeText, NotText } from "./charset.ts";
import { cleanTexts, inTurns, mapTexts } from "./clean-texts.ts";
import { readText, readValue } from "./read-value.ts";

/** Headers of an answer that say something to those who read it. The rest (cookies, infrastructure) stays here. */
const KEPT_HEADERS = new Set(
  "content-type etag last-modified link location retry-after x-total-count x-request-id".split(" "),
);
const isKept = (name: string): boolean =>
  KEPT_HEADERS.has(name) || name.startsWith("x-ratelimit-") || name.startsWith("ratelimit-");

/** Bytes up to which an answer is cleaned at once, and from which it takes noticeable time to read. */
const SHORT = 8_192;
const WORTH_A_TURN = 65_536;

let last: Promise<void> = Promise.resolve();
/** Large answers are read one after the other, and other work goes on in between. */
const turn = (): Promise<void> => {
  last = last.then(() => new Promise((resolve) => setImmediate(resolve)));
  return last;
};

/** An answer as its readers see it: parsed, without what is infrastructure, and without our secrets. */
export async function replyOf(
  { status, headers, bytes }: Incoming,
  credentials: Credentials,
  expectsJson: boolean | undefined,
): Promise<ApiReply> {
  // An API that repeats our credential, in an error say, must not make it known.
  const secrets = credentials.secrets();
  const clean = (text: string): string => visible(blank(text, secrets));
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (isKept(name)) shown[name] = clean(value);
  const contentType = shown["content-type"];
  if (bytes.length > WORTH_A_TURN) await turn();
  const value = readValue({ status, bytes, contentType, expectsJson });
  let body = value;
  if (value instanceof Uint8Array) body = await cleanBytes(value, contentType, secrets);
  else if (bytes.length > SHORT) body = await cleanTexts(value, secrets);
  else if (secrets.length > 0 || MAY_HIDE.test(bytes.toString("latin1"))) body = mapTexts(value, clean);
  return { status, headers: shown, contentType, body, bytes: bytes.length };
}

/** What is beyond plain text, or an escape of JSON's for it. Without any, nothing in an answer is hidden. */
const MAY_HIDE = /[^\t\n\x20-\x7e]|\\[bfru]/;

/** A file that is text whatever its type says, an SVG say, is read by people and models as well. */
async function cleanBytes(
  bytes: Uint8Array,
  contentType: string | undefined,
  secrets: readonly string[],
): Promise<Uint8Array> {
  try {
    const text = decodeText(Buffer.from(bytes), contentType);
    const clean = await inTurns(blanking(text, secrets));
    return clean === text ? bytes : new Uint8Array(Buffer.from(clean));
  } catch (error) {
    if (error instanceof NotText) return bytes;
    throw error;
  }
}

const CODES: Record<number, string | undefined> = {
  304: "not_modified",
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

/** Characters of what the API says of a failure. */
const MAX_DETAIL = 500;

/** An answer that is no success: a stable code, and what the API said of it, cut and clean. */
export function statusError({ status, headers, bytes }: Incoming, credentials: Credentials): UpstreamError {
  const code = CODES[status] ?? (status >= 500 ? "api_error" : "refused_by_api");
  const scrub = (text: string): string => blank(text, credentials.secrets());
  const detail = detailOf(bytes.subarray(0, MAX_DETAIL_BYTES), headers["content-type"], scrub);
  const { "retry-after": retryAfter } = headers;
  return new UpstreamError(code, `The API answered with status ${status}.`, {
    status,
    // The log has it.
    retryAfter: retryAfter === undefined ? undefined : scrub(retryAfter),
    ...(detail === "" ? {} : { detail }),
  });
}

/** More is not looked at: it would be cut anyway. */
const MAX_DETAIL_BYTES = 65_536;

function detailOf(bytes: Buffer, contentType: string | undefined, scrub: (text: string) => string): string {
  const text = readText(bytes, contentType);
  const page = /^\s*</.test(text)
    ? text.replace(/<(script|style)\b[\s\S]*?(<\/\1\s*>|$)/gi, " ").replace(/<[^<>]*>/g, " ")
    : text;
  // Scrubbed before tags are taken out, and after: taking one out may join two halves of a secret.
  const clean = scrub(plainLine(scrub(page)));
  return clean.length > MAX_DETAIL ? `${clean.slice(0, MAX_DETAIL - 1)}…` : clean;
}
