import { PassThrough } from "node:stream";
import type { Dispatcher } from "undici";
import { UpstreamError } from "../errors.ts";
import type { Incoming } from "./client.ts";
import type { ReadBody } from "./guard.ts";
import type { Stop } from "./stop.ts";

/** Bytes of a body that are collected as they come. A longer one is read as a stream, which can make its sender wait. */
const MAX_COLLECTED = 65_536;

type Controller = Dispatcher.DispatchController;
type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>[2];

/**
 * One request and its answer, as undici tells of them. Not undici's own `request`: it makes a stream for each answer,
 * and most are a few hundred bytes.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  /** The whole answer. */
  readonly incoming: Promise<Incoming>;
  readonly #stop: Stop;
  readonly #readBody: ReadBody;
  readonly #maxBytes: number;
  #resolve!: (incoming: Incoming) => void;
  #reject!: (error: unknown) => void;
  #controller: Controller | undefined;
  #status = 0;
  #headers: Record<string, string> = {};
  #parts: Buffer[] = [];
  #length = 0;
  #stream: PassThrough | undefined;

  constructor(stop: Stop, readBody: ReadBody, maxBytes: number) {
    this.#stop = stop;
    this.#readBody = readBody;
    this.#maxBytes = maxBytes;
    this.incoming = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    stop.addEventListener("abort", this.#abort);
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#stop.aborted) this.#abort();
  }

  onResponseStart(_controller: Controller, status: number, headers: Headers): void {
    // What comes before an answer, such as early hints, says nothing.
    if (status < 200) return;
    this.#status = status;
    this.#headers = flatten(headers);
    const encoding = this.#headers["content-encoding"]?.trim().toLowerCase() ?? "";
    if (encoding !== "" && encoding !== "identity") this.#flow();
  }

  onResponseData(controller: Controller, part: Buffer): void {
    if (this.#stream === undefined) {
      this.#parts.push(part);
      this.#length += part.length;
      if (this.#length > Math.min(MAX_COLLECTED, this.#maxBytes)) this.#flow();
    } else if (!this.#stream.write(part)) controller.pause();
  }

  onResponseEnd(): void {
    const [first] = this.#parts;
    if (this.#stream !== undefined) this.#stream.end();
    else this.#answer(this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts));
  }

  onResponseError(_controller: Controller | null, error: unknown): void {
    if (this.#stream === undefined) this.#fail(error);
    else this.#stream.destroy(error as Error);
  }

  /** Has the rest of the body read as a stream. */
  #flow(): void {
    const stream = new PassThrough();
    this.#stream = stream;
    stream.on("drain", () => this.#controller?.resume());
    // Its reader has had enough.
    stream.on("close", () => {
      if (!stream.writableFinished) this.#controller?.abort(new Error("The answer is not read any further."));
    });
    for (const part of this.#parts) if (!stream.write(part)) this.#controller?.pause();
    this.#readBody(stream, this.#headers["content-encoding"], this.#maxBytes).then(
      (bytes) => this.#answer(bytes),
      (error: unknown) => {
        // The status says what went wrong; a body that cannot be read adds nothing.
        if (this.#status >= 400 && error instanceof UpstreamError) this.#answer(Buffer.alloc(0));
        else this.#fail(error);
      },
    );
  }

  readonly #abort = (): void => {
    const { reason } = this.#stop;
    this.#fail(reason);
    this.#controller?.abort(reason as Error);
  };

  #answer(bytes: Buffer): void {
    this.#stop.removeEventListener("abort", this.#abort);
    this.#resolve({ status: this.#status, headers: this.#headers, bytes });
  }

  #fail(error: unknown): void {
    this.#stop.removeEventListener("abort", this.#abort);
    this.#reject(error);
  }
}

/** Several values of one name are one, with commas. */
function flatten(headers: Headers): Record<string, string> {
  for (const name in headers)
    if (typeof headers[name] !== "string")
      return Object.fromEntries(
        Object.entries(headers).map(([key, value]) => [key, Array.isArray(value) ? value.join(", ") : (value ?? "")]),
      );
  return headers as Record<string, string>;
}
