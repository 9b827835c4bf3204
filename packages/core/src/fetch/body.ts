import type { Readable, Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress, type Gunzip } from "node:zlib";
import { ToolError } from "../contract/errors.ts";

// Named when they are used: a bundled server starts without node:zlib.
const DECODERS: Record<string, (() => Transform) | undefined> = {
  gzip: () => createGunzip(),
  "x-gzip": () => createGunzip(),
  deflate: () => createInflate(),
  br: () => createBrotliDecompress(),
  zstd: () => createZstdDecompress(),
};

/** Makes the error for a body that is not taken. */
export type RefuseBody = (code: "bad_encoding" | "reply_too_large", message: string, cause?: unknown) => Error;

const toToolError: RefuseBody = (code, message, cause) => new ToolError(message, { code, cause });

/** What is asked for. Not deflate: by that name half of the field sends it without its header, and nobody can tell. */
export const ACCEPT_ENCODING = "gzip, br";

/**
 * The decoded bytes of an answer, at most `maxBytes` of them: decoded bytes are counted, because a kilobyte of gzip
 * can hold a gigabyte. Stops reading, and the connection with it, as soon as it is too much.
 *
 * @throws what `refuse` makes, by default a ToolError: for a body over the cap (`reply_too_large`), and for an encoding
 * that is unknown, not what it says or cut off (`bad_encoding`)
 */
export async function readBody(
  body: Readable,
  encoding: string | undefined,
  maxBytes: number,
  refuse: RefuseBody = toToolError,
): Promise<Buffer> {
  const name = (encoding ?? "").trim().toLowerCase();
  // A destroyed body emits one more error; without a listener it would end the process.
  body.on("error", () => {});
  const isPlain = name === "" || name === "identity";
  const make = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
  if (!isPlain && make === undefined) {
    body.destroy();
    throw refuse("bad_encoding", `The answer is in the encoding ${name.slice(0, 40)}, which was not asked for.`);
  }
  const decoded = make === undefined ? body : body.pipe(make());
  if (decoded !== body) {
    body.on("error", (error) => decoded.destroy(error));
    body.on("aborted", () => decoded.destroy(new Error("aborted")));
  }
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of decoded as AsyncIterable<Buffer>) {
      length += part.length;
      if (length > maxBytes)
        throw refuse(
          "reply_too_large",
          `The answer has more than ${maxBytes} bytes, which is all that is taken. Ask for less: a filter, a smaller page, fewer fields.`,
        );
      parts.push(part);
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // The answer to a HEAD, or one without a body, says how its body would be encoded.
    if (code === "Z_BUF_ERROR" && (decoded as Gunzip).bytesWritten === 0) return Buffer.alloc(0);
    if (typeof code === "string" && /^(Z_|ERR__?BROTLI|ERR_BROTLI|ERR_ZSTD|ZSTD_)/.test(code))
      throw refuse("bad_encoding", `The answer says ${name} and is not, or is cut off.`, cause);
    throw cause;
  } finally {
    decoded.destroy();
    body.destroy();
  }
  return Buffer.concat(parts);
}
