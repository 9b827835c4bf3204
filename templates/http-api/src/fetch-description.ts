import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { ApiError } from "./domain/errors.ts";
import {
  digestOf,
  MAX_DESCRIPTION_BYTES,
  type ReadOptions,
  readSource,
  type Source,
} from "./domain/openapi/document/read.ts";
import { createClient } from "./domain/upstream/client.ts";
import { createGuard, guarded } from "./guarded.ts";

export interface FetchOptions extends ReadOptions {
  privateHosts: readonly string[];
  insecureHttp: boolean;
  /** Where a copy is kept. `undefined` for nowhere. */
  folder: string | undefined;
}

/** Time for a description to come, in ms. */
const FETCH_MS = 30_000;

/**
 * Reads a description from a URL, through the same guards as every request. The copy of the last time serves when the
 * URL does not answer, or not with a description; and at once where it is the pinned one.
 *
 * @throws ApiError when there is neither
 */
export async function fetchDescription(url: URL, options: FetchOptions): Promise<Source> {
  const { pin, folder, privateHosts, insecureHttp } = options;
  if (url.protocol === "http:" && pin === undefined && !insecureHttp && !privateHosts.includes(url.hostname))
    throw new ApiError(
      "insecure_http",
      `${url.href} comes without TLS, so that anyone on the way could change it. Use https, --pin, or --insecure-http.`,
    );
  const kept = folder === undefined ? undefined : join(folder, createHash("sha256").update(url.href).digest("hex"));
  const copy = kept === undefined ? undefined : await readFile(kept).catch(() => undefined);
  if (copy !== undefined && pin !== undefined && digestOf(copy) === pin) return readSource(url.href, copy, options);
  try {
    const bytes = await fetchBytes(url, privateHosts);
    const source = await readSource(url.href, bytes, options);
    if (kept !== undefined) await keep(kept, bytes);
    return source;
  } catch (error) {
    const changed = error instanceof ApiError && error.code === "description_changed";
    if (kept === undefined || copy === undefined || changed) throw error;
    const since = (await stat(kept)).mtime.toISOString();
    const note = `${(error as Error).message} The copy of ${since} is served.`;
    return { ...(await readSource(url.href, copy, options)), note };
  }
}

async function fetchBytes(url: URL, privateHosts: readonly string[]): Promise<Buffer> {
  const client = createClient({ guard: createGuard(privateHosts), ...guarded, maxBytes: MAX_DESCRIPTION_BYTES });
  try {
    const headers = { accept: "application/json, application/yaml, */*;q=0.5", "user-agent": "offshoot-http-api" };
    const request = { method: "GET", headers };
    const { status, bytes, headers: told } = await client.exchange(url, request, AbortSignal.timeout(FETCH_MS));
    if (status === 200) return bytes;
    const elsewhere =
      told.location === undefined ? "" : ` and leads to ${told.location.slice(0, 200)}, which is not followed`;
    throw new ApiError("description_unreadable", `${url.href} answered with status ${status}${elsewhere}.`);
  } catch (cause) {
    if (cause instanceof ApiError && cause.code === "description_unreadable") throw cause;
    throw new ApiError("description_unreadable", `${url.href} cannot be read: ${(cause as Error).message}`, { cause });
  } finally {
    await client.close();
  }
}

/** A server that cannot keep a copy serves all the same. */
async function keep(file: string, bytes: Buffer): Promise<void> {
  try {
    await mkdir(join(file, ".."), { recursive: true });
    const aside = `${file}.${randomUUID()}`;
    await writeFile(aside, bytes, { mode: 0o600 });
    await rename(aside, file);
  } catch {
    // A folder that cannot be written: the next start asks again.
  }
}

/** The user's cache folder, as the XDG directories have it. `undefined` for a user without a home. */
export function cacheFolder({ XDG_CACHE_HOME: named = "" }: NodeJS.ProcessEnv = process.env): string | undefined {
  if (isAbsolute(named)) return join(named, "offshoot-http-api");
  try {
    const home = homedir();
    return isAbsolute(home) ? join(home, ".cache", "offshoot-http-api") : undefined;
  } catch {
    return undefined;
  }
}
