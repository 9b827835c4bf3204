/** Largest document of an authorization server, in bytes. Real ones have a few kB. */
const MAX_BYTES = 524_288;
/** Time for all that is asked of an authorization server at once, in ms. */
const TIMEOUT_MS = 2_000;
/** Time from now on. */
export const soon = (): AbortSignal => AbortSignal.timeout(TIMEOUT_MS);

/** What could not be had of an authorization server, and why. */
export class FetchError extends Error {
  /** The status of an answer; 0 without one. */
  readonly status: number;
  constructor(message: string, status = 0, options?: ErrorOptions) {
    super(message, options);
    this.name = "FetchError";
    this.status = status;
  }
}

/**
 * A JSON document of an authorization server. It is not followed to another place: what decides whom to trust comes from
 * where it was looked for, or not at all.
 *
 * @throws FetchError for whatever is no JSON object of moderate size, in time
 */
export async function fetchJson(url: string, signal: AbortSignal): Promise<Record<string, unknown>> {
  const failed = (why: string, status = 0, cause?: unknown): FetchError =>
    new FetchError(`${url} ${why}`, status, { cause });
  let text = "";
  try {
    const response = await fetch(url, { redirect: "manual", signal, headers: { accept: "application/json" } });
    if (response.status !== 200) {
      void response.body?.cancel().catch(() => {});
      throw failed(
        `answered ${response.status}${response.status < 400 ? ", which is not followed" : ""}`,
        response.status,
      );
    }
    let bytes = 0;
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) throw failed(`has more than ${MAX_BYTES} bytes`, 200);
      text += decoder.decode(chunk, { stream: true });
    }
  } catch (error) {
    if (error instanceof FetchError) throw error;
    const { message, cause } = error as Error;
    if (signal.aborted) throw failed(`did not answer within ${TIMEOUT_MS} ms`);
    throw failed(`cannot be reached: ${(cause as Error | undefined)?.message ?? message}`, 0, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw failed("is not JSON", 200);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw failed("is no JSON object", 200);
  return value as Record<string, unknown>;
}
