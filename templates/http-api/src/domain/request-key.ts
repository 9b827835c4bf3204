import type { ApiRequest } from "./operation.ts";

/**
 * Names a request by everything in it: two that differ in anything that is sent have different keys. Of the whole
 * object and not of a list of members, so that a member added later is in it from the start.
 */
export const requestKey = (request: ApiRequest): string => JSON.stringify(request, spelledOut);

// JSON knows no bytes, and would write a buffer by its indexes.
const spelledOut = (_key: string, value: unknown): unknown =>
  value instanceof Uint8Array ? { bytes: Buffer.from(value).toString("base64") } : value;
