import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { App } from "../app.ts";
import { livePage } from "./document.ts";
import { createLiveState } from "./live-state.ts";
import { createWatchers } from "./watchers.ts";

// Not the HTTP binding's own: a part that both import would be one more file for every start over HTTP.
const plain = (response: ServerResponse, status: number, text: string): void =>
  void response
    .writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" })
    .end(text);

/** The page that shows a server at work, and what it shows, as events. */
export interface LivePage {
  answer(request: IncomingMessage, response: ServerResponse): void;
  /** Where a browser finds it, with the token in the fragment: no log and no other server ever sees that. */
  addressAt(url: string): string;
  close(): void;
}

/** Opens it for one run of a server. Read-only: nothing that a browser sends changes anything. */
export function openLivePage(app: App): LivePage {
  const token = randomBytes(32).toString("base64url");
  const expected = Buffer.from(`Bearer ${token}`);
  const state = createLiveState(app);
  const watchers = createWatchers(state);
  const { html, policy } = livePage();
  const holdsToken = ({ headers: { authorization = "" } }: IncomingMessage): boolean => {
    const given = Buffer.from(authorization);
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
  return {
    answer(request, response) {
      request.resume();
      const path = (request.url ?? "").split("?")[0];
      response.setHeader("x-content-type-options", "nosniff");
      response.setHeader("referrer-policy", "no-referrer");
      response.setHeader("cross-origin-resource-policy", "same-origin");
      if (request.method !== "GET") {
        response.setHeader("allow", "GET");
        return plain(response, 405, "Method not allowed. Use GET.\n");
      }
      if (path === "/ui") {
        // The page itself knows nothing; everything it shows comes by the other path.
        response.setHeader("content-security-policy", policy);
        response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" }).end(html);
        return;
      }
      if (path !== "/ui/events") return plain(response, 404, "Not found. The page is /ui.\n");
      if (!holdsToken(request)) {
        app.account.protocolError("http_401");
        response.setHeader("www-authenticate", "Bearer");
        return plain(response, 401, "Open the address that the server printed at its start: it has the token.\n");
      }
      if (!watchers.add(response)) plain(response, 503, "Too many pages are open. Close one.\n");
    },
    addressAt: (url) => `${new URL("/ui", url).href}#${token}`,
    close() {
      watchers.close();
      state.close();
    },
  };
}
