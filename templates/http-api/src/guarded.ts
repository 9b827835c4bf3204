import type { lookup } from "node:dns";
import { ACCEPT_ENCODING, createGuard as createCoreGuard, readBody } from "@offshoot/core/fetch";
import { UpstreamError } from "./domain/errors.ts";
import type { Guard, ReadBody } from "./domain/upstream/guard.ts";
import {
  createUpstream as createDomainUpstream,
  type Upstream,
  type UpstreamOptions,
} from "./domain/upstream/upstream.ts";

/** Core's guard over addresses, with refusals that name this server's flag. */
export const createGuard = (privateHosts: readonly string[], resolver?: typeof lookup): Guard =>
  createCoreGuard(privateHosts, {
    resolver,
    refuse(why, isPrivate) {
      const hint = isPrivate ? " (the server's operator can allow it with --private-hosts)" : "";
      return new UpstreamError("address_refused", `Refused: ${why}${hint}. Nothing was sent.`, { notSent: true });
    },
  });

/** Core's reading of a body, capped after it is decoded. */
const readReply: ReadBody = (body, encoding, maxBytes) =>
  readBody(body, encoding, maxBytes, (code, message, cause) => new UpstreamError(code, message, { cause }));

/** How the domain is given both. */
export const guarded = { acceptEncoding: ACCEPT_ENCODING, readBody: readReply };

/** An upstream that reaches public hosts, and those private ones that the operator allowed. */
export const createUpstream = (options: Omit<UpstreamOptions, "guard" | "readBody" | "acceptEncoding">): Upstream =>
  createDomainUpstream({ ...options, ...guarded, guard: createGuard(options.allowedHosts ?? []) });
