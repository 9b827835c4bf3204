// #region keys
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Caller } from "@offshoot/core";

/** SHA-256 of each key, and whose it is: the keys themselves stand nowhere. */
export type Keys = ReadonlyMap<string, Caller>;

export const authenticate =
  (keys: Keys) =>
  ({ headers }: IncomingMessage): Caller | undefined => {
    const [, key] = /^Bearer (\S+)$/.exec(headers.authorization ?? "") ?? [];
    return key === undefined ? undefined : keys.get(createHash("sha256").update(key).digest("hex"));
  };
// #endregion
