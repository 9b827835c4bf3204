import type { Encoding } from "../operation.ts";
import { escapeFor } from "./escape.ts";
import { queryPairs, scalar } from "./parameters.ts";

/**
 * `application/x-www-form-urlencoded`, as OpenAPI has it: a list repeats its name and an object is JSON, unless the
 * description's `encoding` says otherwise.
 */
export function formText(content: Record<string, unknown>, encodings: Readonly<Record<string, Encoding>> = {}): string {
  const pairs = Object.entries(content).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const encoding = Object.hasOwn(encodings, name) ? encodings[name] : undefined;
    const inForm = escapeFor(name);
    const pair = (text: string): string => `${inForm(name)}=${inForm(text)}`;
    if (encoding?.style === undefined) {
      if (encoding?.contentType !== undefined && /json/i.test(encoding.contentType))
        return [pair(JSON.stringify(value))];
      return (Array.isArray(value) ? value : [value]).map((item) => pair(scalar(item)));
    }
    return queryPairs(
      name,
      { name, style: encoding.style, explode: encoding.explode, allowReserved: false, contentType: undefined },
      value,
    ).map(([key, text, as = inForm(text)]) => `${inForm(key)}=${as}`);
  });
  return pairs.join("&");
}
