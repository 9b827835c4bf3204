// The server that the judges of this folder try to stop: small tools, each of which makes one kind of load.

import { setTimeout as sleep } from "node:timers/promises";
import { getHeapStatistics } from "node:v8";
import { z } from "zod";
import { type ChangeEmitter, defineResource, defineServer, defineTool, image, withContent } from "../../src/index.ts";
import { loadConfig, serve } from "../../src/serve.ts";

let emitter: ChangeEmitter | undefined;
const files = 4_000;
const done = z.object({ done: z.number().describe("How many") });
const number = (text: string) => z.number().describe(text);

const server = defineServer({
  name: "field",
  version: "1.0.0",
  changes: (emit) => {
    emitter = emit;
    return () => {};
  },
  tools: [
    defineTool({
      name: "echo",
      title: "Echo",
      description: "Says what you say.",
      inputSchema: z.object({ text: z.string().describe("What to say") }),
      outputSchema: z.object({ text: z.string().describe("What was said") }),
      handler: ({ text }) => ({ text }),
    }),
    defineTool({
      name: "slow",
      title: "Slow",
      description: "Takes its time, and whatever text it is given.",
      inputSchema: z.object({ ms: number("How long, in ms"), text: z.string().optional().describe("Ballast") }),
      outputSchema: done,
      handler: async ({ ms }, { signal }) => {
        await sleep(ms, undefined, { signal });
        return { done: ms };
      },
    }),
    defineTool({
      name: "big",
      title: "Big",
      description: "Answers much.",
      inputSchema: z.object({ bytes: number("How much"), ms: number("How long it takes, in ms").default(0) }),
      outputSchema: z.object({ text: z.string().describe("Much") }),
      handler: async ({ bytes, ms }) => {
        if (ms > 0) await sleep(ms);
        // A text of its own, as one that was read from somewhere: a repeated one would be a rope of a few bytes.
        return { text: Buffer.alloc(bytes, "x").toString("latin1") };
      },
    }),
    defineTool({
      name: "big_block",
      title: "Big block",
      description: "Answers little, and a picture beside it.",
      inputSchema: z.object({ bytes: number("How much") }),
      outputSchema: done,
      annotations: { readOnlyHint: true },
      handler: ({ bytes }) => withContent({ done: bytes }, image(new Uint8Array(bytes), "image/png")),
    }),
    defineTool({
      name: "big_tree",
      title: "Big tree",
      description: "Answers the same text many times over.",
      inputSchema: z.object({ bytes: number("How much") }),
      outputSchema: z.looseObject({}),
      annotations: { readOnlyHint: true },
      handler: ({ bytes }) => ({ all: Array.from({ length: 50 }, () => ({ text: "x".repeat(bytes / 50) })) }),
    }),
    defineTool({
      name: "fault",
      title: "Fault",
      description: "Fails with an error of this length.",
      inputSchema: z.object({ bytes: number("How much") }),
      outputSchema: done,
      handler: ({ bytes }) => {
        throw new Error("x".repeat(bytes));
      },
    }),
    defineTool({
      name: "progress",
      title: "Progress",
      description: "Reports progress, over and over.",
      inputSchema: z.object({ count: number("How often"), every: number("A pause after so many").default(0) }),
      outputSchema: done,
      handler: async ({ count, every }, { progress }) => {
        for (let index = 1; index <= count; index += 1) {
          progress(index, count, "on it");
          if (every > 0 && index % every === 0) await sleep(0);
        }
        return { done: count };
      },
    }),
    defineTool({
      name: "say",
      title: "Say",
      description: "Logs to the client, over and over.",
      inputSchema: z.object({ count: number("How often"), bytes: number("How much each time") }),
      outputSchema: done,
      handler: async ({ count, bytes }, { notify }) => {
        const text = "x".repeat(bytes);
        for (let index = 1; index <= count; index += 1) {
          notify("warning", { index, text });
          if (index % 100 === 0) await sleep(0);
        }
        return { done: count };
      },
    }),
    defineTool({
      name: "nan",
      title: "NaN",
      description: "Reports progress that is not a number, and logs at levels that do not exist.",
      inputSchema: z.object({}),
      outputSchema: done,
      handler: (_input, { notify, progress }) => {
        for (const level of ["loud", 1, null, "a\ud800"]) notify(level as never, {});
        notify("emergency", "real");
        progress(Number.NaN, 1);
        progress(1, Number.POSITIVE_INFINITY);
        progress(1, 2);
        return { done: 1 };
      },
    }),
    defineTool({
      name: "ask",
      title: "Ask",
      description: "Asks the user.",
      inputSchema: z.object({}),
      outputSchema: z.object({ action: z.string().describe("What the user did") }),
      handler: async (_input, { elicit }) => {
        const { action } = await elicit({ message: "Sure?", schema: z.object({ sure: z.boolean().describe("Sure") }) });
        return { action };
      },
    }),
    defineTool({
      name: "touch",
      title: "Touch",
      description: "Changes every file, some number of times.",
      inputSchema: z.object({ rounds: number("How often"), files: number("How many files").default(files) }),
      outputSchema: done,
      handler: async ({ rounds, files }) => {
        for (let round = 0; round < rounds; round += 1) {
          for (let index = 0; index < files; index += 1) emitter?.resourceUpdated(`file:///${index}`);
          emitter?.resourcesChanged();
          if (round % 4 === 3) await sleep(0);
        }
        return { done: rounds * files };
      },
    }),
    defineTool({
      name: "heap",
      title: "Heap",
      description: "What is in use after a collection, in bytes.",
      inputSchema: z.object({}),
      outputSchema: z.object({
        used: number("Of the heap"),
        external: number("Beside it"),
        limit: number("The most of the heap"),
      }),
      handler: () => {
        (globalThis as { gc?: () => void }).gc?.();
        const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
        return { used, limit, external: process.memoryUsage().external };
      },
    }),
  ],
  resources: [
    defineResource({
      name: "file",
      title: "File",
      description: "A file.",
      uri: "file:///{id}",
      subscribe: true,
      list: () => ({ resources: [{ uri: "file:///0", name: "0" }] }),
      read: ({ id }) => `file ${id}`,
    }),
  ],
});

const config = loadConfig(z.object({}), {
  name: "field",
  version: "1.0.0",
  description: "a server for tests",
  envPrefix: "FIELD",
  examples: [["field --transport http", "serve over HTTP"]],
});
await serve(server, { config });
