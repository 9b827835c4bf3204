// Whatever a handler returns, there is exactly one answer: valid JSON in clean UTF-8, of a size that clients can read.
import { isUtf8 } from "node:buffer";
import {
  CallToolResultSchema,
  CompleteResultSchema,
  GetPromptResultSchema,
  ListResourcesResultSchema,
  ReadResourceResultSchema,
} from "@modelcontextprotocol/sdk/types.js";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { definePrompt, defineResource, defineServer, defineTool, jsonSchema, withContent } from "../src/index.ts";
import { WIRES, type Wire } from "../src/testing/index.ts";
import { hostileValues, isWellFormed, SECRET } from "./fixtures/hostile.ts";
import { openRawWire, type RawAnswer, type RawWire } from "./fixtures/raw-wire.ts";

/** Clients' own read buffers end at 10 MB. */
const CAP = 10_000_000;

/** What the next handler returns, of whatever type. */
// biome-ignore lint/suspicious/noExplicitAny: that is the point
let reply: any;
const anything = z.object({ value: z.any().describe("Anything") });
const tool = (name: string, outputSchema: z.ZodType, more: object = {}) =>
  defineTool({
    name,
    title: name,
    description: "Returns what it is told to.",
    inputSchema: z.object({}),
    outputSchema: outputSchema as typeof anything,
    handler: () => reply,
    ...more,
  });
const server = defineServer({
  name: "replier",
  version: "1.0.0",
  tools: [
    tool("returns_any", anything),
    tool("returns_loose", z.looseObject({})),
    tool("returns_text", z.object({ value: z.string().describe("Text") })),
    tool(
      "returns_json",
      jsonSchema({ type: "object", properties: {} }, () => []),
    ),
    tool("returns_words", z.object({}), { toText: () => reply.words }),
  ],
  resources: [
    defineResource({
      name: "replied",
      title: "Replied",
      description: "Returns what it is told to.",
      uri: "replied://{id}",
      list: () => reply,
      complete: { id: () => reply },
      read: () => reply,
    }),
  ],
  prompts: [
    definePrompt({
      name: "replied",
      title: "Replied",
      description: "Returns what it is told to.",
      handler: () => reply,
    }),
  ],
});

/** What a client of the SDK takes, by method; it refuses the whole answer for one member of another shape. */
const taken: Record<string, z.core.$ZodType> = {
  "tools/call": CallToolResultSchema,
  "resources/read": ReadResourceResultSchema,
  "resources/list": ListResourcesResultSchema,
  "prompts/get": GetPromptResultSchema,
  "completion/complete": CompleteResultSchema,
};

function isSound({ count, bytes, message }: RawAnswer): void {
  expect(count).toBe(1);
  expect(isUtf8(bytes)).toBe(true);
  expect(bytes.length).toBeLessThan(CAP);
  expect(isWellFormed(message)).toBe(true);
  expect(message.result ?? message.error).toBeDefined();
  expect(bytes.includes(SECRET)).toBe(false);
}

const block = (member: object) => withContent({ value: "x" }, { type: "text", text: "beside", ...member } as never);

/** Where a value can stand in what handlers return, and the request that fetches it. */
const places: Record<string, [request: [method: string, params: object], reply: (value: unknown) => unknown]> = {
  "as the whole reply": [["tools/call", { name: "returns_any" }], (value) => value],
  "in data": [["tools/call", { name: "returns_any" }], (value) => ({ value })],
  "deep in data": [["tools/call", { name: "returns_any" }], (value) => ({ value: [{ inner: value }] })],
  "in open data": [["tools/call", { name: "returns_loose" }], (value) => ({ value })],
  "in typed data": [["tools/call", { name: "returns_text" }], (value) => ({ value })],
  "in data of a JSON Schema": [["tools/call", { name: "returns_json" }], (value) => ({ value })],
  "in a large answer": [["tools/call", { name: "returns_any" }], (value) => ({ value: [value, "x".repeat(5_000)] })],
  "as toText's": [["tools/call", { name: "returns_words" }], (value) => ({ words: value })],
  "as a block": [["tools/call", { name: "returns_text" }], (value) => withContent({ value: "x" }, value as never)],
  "as a block's text": [["tools/call", { name: "returns_text" }], (value) => block({ text: value })],
  "as a block's type": [["tools/call", { name: "returns_text" }], (value) => block({ type: value })],
  "as a block's data": [
    ["tools/call", { name: "returns_text" }],
    (value) => block({ type: "image", mimeType: "image/png", data: value }),
  ],
  "as a block's annotations": [["tools/call", { name: "returns_text" }], (value) => block({ annotations: value })],
  "as a block's audience": [
    ["tools/call", { name: "returns_text" }],
    (value) => block({ annotations: { audience: value } }),
  ],
  "as a block's priority": [
    ["tools/call", { name: "returns_text" }],
    (value) => block({ annotations: { priority: value } }),
  ],
  "as a block's lastModified": [
    ["tools/call", { name: "returns_text" }],
    (value) => block({ annotations: { lastModified: value } }),
  ],
  "as a link's size": [
    ["tools/call", { name: "returns_text" }],
    (value) => block({ type: "resource_link", uri: "a:b", name: "b", size: value }),
  ],
  "as a link's icons": [
    ["tools/call", { name: "returns_text" }],
    (value) => block({ type: "resource_link", uri: "a:b", name: "b", icons: value }),
  ],
  "as a link's icon": [
    ["tools/call", { name: "returns_text" }],
    (value) => block({ type: "resource_link", uri: "a:b", name: "b", icons: [{ src: "a:b", sizes: value }] }),
  ],
  "as the whole _meta of a block": [["tools/call", { name: "returns_text" }], (value) => block({ _meta: value })],
  "as a block's _meta": [["tools/call", { name: "returns_text" }], (value) => block({ _meta: { value } })],
  "as an embedded resource": [
    ["tools/call", { name: "returns_text" }],
    (value) => block({ type: "resource", resource: { uri: "a:b", text: value } }),
  ],
  "as a resource": [["resources/read", { uri: "replied://1" }], (value) => value],
  "as a resource's text": [
    ["resources/read", { uri: "replied://1" }],
    (value) => [{ uri: "replied://1", text: value }],
  ],
  "as a resource's MIME type": [
    ["resources/read", { uri: "replied://1" }],
    (value) => [{ uri: "replied://1", text: "x", mimeType: value }],
  ],
  "as a resource's _meta": [
    ["resources/read", { uri: "replied://1" }],
    (value) => [{ uri: "replied://1", text: "x", _meta: { value } }],
  ],
  "as a resource's age": [
    ["resources/read", { uri: "replied://1" }],
    (value) => ({ contents: "x", ageMs: value, ttlMs: 10 }),
  ],
  "as a resource's TTL": [["resources/read", { uri: "replied://1" }], (value) => ({ contents: "x", ttlMs: value })],
  "as a list": [["resources/list", {}], (value) => value],
  "as an entry of a list": [["resources/list", {}], (value) => ({ resources: [value] })],
  "as an entry's title": [
    ["resources/list", {}],
    (value) => ({ resources: [{ uri: "replied://1", name: "one", title: value }] }),
  ],
  "as a cursor": [["resources/list", {}], (value) => ({ resources: [], nextCursor: value })],
  "as a prompt": [["prompts/get", { name: "replied" }], (value) => value],
  "as a prompt's message": [["prompts/get", { name: "replied" }], (value) => [{ role: "user", content: value }]],
  "as a prompt's role": [["prompts/get", { name: "replied" }], (value) => [{ role: value, content: "x" }]],
  "as a prompt's block": [
    ["prompts/get", { name: "replied" }],
    (value) => [{ role: "user", content: { type: "text", text: value } }],
  ],
  "as completions": [
    [
      "completion/complete",
      { ref: { type: "ref/resource", uri: "replied://{id}" }, argument: { name: "id", value: "" } },
    ],
    (value) => value,
  ],
  "as a completion": [
    [
      "completion/complete",
      { ref: { type: "ref/resource", uri: "replied://{id}" }, argument: { name: "id", value: "" } },
    ],
    (value) => [value],
  ],
};

// Each era and each transport once; all four of them take a minute.
const LONG = process.env.OFFSHOOT_LONG === "1";
const wires: readonly Wire[] = LONG ? WIRES : ["stdio-2025", "http-2026"];

describe.each(wires)("%s", (name) => {
  let wire: RawWire;
  beforeAll(async () => {
    wire = await openRawWire(server, name);
  });
  afterAll(() => wire.close());

  test.each(Object.keys(places).map((place, index) => [place, index] as const))(
    "%s: one sound answer, whatever it is",
    async (place, index) => {
      const [[method, params], replyWith] = places[place] as (typeof places)[string];
      for (const [kind, make] of Object.entries(hostileValues)) {
        // Looking at what is large takes long: the ordinary run does so on one wire, in every third place.
        if (kind.includes(" MB ") && !LONG && (name !== "stdio-2025" || index % 3 !== 0)) continue;
        try {
          reply = replyWith(make());
        } catch {
          // Such a value cannot even be put there.
          continue;
        }
        const answer = await wire.request(method, params);
        try {
          isSound(answer);
          if (answer.message.result) z.parse(taken[method] as z.core.$ZodType, answer.message.result);
        } catch (cause) {
          throw new Error(`${kind} ${place}: ${(cause as Error).message}\n${answer.bytes.subarray(0, 300)}`);
        }
      }
    },
  );

  test("any text at all arrives as text", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("\\", "\ud800", "\udc00", '"', "u", "d800", "\u2028", "😀", "\n")),
        async (parts) => {
          const value = parts.join("");
          for (const [tool, told] of [
            ["returns_any", value],
            ["returns_text", value],
          ] as const) {
            reply = { value };
            const { message } = await wire.request("tools/call", { name: tool });
            expect(message.result.structuredContent.value).toBe(told.toWellFormed());
            expect(JSON.parse(message.result.content[0].text).value).toBe(told.toWellFormed());
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});

test("a question that cannot be written down fails the call and nothing else", async () => {
  const asking = defineServer({
    name: "asking",
    version: "1.0.0",
    tools: [
      defineTool({
        name: "ask_it",
        title: "Ask",
        description: "Asks.",
        inputSchema: z.object({ kind: z.string().describe("Which one") }),
        outputSchema: z.object({}),
        handler: async ({ kind }, call) => {
          const value = (hostileValues[kind] as () => unknown)();
          call.progress(value as number, value as number, value as string);
          call.notify("warning", value);
          await call.sample({ messages: [value], maxTokens: 1 });
          return {};
        },
      }),
    ],
  });
  for (const name of ["stdio-2026", "http-2026"] as const) {
    const wire = await openRawWire(asking, name);
    for (const kind of Object.keys(hostileValues)) {
      if (kind.includes(" MB ") && !LONG && name !== "stdio-2026") continue;
      const params = { name: "ask_it", arguments: { kind } };
      const answer = await wire.request("tools/call", params, { sampling: {} });
      expect({ kind, count: answer.count }).toEqual({ kind, count: 1 });
      isSound(answer);
    }
    await wire.close();
  }
});
