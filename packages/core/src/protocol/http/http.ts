import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isLegacyRequest } from "@modelcontextprotocol/server";
import type { App } from "../../app.ts";
import type { Caller } from "../../contract/context.ts";
import {
  decodeText,
  isBatch,
  isRefusal,
  LISTEN,
  MAX_MESSAGE_BYTES,
  type Message,
  parseMessage,
  type Refusal,
} from "../frame.ts";
import type { SessionOptions } from "../legacy/session-store.ts";
import { createSessions } from "../legacy/sessions.ts";
import { createModernHandler } from "../modern/modern-handler.ts";
import { createStraightHttp } from "../straight/http.ts";
import { createStraight } from "../straight/straight.ts";
import { allowOrigin, badMessage, METHODS, plain, publicDocument, refused } from "./answers.ts";
import { type Authentication, createAuthorization, ownAuthentication } from "./authorization.ts";
import { readMessage } from "./body.ts";
import { listen } from "./listen.ts";
import { checkRequest, type HttpRefusal, type RequestCheckOptions } from "./request-checks.ts";
import { createResponseWriters, type ResponseWriter } from "./response-writer.ts";
import { createTurns } from "./turns.ts";
import { toWebRequest, writeWebResponse } from "./web.ts";

/** How an HTTP endpoint behaves. */
export interface HttpOptions extends Partial<RequestCheckOptions>, SessionOptions {
  /** Address to bind. Default `127.0.0.1`. */
  host?: string;
  /** Port to bind; 0 picks a free one. Default 0. */
  port?: number;
  /** Answers `GET /metrics`, behind the same guards. Default: there is no such path. */
  metrics?: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** Says who calls, from the request's headers; `undefined` answers 401. Default: everyone is one anonymous caller. */
  authenticate?: ((request: IncomingMessage) => Caller | undefined | Promise<Caller | undefined>) | undefined;
  /**
   * Answers `/ui` and what is below it, behind the same checks, for this machine's own names alone. Default: there is no
   * such path.
   *
   * @internal
   */
  ui?:
    | {
        answer(request: IncomingMessage, response: ServerResponse): void;
        addressAt(url: string): string;
        close(): void;
      }
    | undefined;
  /** The URL that clients use, where it is not that of the address. */
  publicUrl?: string | undefined;
  /**
   * The same with all that OAuth needs, in the place of `authenticate`.
   *
   * @internal
   */
  authentication?: Authentication | undefined;
}

/** A served endpoint. */
export interface HttpEndpoint {
  /** Where clients connect: `http://127.0.0.1:3000/mcp`. */
  readonly url: string;
  /** Open sessions of the 2025 era. */
  readonly sessions: number;
  /** Takes no new work (`/readyz` answers 503), waits up to `ms` for what runs, and closes. */
  drain(ms: number): Promise<void>;
}

const PATH = "/mcp";
const LOCAL_ONLY: RequestCheckOptions = { allowedHosts: [], allowedOrigins: [] };
const DRAINING: HttpRefusal = {
  status: 503,
  message: "The server is shutting down.",
  headers: { "retry-after": "5" },
};

/**
 * Serves both eras at one URL, `/mcp`: guards, then authentication, then the body, and then the SDK of the request's
 * era. `/healthz` says that the process lives, `/readyz` whether it takes work.
 *
 * @throws the listen error (`EADDRINUSE`, `EACCES`) when the address cannot be bound
 */
export async function serveHttp(app: App, options: HttpOptions = {}): Promise<HttpEndpoint> {
  const { host = "127.0.0.1", port = 0, metrics, ui } = options;
  const { authentication = ownAuthentication(options.authenticate) } = options;
  const checks: RequestCheckOptions = {
    // Who names the URL that clients use has named its host.
    allowedHosts: [...(options.allowedHosts ?? []), ...hostOf(options.publicUrl)],
    allowedOrigins: options.allowedOrigins ?? [],
  };
  const authorization = createAuthorization(app, authentication);
  const openWriter = createResponseWriters(app);
  const straight = createStraight(app);
  const straightHttp = createStraightHttp(app, straight, openWriter);
  const sessions = createSessions(app, openWriter, straight, straightHttp, options);
  const modern = createModernHandler(app, MAX_MESSAGE_BYTES);
  const turnOf = createTurns();
  let draining = false;
  /** Answers on their way, which an end waits for. */
  let answering = 0;

  /** Answers without an SDK, or by that of the request's era. */
  const answer = async (
    incoming: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
    message: Message,
  ): Promise<void> => {
    if (straightHttp.answer(incoming, response, caller, message)) return;
    if (straightHttp.isLegacy(incoming, message)) return sessions.handle(incoming, response, caller, [message]);
    const request = toWebRequest(incoming, response);
    if (await isLegacyRequest(request, message)) return sessions.handle(incoming, response, caller, [message]);
    let writer: ResponseWriter | undefined;
    const lag = () => writer?.lag();
    await writeWebResponse(await modern.fetch(request, message, { caller, lag }), response, () => {
      writer = openWriter(response, caller.id);
      return writer;
    });
  };

  const sendMetrics = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== "GET")
      return refused(app, request, response, {
        status: 405,
        message: "Method not allowed. Use GET.",
        headers: { allow: "GET" },
      });
    // Names of tools and how much they are used are not for everyone.
    if ((await authorization.admit(request, response)) !== undefined) metrics?.(request, response);
  };

  const answerReadiness = async (response: ServerResponse): Promise<void> => {
    if (draining) return plain(response, 503, "draining\n");
    // The reason may name files, and probes come without a caller: it is in the log.
    const problem = (await app.readiness.problem()) ?? authentication.problem?.();
    const { config } = app.identity;
    const ready = config === undefined ? "ready\n" : `ready\nconfig ${config}\n`;
    return problem === undefined ? plain(response, 200, ready) : plain(response, 503, "not ready: see the log\n");
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? "/").split("?")[0];
    if (path === "/healthz") return plain(response, 200, "ok\n");
    if (path === "/readyz") return answerReadiness(response);
    const document = authentication.document?.(path as string);
    if (document !== undefined) return publicDocument(request, response, document);
    const measured = metrics !== undefined && path === "/metrics";
    const shown = ui !== undefined && /^\/ui(?:\/|$)/.test(path as string);
    if (path !== PATH && !measured && !shown)
      return refused(app, request, response, { status: 404, message: `Not found. The endpoint is ${PATH}.` });
    const wrong = checkRequest(request, shown ? LOCAL_ONLY : checks);
    if (wrong !== undefined) return refused(app, request, response, wrong);
    if (shown) return ui.answer(request, response);
    if (measured) return sendMetrics(request, response);
    allowOrigin(request, response);
    if (request.method === "OPTIONS" && request.headers.origin !== undefined) return plain(response, 204, "");
    if (!METHODS.split(", ").includes(request.method ?? ""))
      return refused(app, request, response, {
        status: 405,
        message: `Method not allowed. Use ${METHODS}.`,
        headers: { allow: METHODS },
      });
    // The answer to a question of a call that runs still has to come in.
    const maybeAnswer = request.method === "POST" && request.headers["mcp-session-id"] !== undefined;
    if (draining && !maybeAnswer) return refused(app, request, response, DRAINING);
    const caller = await authorization.admit(request, response);
    // One that has left is never heard of again: a stream for it would stay.
    if (caller === undefined || response.destroyed) return;
    if (request.method !== "POST") {
      authorization.follow(caller, request, response);
      return sessions.handle(request, response, caller);
    }
    const body = await readMessage(app, request, response);
    if (!Buffer.isBuffer(body)) return refused(app, request, response, body);
    const text = decodeText(body);
    const message = typeof text === "string" ? parseMessage(text) : text;
    if (isRefusal(message)) return badMessage(app, response, message);
    const messages = isBatch(message) ? message.batch : [message];
    if (!authorization.mayRun(messages, caller, request, response)) return;
    const alone = isBatch(message) ? undefined : message;
    authorization.follow(caller, request, response, alone);
    const turn = turnOf(alone?.method);
    if (turn !== undefined) await turn;
    if (response.destroyed) return;
    // Its body, or its turn, came after the server had begun to stop: nothing waits for what would begin now.
    if (draining && messages.some(isRequest)) return refused(app, request, response, { ...DRAINING, id: alone?.id });
    if (alone?.method !== LISTEN) {
      answering += 1;
      response.once("close", () => {
        answering -= 1;
      });
    }
    return alone === undefined
      ? sessions.handle(request, response, caller, messages, true)
      : answer(request, response, caller, alone);
  };

  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 1_000, keepAliveTimeout: 5_000 },
    (request, response) => {
      handle(request, response).catch((error: unknown) => {
        app.log.info({ reason: error instanceof Error ? error.message : String(error) }, "request failed");
        if (!response.headersSent) plain(response, 500, "internal error\n");
        else response.destroy();
      });
    },
  );
  server.maxConnections = 4_096;
  await listen(server, host, port);
  server.on("error", (error) => app.log.error({ err: error }, "server error"));
  const url = host.startsWith("/") ? `http://localhost${PATH}` : urlAt(host, server.address() as AddressInfo);
  authentication.listening?.(url);
  return {
    url,
    get sessions() {
      return sessions.size;
    },
    async drain(ms) {
      // It listens until the last call has ended: a balancer that looks at /readyz hears why, and so does who calls.
      draining = true;
      const until = performance.now() + ms;
      while (app.gate.running + app.gate.waiting + answering > 0 && performance.now() < until)
        await new Promise((resolve) => setTimeout(resolve, 20));
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      straightHttp.stop();
      await Promise.allSettled([modern.close(), sessions.close()]);
      authentication.close?.();
      ui?.close();
      // Answers just written need a turn to leave; streams without an end are cut.
      const timer = setTimeout(() => server.closeAllConnections(), 250);
      await closed;
      clearTimeout(timer);
    },
  };
}

const isRequest = (message: Message | Refusal): boolean =>
  !isRefusal(message) && message.method !== undefined && message.id !== undefined;

const urlAt = (host: string, { port }: AddressInfo): string =>
  `http://${host.includes(":") ? `[${host}]` : host}:${port}${PATH}`;

const hostOf = (url: string | undefined): string[] =>
  url !== undefined && URL.canParse(url) ? [new URL(url).hostname] : [];
