import type { LookupFunction } from "node:net";
import type { Readable } from "node:stream";

/** Which addresses may be reached. What holds it is made outside of the domain, and given to it. */
export interface Guard {
  /** @throws UpstreamError for a URL that may not be asked, before anything is resolved or connected */
  checkUrl(url: URL): void;
  /** For `net.connect`: what it resolves to is checked, and exactly what was checked is connected to. */
  readonly lookup: LookupFunction;
}

/**
 * Reads a body to its end, decoded, and at most so many bytes.
 *
 * @throws UpstreamError `reply_too_large` or `bad_encoding`
 */
export type ReadBody = (body: Readable, encoding: string | undefined, maxBytes: number) => Promise<Buffer>;
