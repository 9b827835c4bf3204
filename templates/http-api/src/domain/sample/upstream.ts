import type { Upstream } from "../upstream/upstream.ts";

/**
 * The way to the sample API, which is served from the first request on: with its database it is half of what a start
 * would load.
 */
export function sampleUpstream(connect: (baseUrl: string) => Upstream): Upstream {
  let opened: Promise<Upstream> | undefined;
  const way = (): Promise<Upstream> => {
    opened ??= open(connect).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return {
    send: async (request, options) => (await way()).send(request, options),
    keyOf: async (request) => (await way()).keyOf(request),
    // All of it is one host.
    hostOf: () => undefined,
    preview: async (request, idempotencyKey) => (await way()).preview(request, idempotencyKey),
    close: async () => (await opened)?.close(),
  };
}

async function open(connect: (baseUrl: string) => Upstream): Promise<Upstream> {
  const { serveSample } = await import("./serve.ts");
  const sample = await serveSample();
  const upstream = connect(sample.baseUrl);
  return {
    ...upstream,
    async close() {
      await upstream.close();
      await sample.close();
    },
  };
}
