import type { IncomingMessage, ServerResponse } from "node:http";
import type { Caller } from "../../contract/context.ts";
import type { SessionOptions } from "../legacy/session-store.ts";
import type { Authentication } from "./authorization.ts";
import type { RequestCheckOptions } from "./request-checks.ts";

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
