import { hash } from "node:crypto";
import type { ApiRequest } from "./operation.ts";

/**
 * Names a request by everything that is sent: in flight, in the cache, as a stale copy and for its ETag. Two that differ
 * in anything have different keys. Of the whole object and not of a list of members, so that a member added later is in
 * it from the start. A digest, so that no credential is kept as a key.
 *
 * @param account whom the API takes us for: see `Credentials.account`
 */
export const requestKey = (request: ApiRequest, account: string): string =>
  hash("sha256", JSON.stringify([request, account], request.body?.bytes && spellOut), "base64");

// JSON knows no bytes, and would write a buffer by its indexes.
const spellOut = (_key: string, value: unknown): unknown =>
  value instanceof Uint8Array ? { bytes: Buffer.from(value).toString("base64") } : value;
