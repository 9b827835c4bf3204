import { Client, type StandardSchemaV1, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

/** What the clients of one arm have seen. Times are in ms since the start. */
export interface Seen {
  /** Numbers of notes by the key that made them, as far as the answer said so. */
  acknowledged: Map<string, string>;
  calls: { at: number; ok: boolean; ms: number }[];
  failed: { writes: number; retried: number; reads: number; questions: number };
  done: { reads: number; questions: number; sessions: number };
  /** Ids that the subscriber has heard of or read after its stream was made again. */
  heard: Set<string>;
  streams: number;
  /** What failed, when and why: the figures alone explain nothing. */
  failures: { at: number; call: string; why: string }[];
}

export const nothingSeen = (): Seen => ({
  acknowledged: new Map(),
  calls: [],
  failed: { writes: 0, retried: 0, reads: 0, questions: 0 },
  done: { reads: 0, questions: 0, sessions: 0 },
  heard: new Set(),
  streams: 0,
  failures: [],
});

const anything: StandardSchemaV1<unknown, Record<string, never>> = {
  "~standard": { version: 1, vendor: "fleet", validate: (value) => ({ value: value as Record<string, never> }) },
};

async function open(url: string, era: "2025" | "2026", onChange?: () => void): Promise<Client> {
  const mode = era === "2026" ? { pin: "2026-07-28" as const } : undefined;
  const client = new Client(
    { name: "fleet", version: "1.0.0" },
    { capabilities: { elicitation: { form: {} } }, ...(mode && { versionNegotiation: { mode } }) },
  );
  client.setRequestHandler("elicitation/create", async ({ params }) => {
    const schema = (params as { requestedSchema?: { properties?: object } }).requestedSchema;
    return {
      action: "accept",
      content: Object.fromEntries(Object.keys(schema?.properties ?? {}).map((key) => [key, true])),
    };
  });
  client.setNotificationHandler("notifications/resources/list_changed", () => onChange?.());
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return client;
}

/** @throws Error for an error result too */
async function call(client: Client, name: string, input: object): Promise<Record<string, never>> {
  const params = { name, arguments: input as Record<string, unknown> };
  const result = await client.request({ method: "tools/call", params }, anything, { timeout: 15_000 });
  if ((result as { isError?: boolean }).isError === true) throw new Error(JSON.stringify(result).slice(0, 300));
  return (result as { structuredContent?: Record<string, never> }).structuredContent ?? {};
}

/** A client that opens itself again where its session is gone, as a host has to. */
function reopening(url: string, era: "2025" | "2026", opened = () => {}) {
  let current: Promise<Client> | undefined;
  return async (name: string, input: object) => {
    current ??= open(url, era).finally(opened);
    const used = current;
    try {
      return await call(await used, name, input);
    } catch (error) {
      // Other calls of it may still be answered: it is left, not closed.
      const gone = era === "2025" || (await used.catch(() => undefined)) === undefined;
      if (gone && current === used) current = undefined;
      throw error;
    }
  };
}

/** Calls of each kind before the clock starts: a new process is several times slower than it will be. */
export async function warmUp(url: string): Promise<void> {
  const client = await open(url, "2026");
  for (let round = 0; round < 20; round++) {
    const { id } = await call(client, "create_note", { title: "Warm", body: "fleet" });
    await call(client, "list_notes", { limit: 1 });
    if (round < 5) await call(client, "delete_note", { id });
  }
  await client.close();
}

/** The calls of an arm; each is begun by the clock, whatever became of the one before. */
export function clients(url: string, seen: Seen, since: number) {
  const write = reopening(url, "2026");
  const read = reopening(url, "2025", () => {
    seen.done.sessions += 1;
  });
  const ask = reopening(url, "2026");

  const failed = (call: string, at: number) => (error: Error) => {
    seen.failures.push({
      at: at - since,
      call: `${call} after ${Math.round(performance.now() - at)} ms`,
      why: `${error} ${error?.cause ?? ""}`,
    });
  };

  async function create(key: string): Promise<void> {
    const at = performance.now();
    const note = async () => {
      const made = await write("create_note", { title: key, body: "fleet", idempotency_key: key });
      seen.acknowledged.set(key, String(made.id));
    };
    let ok = true;
    await note().catch(async (error) => {
      failed("write", at)(error);
      seen.failed.retried += 1;
      await new Promise((resolve) => setTimeout(resolve, 250));
      await note().catch((error) => {
        failed("retried write", at)(error);
        ok = false;
        seen.failed.writes += 1;
      });
    });
    seen.calls.push({ at: at - since, ok, ms: performance.now() - at });
  }

  return {
    create,
    /** Without a key it is sent once, whatever becomes of it: nobody on the way may send it again. */
    async createOnce(title: string) {
      await write("create_note", { title, body: "once" }).then(
        ({ id }) => void seen.acknowledged.set(title, String(id)),
        failed("write without a key", performance.now()),
      );
    },
    async list() {
      await read("list_notes", { limit: 1 }).then(
        () => {
          seen.done.reads += 1;
        },
        () => {
          seen.failed.reads += 1;
        },
      );
    },
    /**
     * A call that asks its user: the answer goes to whichever instance the balancer chooses. Where its instance died with it
     * nobody knows what became of it, and asking again says so.
     */
    async remove(id: string) {
      const at = performance.now();
      const remove = () => ask("delete_note", { id });
      await remove()
        .catch(async (error) => {
          failed("question", at)(error);
          await new Promise((resolve) => setTimeout(resolve, 250));
          return remove().catch((again) => {
            if (!String(again).includes("is in the trash")) throw again;
          });
        })
        .then(
          () => {
            seen.done.questions += 1;
          },
          (error) => {
            failed("question, asked again", at)(error);
            seen.failed.questions += 1;
          },
        );
    },
    /** Listens until it is stopped; a stream that ends is made again, and what was missed is read. */
    async listen(stopped: () => boolean): Promise<void> {
      while (!stopped()) {
        let changed = true;
        try {
          const client = await open(url, "2026", () => {
            changed = true;
          });
          const stream = await client.listen({ resourcesListChanged: true });
          seen.streams += 1;
          let ended = false;
          void Promise.resolve(stream.closed).finally(() => {
            ended = true;
          });
          while (!ended && !stopped()) {
            if (changed) {
              changed = false;
              const { notes } = (await call(client, "list_notes", { sort: "created_desc", limit: 100 })) as unknown as {
                notes: { id: string }[];
              };
              for (const { id } of notes) seen.heard.add(id);
            }
            await new Promise((resolve) => setTimeout(resolve, 250));
          }
          await client.close();
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
      }
    },
  };
}
