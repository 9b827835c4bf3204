import type { Readable, Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import { UpstreamError } from "../errors.ts";

// Named when they are used: a start does not need node:zlib.
const DECODERS: Record<string, (() => Transform) | undefined> = {
  gzip: () => createGunzip(),
  "x-gzip": () => createGunzip(),
  deflate: () => createInflate(),
  br: () => createBrotliDecompress(),
  zstd: () => createZstdDecompress(),
};

/** What we can decode, and so what we ask for. */
export const ACCEPT_ENCODING = "gzip, deflate, br";

/**
 * The decoded bytes of an answer, at most `maxBytes` of them: decoded bytes are counted, because a kilobyte of gzip
 * can hold a gigabyte. Stops reading, and the connection with it, as soon as it is too much.
 *
 * @throws UpstreamError for a body over the cap, an encoding that is unknown or not what it says, and one that is cut
 * off
 */
export async function readBody(body: Readable, encoding: string | undefined, maxBytes: number): Promise<Buffer> {
  const named = (encoding ?? "").trim().toLowerCase();
  // A destroyed body emits one more error; without a listener it would end the process.
  body.on("error", () => {});
  const plain = named === "" || named === "identity";
  const make = DECODERS[named];
  if (!plain && make === undefined) {
    body.destroy();
    throw new UpstreamError(
      "bad_encoding",
      `The API answered in the encoding ${named.slice(0, 40)}, which was not asked for.`,
    );
  }
  const decoded = plain || make === undefined ? body : body.pipe(make());
  if (decoded !== body) body.on("error", (error) => decoded.destroy(error));
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of decoded as AsyncIterable<Buffer>) {
      length += part.length;
      if (length > maxBytes)
        throw new UpstreamError(
          "reply_too_large",
          `The API's answer has more than ${maxBytes} bytes, which is all that is taken. Ask for less: a filter, a smaller page, fewer fields.`,
        );
      parts.push(part);
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === "string" && /^(Z_|ERR__?BROTLI|ERR_BROTLI|ERR_ZSTD|ZSTD_)/.test(code))
      throw new UpstreamError("bad_encoding", `The API's answer says ${named} and is not, or is cut off.`, { cause });
    throw cause;
  } finally {
    decoded.destroy();
    body.destroy();
  }
  return Buffer.concat(parts);
}
