import { randomBytes } from "node:crypto";
import { type ContentBlock, defineResource, fail, type Resource, resourceLink } from "@offshoot/core";

/** Time for which a client can read a file that an API answered, in ms. */
const KEPT_MS = 600_000;
/** Bytes that are kept; past them the oldest go, all but the newest. */
const MAX_KEPT_BYTES = 33_554_432;

/** Files that an API answered, kept until the client has read them: a model is given the link. */
export interface KeptFiles {
  /** Those of one caller: to all others there are none. */
  of(caller: string): CallersFiles;
}

/** The files of one caller. */
export interface CallersFiles {
  keep(bytes: Uint8Array, type: string): ContentBlock;
  /** The id under which it can be read. */
  hold(bytes: Uint8Array, type: string): string;
  /** `undefined` when it is gone. */
  read(id: string): { bytes: Uint8Array; type: string } | undefined;
}

/** @param now monotonic ms */
export function createKeptFiles(now: () => number = () => performance.now()): KeptFiles {
  const kept = new Map<string, { bytes: Uint8Array; type: string; caller: string; until: number }>();
  let total = 0;
  const drop = (id: string): void => {
    total -= kept.get(id)?.bytes.byteLength ?? 0;
    kept.delete(id);
  };
  const makeRoom = (): void => {
    for (const [id, { until }] of kept) if (until <= now() || (total > MAX_KEPT_BYTES && kept.size > 1)) drop(id);
  };
  const hold = (caller: string, bytes: Uint8Array, type: string): string => {
    // It cannot be guessed, and where it becomes known, it is still only its caller's.
    const id = randomBytes(16).toString("base64url");
    kept.set(id, { bytes, type, caller, until: now() + KEPT_MS });
    total += bytes.byteLength;
    makeRoom();
    return id;
  };
  const of = (caller: string): CallersFiles => ({
    hold: (bytes, type) => hold(caller, bytes, type),
    keep(bytes, type) {
      const id = hold(caller, bytes, type);
      return resourceLink(`api-file://${id}`, `file ${id.slice(0, 6)}`, {
        title: `${bytes.byteLength} bytes of ${type}`,
        description: `What the API answered. It can be read for ${KEPT_MS / 60_000} minutes.`,
        mimeType: type,
      });
    },
    read(id) {
      makeRoom();
      const found = kept.get(id);
      return found?.caller === caller ? found : undefined;
    },
  });
  return { of };
}

/** The resource behind the links. */
export const fileResource = (files: KeptFiles): Resource =>
  defineResource({
    name: "api_file",
    title: "File from the API",
    description: "A file that a call answered with a link to it",
    uri: "api-file://{id}",
    scopes: ["api:read"],
    mimeType: "application/octet-stream",
    read: ({ id }, { caller }) => {
      const found = files.of(caller.id).read(id);
      if (found === undefined)
        fail("This file is gone: it is kept for some minutes. Call the tool again.", { code: "not_found" });
      const blob = Buffer.from(found.bytes).toString("base64");
      return [{ uri: `api-file://${id}`, mimeType: found.type, blob }];
    },
  });
