import { UpstreamError } from "../errors.ts";
import type { QueryPair } from "../operation.ts";
import { escapeFor } from "../request/escape.ts";

/** A URL as a base: its path ends with a slash, without query and fragment. */
export function folder(url: string, from?: URL): URL {
  const found = new URL(url, from);
  if (!found.pathname.endsWith("/")) found.pathname += "/";
  found.search = "";
  found.hash = "";
  return found;
}

const inQuery = escapeFor("query");

/** @throws UpstreamError should the path lead out of the base URL after all */
export function urlOf(base: URL, path: string, query: readonly QueryPair[]): URL {
  const search = query
    .map(([name, value, written]) =>
      name === "" && written !== undefined ? written : `${inQuery(name)}=${written ?? inQuery(value)}`,
    )
    .join("&");
  const url = new URL(`${base.origin}${base.pathname}${path.replace(/^\/+/, "")}`);
  if (search !== "") url.search = search;
  if (url.origin !== base.origin || !url.pathname.startsWith(base.pathname))
    throw new UpstreamError("path_refused", "Refused: the path leads out of the API. Nothing was sent.", {
      notSent: true,
    });
  return url;
}
