// What becomes of work that a call had done, or goes on doing, when its time is over.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineServer, defineTool, type ToolAnnotations } from "../src/index.ts";
import { connect, WIRES } from "../src/testing/index.ts";

const TIME_MS = 50;

function serverWith(annotations: ToolAnnotations, end: (aborted: Promise<unknown>) => Promise<unknown>) {
  return defineServer({
    name: "late",
    version: "1.0.0",
    tools: [
      defineTool({
        name: "work",
        title: "Work",
        description: "Works.",
        inputSchema: z.object({}),
        outputSchema: z.object({}),
        annotations,
        timeoutMs: TIME_MS,
        handler: async (_input, { signal }) => {
          await end(new Promise((resolve) => signal.addEventListener("abort", resolve)));
          return {};
        },
      }),
    ],
  });
}

const writes: ToolAnnotations = { destructiveHint: false };

describe.each(WIRES)("%s", (wire) => {
  const call = async (...server: Parameters<typeof serverWith>) => {
    const client = await connect(serverWith(...server), { wire });
    try {
      for (;;) {
        try {
          return await client.call("work");
        } catch (error) {
          // On a busy machine its time may pass before it has begun, and it is to be sent again.
          if ((error as { code?: unknown }).code !== 4290) throw error;
        }
      }
    } finally {
      await client.close();
    }
  };

  test("a tool that writes and had done its work when its time ended answers with its result", async () => {
    expect(await call(writes, (aborted) => aborted)).toMatchObject({ isError: false });
  });

  test("one that stops when it is told to is an error that says the time", async () => {
    const stops = (aborted: Promise<unknown>) => aborted.then(() => Promise.reject(new Error("stopped half-way")));
    expect(await call(writes, stops)).toMatchObject({ isError: true, text: expect.stringContaining("within 50 ms") });
  });

  test("one that goes on and on is an error in the end", async () => {
    const goesOn = () => sleep(60_000, undefined, { ref: false });
    expect(await call(writes, goesOn)).toMatchObject({ isError: true, text: expect.stringContaining("within 50 ms") });
  });

  test("a read-only tool is not waited for", async () => {
    const slow = (aborted: Promise<unknown>) => aborted.then(() => sleep(20));
    expect(await call({ readOnlyHint: true }, slow)).toMatchObject({ isError: true });
  });
});

test.each(WIRES)("a result that cannot be sent says that the work was done, where it was, over %s", async (wire) => {
  const outputSchema = z.object({ text: z.string().max(10_000_000).describe("Text") });
  const tool = (name: string, annotations: ToolAnnotations, handler: () => { text: string }) =>
    defineTool({
      name,
      title: name,
      description: "Works.",
      inputSchema: z.object({}),
      outputSchema,
      annotations,
      handler,
    });
  const large = () => ({ text: "x".repeat(5_000_000) });
  const tools = [tool("write_large", writes, large), tool("read_large", { readOnlyHint: true }, large)];
  const client = await connect(defineServer({ name: "late", version: "1.0.0", tools }), { wire });
  expect(await client.call("write_large")).toMatchObject({
    isError: true,
    text: expect.stringMatching(/has done its work, and only its result cannot be sent: .*Do not call it again/),
  });
  expect((await client.call("read_large")).text).toMatch(/^The result of read_large has .*Ask for less/);
  await client.close();
});
