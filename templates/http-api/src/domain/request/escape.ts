import { ApiError } from "../errors.ts";

/** encodeURIComponent leaves these, and `.` and `..` besides: a path made of them climbs. */
const escapeText = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** What may stand unescaped in a query where `allowReserved` says so: all that ends neither the value nor the query. */
const RESERVED = /%(?:2F|3A|3F|40|21|24|27|28|29|2A|2C|3B|3D)/g;

/** How the characters of a value are written. */
export type Escape = (text: string) => string;

/**
 * Escapes for a URL: everything, or all but the reserved characters.
 *
 * @throws ApiError from what it returns, for half a character (a lone surrogate), which has no bytes
 */
export const escapeFor =
  (field: string, allowReserved = false): Escape =>
  (text) => {
    if (!text.isWellFormed())
      throw new ApiError("invalid_input", `${field} holds half a character (a lone surrogate) and cannot travel.`);
    return allowReserved ? escapeText(text).replace(RESERVED, decodeURIComponent) : escapeText(text);
  };
