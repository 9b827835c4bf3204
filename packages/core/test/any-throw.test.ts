// Whatever a handler throws, the client learns that it failed and nothing else.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { definePrompt, defineResource, defineServer, defineTool, fail } from "../src/index.ts";
import { WIRES } from "../src/testing/index.ts";
import { hostileErrors, hostileValues, isWellFormed, SECRET } from "./fixtures/hostile.ts";
import { openRawWire, type RawAnswer, type RawWire } from "./fixtures/raw-wire.ts";

const throwIt = (kind: string): never => {
  throw (hostileErrors[kind] as () => unknown)();
};
const Kind = z.string().describe("Which one");

const server = defineServer({
  name: "thrower",
  version: "1.0.0",
  expected: (error) => ((error as { code?: unknown }).code === "EXPECTED" ? "Expected." : undefined),
  tools: [
    defineTool({
      name: "throw_it",
      title: "Throw",
      description: "Throws.",
      inputSchema: z.object({ kind: Kind, late: z.boolean().describe("After a turn") }),
      outputSchema: z.object({}),
      handler: async ({ kind, late }) => {
        if (late) await new Promise((resolve) => setImmediate(resolve));
        return throwIt(kind);
      },
    }),
    defineTool({
      name: "fail_without_text",
      title: "Fail",
      description: "Fails and does not say why.",
      inputSchema: z.object({}),
      outputSchema: z.object({}),
      handler: () => fail(" \n"),
    }),
    defineTool({
      name: "throw_at_once",
      title: "Throw",
      description: "Throws before there is a promise.",
      inputSchema: z.object({ kind: Kind }),
      outputSchema: z.object({}),
      handler: ({ kind }) => throwIt(kind),
    }),
    defineTool({
      name: "log_it",
      title: "Log",
      description: "Logs it.",
      inputSchema: z.object({ kind: Kind }),
      outputSchema: z.object({}),
      handler: ({ kind }, call) => {
        call.log.warn({ err: (hostileErrors[kind] as () => unknown)() }, "noted");
        call.log.warn((hostileErrors[kind] as () => Record<string, unknown>)(), "noted");
        return {};
      },
    }),
    defineTool({
      name: "fail_with",
      title: "Fail",
      description: "Fails with it.",
      inputSchema: z.object({ kind: Kind }),
      outputSchema: z.object({}),
      handler: ({ kind }) => {
        const value = (hostileValues[kind] as () => unknown)();
        return fail(typeof value === "string" ? value : "Try again.", {
          code: typeof value === "string" ? value : "conflict",
          data: { value },
          cause: value,
        });
      },
    }),
  ],
  resources: [
    defineResource({
      name: "thrown",
      title: "Thrown",
      description: "Throws.",
      uri: "thrown://{kind}",
      list: () => throwIt("a frozen error"),
      complete: { kind: () => throwIt("a frozen error") },
      read: ({ kind }) => throwIt(kind),
    }),
  ],
  prompts: [
    definePrompt({
      name: "throw_it",
      title: "Throw",
      description: "Throws.",
      arguments: z.object({ kind: Kind }),
      handler: ({ kind }) => throwIt(kind),
    }),
  ],
});

describe.each(WIRES)("%s", (name) => {
  let wire: RawWire;
  beforeAll(async () => {
    wire = await openRawWire(server, name);
  });
  afterAll(() => wire.close());

  const masked = ({ count, message }: RawAnswer, log: string[]): void => {
    expect(count).toBe(1);
    const text = JSON.stringify(message);
    expect(text).toMatch(/failed for a reason inside the server/);
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain("/home/u");
    const id = /correlation id ([\w-]+)/.exec(text)?.[1] as string;
    const lines = log.filter((line) => line.includes(id));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] as string)).toMatchObject({ level: "error", outcome: "internal_error", err: {} });
    expect(lines[0]).not.toContain(SECRET);
  };
  const call = (tool: string, input: object) => wire.request("tools/call", { name: tool, arguments: input });

  test.each(Object.keys(hostileErrors))(
    "%s, from every kind of handler: masked, and one scrubbed line",
    async (kind) => {
      wire.log.length = 0;
      masked(await call("throw_at_once", { kind }), wire.log);
      masked(await call("throw_it", { kind, late: false }), wire.log);
      masked(await call("throw_it", { kind, late: true }), wire.log);
      masked(await wire.request("resources/read", { uri: `thrown://${encodeURIComponent(kind)}` }), wire.log);
      masked(await wire.request("prompts/get", { name: "throw_it", arguments: { kind } }), wire.log);
    },
  );

  test.each(Object.keys(hostileErrors))("%s, given to the log: the call goes on", async (kind) => {
    wire.log.length = 0;
    const { count, message } = await call("log_it", { kind });
    expect({ count, isError: message.result.isError }).toEqual({ count: 1 });
    expect(wire.log.filter((line) => line.includes('"noted"'))).toHaveLength(2);
    expect(wire.log.join("")).not.toContain(SECRET);
  });

  test.each(Object.keys(hostileValues))("an expected failure that carries %s is one answer", async (kind) => {
    wire.log.length = 0;
    const { count, message, bytes } = await call("fail_with", { kind });
    expect(count).toBe(1);
    expect(message.result.isError).toBe(true);
    expect(JSON.stringify(message)).not.toContain(SECRET);
    expect(isWellFormed(message)).toBe(true);
    expect(bytes.length).toBeLessThan(5_000_000);
    expect(wire.log.filter((line) => line.includes('"call"'))).toHaveLength(1);
  });

  test("an expected failure without a text says at least what a model can do", async () => {
    const { message } = await call("fail_without_text", {});
    expect(message.result).toMatchObject({ isError: true });
    expect((message.result.content as { text: string }[])[0]?.text).toMatch(/Look at what is there before you call/);
  });

  test("lists and completions that throw are masked too", async () => {
    wire.log.length = 0;
    masked(await wire.request("resources/list"), wire.log);
    const params = {
      ref: { type: "ref/resource", uri: "thrown://{kind}" },
      argument: { name: "kind", value: "" },
    };
    masked(await wire.request("completion/complete", params), wire.log);
  });
});
