import type { Upstream } from "../upstream/upstream.ts";
import { createUpstream } from "../upstream/upstream.ts";

/** The way to the sample API. It is served from the first request on: with its database it is half of what a start would load. */
export function sampleUpstream(): Upstream {
  let opened: Promise<Upstream> | undefined;
  const way = (): Promise<Upstream> => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return {
    send: async (request, options) => (await way()).send(request, options),
    keyOf: async (request) => (await way()).keyOf(request),
    preview: async (request, idempotencyKey) => (await way()).preview(request, idempotencyKey),
    close: async () => (await opened)?.close(),
  };
}

async function open(): Promise<Upstream> {
  const { serveSample } = await import("./serve.ts");
  const sample = await serveSample();
  const upstream = createUpstream({ baseUrl: sample.baseUrl, allowedHosts: ["127.0.0.1"] });
  return {
    ...upstream,
    async close() {
      await upstream.close();
      await sample.close();
    },
  };
}
