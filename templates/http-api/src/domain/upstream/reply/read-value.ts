import { UpstreamError } from "../../errors.ts";
import { decodeText, NotText } from "./charset.ts";
import { exactJson, NotJson, nameOf } from "./exact-json.ts";

const mediaType = (contentType = ""): string => contentType.split(";")[0]?.trim().toLowerCase() ?? "";
const isJson = (type: string): boolean => /[/+](x-)?json$/.test(type);
const isTextual = (type: string): boolean =>
  type.startsWith("text/") ||
  /[/+](x-)?(xml|yaml|toml|javascript|ecmascript|ndjson|jsonl|jsonlines|json-seq|json5|graphql|sql|csv|www-form-urlencoded)$/.test(
    type,
  );
/** What is never text, whatever its bytes look like. */
const isBinary = (type: string): boolean =>
  /^(image|audio|video|font|model)\//.test(type) || /^application\/(octet-stream|pdf|zip|gzip|x-tar|wasm)$/.test(type);

/** What came, and what it was announced as. */
export interface Came {
  status: number;
  bytes: Buffer;
  contentType: string | undefined;
  /** The description promises JSON for this answer: a page of HTML is something else, and no data. */
  expectsJson?: boolean | undefined;
}

/**
 * A body as what its type says it is: parsed JSON, text, or bytes; nothing where there are none. A text without a type,
 * or in a type where JSON is promised, is JSON if it is.
 *
 * @throws UpstreamError `bad_reply` for what is not what it says, naming what came
 */
export function readValue(came: Came): unknown {
  const { bytes, contentType, expectsJson = false } = came;
  const type = mediaType(contentType);
  if (bytes.length === 0) return undefined;
  if (isBinary(type)) return new Uint8Array(bytes);
  const sure = isJson(type) || isTextual(type);
  let text: string;
  try {
    text = decodeText(bytes, contentType);
  } catch (error) {
    if (!(error instanceof NotText)) throw error;
    if (!sure) return new Uint8Array(bytes);
    throw badReply(came, error.message);
  }
  if (isJson(type)) return text.trim() === "" ? undefined : json(came, text);
  if (!sure && /(?!\s)\p{Cc}/u.test(text)) return new Uint8Array(bytes);
  if (expectsJson || type === "") {
    try {
      return exactJson(text);
    } catch {
      const name = nameOf(text);
      if (expectsJson && name?.includes("HTML")) throw badReply(came, `${name}, where JSON was expected`);
    }
  }
  return text;
}

function json(came: Came, text: string): unknown {
  try {
    return exactJson(text);
  } catch (error) {
    throw error instanceof NotJson ? badReply(came, error.message) : error;
  }
}

/** A body as text, for people; empty where it is none. */
export function readText(bytes: Buffer, contentType: string | undefined): string {
  const type = mediaType(contentType);
  if (isBinary(type) || !(type === "" || isJson(type) || isTextual(type))) return "";
  try {
    return decodeText(bytes, contentType);
  } catch {
    return "";
  }
}

// No cause: a parser's message quotes the text.
const badReply = ({ status, contentType = "no type" }: Came, what: string): UpstreamError =>
  new UpstreamError(
    "bad_reply",
    `The API's answer, with status ${status}, says ${mediaType(contentType)} and ${what}.`,
    {
      status,
    },
  );
