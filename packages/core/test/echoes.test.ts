// What a client sent comes back to it only so that it can be read, and what it was given only as it was given.
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineResource, defineServer, defineTool } from "../src/index.ts";
import { WIRES } from "../src/testing/index.ts";
import { META } from "./fixtures/raw.ts";
import { openRawWire } from "./fixtures/raw-wire.ts";

let cursors: (string | undefined)[] = [];
const tool = (name: string) =>
  defineTool({
    name,
    title: name,
    description: "Does nothing.",
    inputSchema: z.strictObject({}),
    outputSchema: z.object({}),
    handler: () => ({}),
  });
const server = defineServer({
  name: "echoes",
  version: "1.0.0",
  tools: Array.from({ length: 250 }, (_, index) => tool(`tool_${index}`)),
  resources: ["a", "b"].map((name) =>
    defineResource({
      name: `item_${name}`,
      title: "Item",
      description: "A thing.",
      uri: `${name}://{id}`,
      list: ({ cursor }) => {
        cursors.push(cursor);
        return { resources: [], ...(cursor === undefined && { nextCursor: "after 10" }) };
      },
      read: () => "x",
    }),
  ),
});

const odd: [what: string, name: string, shown: string][] = [
  ["a line end", "a\nb", '"a\\nb"'],
  ["an escape sequence", "a\u001b[2Jb", '"a\\u001b[2Jb"'],
  ["a bidirectional override", "a\u202eb", '"a\\u{202e}b"'],
  ["a zero-width space", "a\u200bb", '"a\\u{200b}b"'],
  ["a tag character", "a\u{e0041}b", '"a\\u{e0041}b"'],
  ["a line separator", "a\u2028b", '"a\\u{2028}b"'],
  ["quotes", 'a"b', '"a\\"b"'],
  ["a pair where it is cut", `${"x".repeat(63)}😀😀`, `"${"x".repeat(63)}😀…"`],
  ["pairs only", "😀".repeat(70), `"${"😀".repeat(64)}…"`],
];

describe.each(WIRES)("%s", (name) => {
  test.each(odd)("an unknown tool with %s in its name is named so that it can be read", async (_what, sent, shown) => {
    // A name that HTTP cannot say in its header is refused before it gets here.
    if (name === "http-2026" && !/^[\x21-\x7e]*$/.test(sent)) return;
    const wire = await openRawWire(server, name);
    const { message } = await wire.request("tools/call", { name: sent });
    expect(message.error).toMatchObject({
      code: -32_602,
      message: `Unknown tool: ${shown}. Call tools/list to see the names.`,
    });
    await wire.close();
  });

  test("unknown keys, URIs and methods too", async () => {
    const wire = await openRawWire(server, name);
    const unseen = /(?![\n\t])[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
    const sent = `x\u202e\u001b${"😀".repeat(5_000)}`;
    const answers = [
      await wire.request("tools/call", { name: "tool_1", arguments: { [sent]: 1 } }),
      ...(name === "http-2026" ? [] : [await wire.request("resources/read", { uri: sent })]),
      ...(name.startsWith("http") ? [] : [await wire.request(`no/${sent}`)]),
    ];
    for (const { message, bytes } of answers) {
      const text: string = message.error?.message ?? message.result.content[0].text;
      expect(text).not.toMatch(unseen);
      expect(text).toContain("\\u{202e}");
      expect(bytes.length).toBeLessThan(15_000);
    }
    await wire.close();
  });

  test("a cursor is taken back only as it was given out, and only by its list", async () => {
    const wire = await openRawWire(server, name);
    const list = async (method: string, cursor?: string) =>
      (await wire.request(method, cursor === undefined ? {} : { cursor })).message;
    const tools = (await list("tools/list")).result.nextCursor as string;
    expect((await list("tools/list", tools)).result.tools).toHaveLength(100);
    cursors = [];
    const items = (await list("resources/list")).result.nextCursor as string;
    expect((await list("resources/list", items)).result.resources).toEqual([]);
    expect(cursors).toEqual([undefined, "after 10"]);
    cursors = [];
    const plain = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const [text = "", seal = ""] = items.split(".");
    const forged = [
      plain(["tools", 1]),
      plain(["resources", 0, "after 10"]),
      plain(["resources", 1]),
      `${plain(["resources", 0, "after 9999"])}.${seal}`,
      `${plain(["resources", 1])}.${seal}`,
      text,
      `${text}.`,
      `${text}.${seal.slice(0, -1)}`,
      `${text}.${seal}A`,
      `${text}.${seal}.`,
      `${text}=.${seal}`,
      `${text}.${seal.startsWith("A") ? "B" : "A"}${seal.slice(1)}`,
      `.${seal}`,
      "",
      "x",
      tools,
    ];
    for (const cursor of forged) {
      const { error } = await list("resources/list", cursor);
      expect({ cursor, code: error?.code }).toEqual({ cursor, code: -32_602 });
    }
    expect((await list("tools/list", items)).error.code).toBe(-32_602);
    expect(cursors).toEqual([]);
    await wire.close();
  });
});

test("a cursor of another server, or of this one before it was started again, is refused", async () => {
  const [one, other] = [await openRawWire(server, "stdio-2025"), await openRawWire(server, "stdio-2025")];
  const { nextCursor: cursor } = (await one.request("tools/list")).message.result;
  expect((await other.request("tools/list", { cursor })).message.error.code).toBe(-32_602);
  await one.close();
  await other.close();
});

test.each(WIRES)("%s: progress that is no number is not sent, and the call is none the worse", async (name) => {
  const progressing = defineServer({
    name: "progressing",
    version: "1.0.0",
    tools: [
      defineTool({
        name: "count_up",
        title: "Count",
        description: "Counts.",
        inputSchema: z.object({}),
        outputSchema: z.object({}),
        handler: (_input, call) => {
          for (const done of [Number.NaN, Number.POSITIVE_INFINITY, "3", undefined, 1n]) call.progress(done as number);
          call.progress(1, Number.NaN);
          return {};
        },
      }),
    ],
  });
  const wire = await openRawWire(progressing, name);
  const answer = await wire.request("tools/call", {
    name: "count_up",
    _meta: { ...(name.endsWith("2026") && META), progressToken: "t" },
  });
  expect(answer.message.result.structuredContent).toEqual({});
  expect(wire.log.filter((line) => line.includes("progress not sent"))).toHaveLength(6);
  await wire.close();
});
