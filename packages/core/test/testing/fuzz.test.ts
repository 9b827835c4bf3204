import { describe, expect, test } from "vitest";
import { z } from "zod";
import { inVirtualTime } from "../../src/drills/clock.ts";
import { defineServer, defineTool, fail, type ServerDefinition } from "../../src/index.ts";
import { fuzzServer } from "../../src/testing/index.ts";
import { shelfSamples, shelfServer } from "./shelf.ts";

/** A server with one tool, `work`, that takes a text and a count. */
function serverWith(handler: (input: { text: string; count: number }) => unknown): ServerDefinition {
  return defineServer({
    name: "fuzzed",
    version: "1.0.0",
    tools: [
      defineTool({
        name: "work",
        title: "Work",
        description: "Does the work.",
        inputSchema: z.object({
          text: z.string().describe("Any text"),
          count: z.int().min(0).max(1_000).describe("How often"),
        }),
        outputSchema: z.object({ length: z.number().describe("Length of the text") }),
        handler: (input) => {
          const length = handler(input);
          return { length: typeof length === "number" ? length : input.text.length };
        },
      }),
    ],
  });
}

const fuzz = async (server: ServerDefinition, inputs: "valid" | "hostile", options = {}) =>
  (await fuzzServer({ server: () => server, inputs, ...options }))[0];

test.each(["valid", "hostile"] as const)(
  "%s inputs find nothing in a sound server, and every tool is reached",
  async (inputs) => {
    const results = await fuzzServer({ server: () => shelfServer(), samples: shelfSamples, inputs });
    expect(results).toEqual(
      ["get_book", "list_books", "add_book", "remove_book"].map((id) => ({ id, status: "passed" })),
    );
  },
);

describe("what valid inputs find", () => {
  test("a handler that throws for some of them, shrunk to the smallest, with seed and path", async () => {
    const broken = serverWith(({ count }) => {
      if (count >= 17) throw new TypeError("the table has 16 rows");
    });
    const result = await fuzz(broken, "valid");
    expect(result).toMatchObject({ id: "work", status: "failed" });
    const { message } = result as { message: string };
    expect(message).toContain('work({"text":"","count":17})');
    expect(message).toContain("TypeError: the table has 16 rows");
    expect(message).toMatch(/Reproduce with fuzz: \{ seed: 1, runs: 25 \} \(path [\d:]+\)/);
  });

  test("the same failure, from the same seed, to the letter", async () => {
    const broken = () =>
      serverWith(({ text }) => void (text.includes("a") && fail(`at /srv/app/${text.length}/index.js is wrong`)));
    const first = await fuzz(broken(), "valid", { runs: 200, seed: 42 });
    expect(first).toMatchObject({ status: "failed" });
    expect(await fuzz(broken(), "valid", { runs: 200, seed: 42 })).toEqual(first);
  });

  test("an error that shows a path of the host", async () => {
    const result = await fuzz(
      serverWith(({ count }) => void (count > 10 && fail("ENOENT: open '/home/ada/work.db'"))),
      "valid",
    );
    expect(result).toMatchObject({
      status: "failed",
      message: expect.stringContaining("the host's path /home/ada/work.db"),
    });
  });

  test("data that the published schema refuses", async () => {
    const sound = serverWith(() => undefined);
    const [work] = [...sound.tools.values()];
    const lying = {
      ...work,
      json: { ...work?.json, output: { type: "object", properties: { length: { type: "number", maximum: 3 } } } },
    };
    const result = await fuzz({ ...sound, tools: new Map([["work", lying as never]]) }, "valid");
    expect(result).toMatchObject({
      status: "failed",
      message: expect.stringContaining("not what the outputSchema says"),
    });
  });

  test("a call that hangs: 5 s for each, and 20 s for the tool with its shrinking", { timeout: 60_000 }, async () => {
    const sound = serverWith(() => undefined);
    const [work] = [...sound.tools.values()];
    const hanging = {
      ...work,
      handler: ({ count }: { count: number }) => (count > 2 ? new Promise(() => {}) : { length: count }),
    };
    // Once before, so that nothing is loaded while no time passes.
    await fuzz(sound, "valid");
    const [result, took] = await inVirtualTime(async () => {
      const started = performance.now();
      const found = await fuzz({ ...sound, tools: new Map([["work", hanging as never]]) }, "valid");
      return [found, performance.now() - started];
    });
    expect(result).toMatchObject({ status: "failed", message: expect.stringContaining("no answer") });
    expect(took).toBeLessThan(40_000);
  });
});

describe("what hostile inputs find", () => {
  test("a handler whose schema lets anything through", async () => {
    const sound = serverWith(() => undefined);
    const [work] = [...sound.tools.values()];
    const open = {
      ...work,
      inputSchema: z.any(),
      handler: ({ text }: { text: string }) => ({ length: text.trim().length }),
    };
    const result = await fuzz({ ...sound, tools: new Map([["work", open as never]]) }, "hostile", {
      samples: { tools: { work: { valid: [{ text: "a", count: 1 }] } } },
    });
    expect(result).toMatchObject({ status: "failed", message: expect.stringContaining("TypeError") });
  });

  test("a handler that a zero byte brings down", async () => {
    const broken = serverWith(({ text }) => {
      if (text.includes("\u0000")) throw new Error("string contains null byte");
    });
    const result = await fuzz(broken, "hostile", {
      runs: 300,
      samples: { tools: { work: { valid: [{ text: "a", count: 1 }] } } },
    });
    expect(result).toMatchObject({ status: "failed", message: expect.stringContaining("string contains null byte") });
  });
});

describe("what cannot be fuzzed is skipped, never passed:", () => {
  const tool = (inputSchema: z.ZodObject) =>
    defineServer({
      name: "fuzzed",
      version: "1.0.0",
      tools: [
        defineTool({
          name: "work",
          title: "Work",
          description: "Does the work.",
          inputSchema,
          outputSchema: z.object({}),
          handler: () => ({}),
        }),
      ],
    });

  test("a schema of which no value can be made", async () => {
    const server = tool(
      z.object({
        text: z
          .string()
          .regex(/^(?=.*x).*y$/)
          .describe("Text"),
      }),
    );
    expect(await fuzz(server, "valid")).toMatchObject({
      status: "skipped",
      reason: expect.stringContaining("the pattern ^(?=.*x).*y$"),
    });
    expect(await fuzz(server, "hostile")).toMatchObject({ status: "passed" });
  });

  test("a refinement that no invented input passes, unless a sample does", async () => {
    const server = tool(
      z.object({
        text: z
          .string()
          .refine((text) => text === "open sesame", "is not the word")
          .describe("Text"),
      }),
    );
    expect(await fuzz(server, "valid")).toMatchObject({
      status: "skipped",
      reason: expect.stringContaining("refused all of 25"),
    });
    expect(
      await fuzz(server, "valid", { samples: { tools: { work: { valid: [{ text: "open sesame" }] } } } }),
    ).toMatchObject({ status: "passed" });
  });

  test("a server without tools", async () => {
    const shelf = shelfServer();
    expect(await fuzz({ ...shelf, tools: new Map() }, "valid")).toMatchObject({
      status: "skipped",
      reason: "this server has no tools",
    });
  });
});
