import { Agent, buildConnector } from "undici";
import { UpstreamError } from "../errors.ts";
import type { Guard } from "./guard.ts";

/** Bytes of an answer's headers. */
const MAX_HEADER_BYTES = 16_384;
/** Time for a connection, with its TLS, in ms. */
const CONNECT_MS = 5_000;

/**
 * Undici, connecting only where the guard allows. None of its timeouts: they start again with every byte, so an answer
 * that drips outlives them all. Proxies named in the environment are not used: behind one, nobody here would see which
 * address is reached.
 */
export function createAgent(guard: Guard, connections: number): Agent {
  // The cap on headers is that of undici's parser for HTTP/1.
  const connect = buildConnector({ lookup: guard.lookup, timeout: CONNECT_MS, allowH2: false });
  return new Agent({
    connections,
    pipelining: 1,
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: 0,
    bodyTimeout: 0,
    // What fails before there is a connection, a name or a certificate, failed before a byte of the request left.
    connect: (target, done) =>
      connect(target, (error, socket) =>
        error === null ? done(null, socket) : done(unreachable(error, target.hostname), null),
      ),
  });
}

/** The guard refuses during a connection attempt; its error is passed on unchanged. */
function unreachable(cause: NodeJS.ErrnoException, host: string): UpstreamError {
  if (cause instanceof UpstreamError) return cause;
  const why = cause.code === undefined || cause.code === "UNSPECIFIED" ? cause.message : cause.code;
  return new UpstreamError("unreachable", `${host} cannot be reached (${why.slice(0, 80)}).`, { notSent: true, cause });
}
