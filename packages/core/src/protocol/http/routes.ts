import type { IncomingMessage, ServerResponse } from "node:http";
import type { App } from "../../app.ts";
import { notAllowed, plain, publicDocument, refuseRequest } from "./answers.ts";
import type { Authentication, Authorization } from "./authorization.ts";
import type { Mcp } from "./mcp.ts";
import type { HttpOptions } from "./options.ts";
import { createRequestCheck } from "./request-checks.ts";

/** Where clients connect. */
export const PATH = "/mcp";

/** What answers at each path of an endpoint, behind the checks that are due there. */
export interface Routes {
  handle(request: IncomingMessage, response: ServerResponse): void | Promise<void>;
  /** `/readyz` says from now on that no work is taken. */
  refuse(): void;
}

export function createRoutes(
  app: App,
  mcp: Mcp,
  authentication: Authentication,
  authorization: Authorization,
  { metrics, ui, allowedHosts = [], allowedOrigins = [], publicUrl }: HttpOptions,
): Routes {
  const checkLocal = createRequestCheck({ allowedHosts: [], allowedOrigins: [] });
  // Who names the URL that clients use has named its host.
  const check = createRequestCheck({ allowedHosts: [...allowedHosts, ...hostOf(publicUrl)], allowedOrigins });
  let draining = false;

  const answerReadiness = async (response: ServerResponse): Promise<void> => {
    if (draining) return plain(response, 503, "draining\n");
    // The reason may name files, and probes come without a caller: it is in the log.
    const problem = (await app.readiness.problem()) ?? authentication.problem?.();
    const { config } = app.identity;
    const ready = config === undefined ? "ready\n" : `ready\nconfig ${config}\n`;
    return problem === undefined ? plain(response, 200, ready) : plain(response, 503, "not ready: see the log\n");
  };

  const sendMetrics = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== "GET") return notAllowed(app, request, response, "GET");
    // Names of tools and how much they are used are not for everyone.
    if ((await authorization.admit(request, response)) !== undefined) metrics?.(request, response);
  };

  /** All that is not `/mcp`. */
  const handleOther = (path: string, request: IncomingMessage, response: ServerResponse): void | Promise<void> => {
    if (path === "/healthz") return plain(response, 200, "ok\n");
    if (path === "/readyz") return answerReadiness(response);
    const document = authentication.document?.(path);
    if (document !== undefined) return publicDocument(request, response, document);
    const measured = metrics !== undefined && path === "/metrics";
    const shown = ui !== undefined && /^\/ui(?:\/|$)/.test(path);
    if (!measured && !shown)
      return refuseRequest(app, request, response, { status: 404, message: `Not found. The endpoint is ${PATH}.` });
    const wrong = shown ? checkLocal(request) : check(request);
    if (wrong !== undefined) return refuseRequest(app, request, response, wrong);
    return shown ? ui.answer(request, response) : sendMetrics(request, response);
  };

  return {
    handle(request, response) {
      const { url = "/" } = request;
      const path = url === PATH ? PATH : (url.split("?")[0] as string);
      if (path !== PATH) return handleOther(path, request, response);
      const wrong = check(request);
      return wrong === undefined ? mcp.handle(request, response) : refuseRequest(app, request, response, wrong);
    },
    refuse() {
      draining = true;
    },
  };
}

const hostOf = (url: string | undefined): string[] =>
  url !== undefined && URL.canParse(url) ? [new URL(url).hostname] : [];
