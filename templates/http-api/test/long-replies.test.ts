import { defineServer } from "@offshoot/core";
import { connect, type ToolOutcome } from "@offshoot/core/testing";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApi } from "../src/api.ts";
import type { Document } from "../src/domain/openapi/document/document.ts";
import { listOperations } from "../src/domain/openapi/operations.ts";
import { visible } from "../src/domain/visible.ts";
import { createUpstream } from "../src/guarded.ts";
import { createKeptFiles } from "../src/kept-files.ts";
import { apiTools } from "../src/tools/index.ts";
import { readMoreTool } from "../src/tools/long.ts";
import { type Bytes, serveBytes } from "./fixtures/bytes.ts";
import { described } from "./fixtures/description.ts";

const responses = { 200: { description: "ok", content: { "application/json": {} } } };
const document = described({
  "/thing": { get: { operationId: "readThing", responses }, post: { operationId: "makeThing", responses } },
}) as unknown as Document;
const LIMIT = 1_000;

let origin: Awaited<ReturnType<typeof serveBytes>>;
let client: Awaited<ReturnType<typeof connect>>;
/** Gives a character at once. */
let narrow: typeof client;
beforeAll(async () => {
  origin = await serveBytes();
  const api = createApi(createUpstream({ baseUrl: origin.url, allowedHosts: ["127.0.0.1"] }));
  const files = createKeptFiles();
  const map = { tools: { read_thing: "readThing", make_thing: "makeThing" } };
  const operations = listOperations(document);
  const serverOf = (maxReply: number) => {
    const tools = (["explicit", "dynamic"] as const).flatMap((mode) =>
      apiTools(api, operations, { mode, map, files, maxReply }),
    );
    return defineServer({ name: "t", version: "1.0.0", tools: [...tools, readMoreTool(files, maxReply)] });
  };
  client = await connect(serverOf(LIMIT), { wire: "stdio-2026" });
  narrow = await connect(serverOf(1), { wire: "stdio-2025" });
});
afterAll(async () => {
  await client.close();
  await narrow.close();
  await origin.close();
});

const ask = async (reply: Bytes, name = "make_thing", from = client): Promise<ToolOutcome> => {
  origin.behave(reply);
  return from.call(name, name === "call_operation" ? { operation: "makeThing" } : {});
};

/** Everything that the marker leads to, put together; what it says on the way holds. */
async function readAll({ data }: ToolOutcome, from = client): Promise<string> {
  const { cut } = data;
  let text: string = cut.text;
  let next: number | undefined = cut.next_offset;
  expect(cut.shown).toBe(text.length);
  while (next !== undefined) {
    expect(next).toBe(text.length);
    const more = await from.call("read_more", { reply: cut.reply, offset: next });
    expect(more.isError, more.text).toBeFalsy();
    expect(more.data).toMatchObject({ of: cut.of, text: /./su });
    text += more.data.text;
    next = more.data.next_offset;
  }
  expect(text.length).toBe(cut.of);
  return text;
}

const text = fc.string({ unit: "grapheme" }).map(visible);
const plain = fc
  .jsonValue({ maxDepth: 3, stringUnit: "grapheme" })
  .map((value) => JSON.parse(visible(JSON.stringify(value))));
const long = fc.string({ unit: "grapheme", minLength: 300, maxLength: 2_500 }).map(visible);
const wide = fc.array(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), text), {
  minLength: 50,
  maxLength: 300,
});
const deep = fc
  .tuple(
    fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 80, max: 100 }) }, fc.integer({ min: 1, max: 480 })),
    text,
    fc.oneof(plain, long),
  )
  .map(([levels, name, inside]) => {
    let value: unknown = inside;
    for (let level = 0; level < levels; level += 1) value = name.length > level % 3 ? { [name]: value } : [value];
    return value;
  });

test.each([
  ["much", () => client, fc.oneof(plain, long, wide, { weight: 3, arbitrary: deep })],
  // Every page of three characters is a call.
  ["little", () => narrow, fc.oneof(plain, text, deep).filter((value) => JSON.stringify(value).length < 400)],
] as const)(
  "a reply is told whole, or led to in parts that are put together to it: %s at once",
  async (_how, from, replies) => {
    await fc.assert(
      fc.asyncProperty(replies, async (value) => {
        const body = JSON.stringify(value);
        const reply = await ask({ body }, "make_thing", from());
        expect(reply.isError, reply.text).toBeFalsy();
        const whole = reply.data.cut === undefined ? JSON.stringify(reply.data.data) : await readAll(reply, from());
        // A string is read without its quotes: it is text.
        expect(whole).toBe(reply.data.cut !== undefined && typeof value === "string" ? value : body);
      }),
      { numRuns: 60 },
    );
  },
);

test.each([
  ["characters that nobody sees, each written out", `{"v":"${"\x7f".repeat(130)}"}`],
  ["numbers that are longer when they are written out", `{"v":[${Array(60).fill("1e20").join()}]}`],
])("a short answer that becomes long is cut too: %s", async (_what, body) => {
  expect(body.length).toBeLessThan(LIMIT / 2);
  const cut = await ask({ body });
  expect(cut.data).toHaveProperty("cut");
  expect(await readAll(cut)).toBe(JSON.stringify(JSON.parse(body)).replaceAll("\x7f", "⟨U+007F⟩"));
});

test("an answer that is too long is cut with a marker, and read on to its end without asking the API again", async () => {
  const text = fc.string({ unit: "grapheme", minLength: 1_001, maxLength: 3_500 });
  await fc.assert(
    fc.asyncProperty(text, fc.constantFrom("make_thing", "read_thing", "call_operation"), async (value, name) => {
      const body = JSON.stringify({ value });
      const before = origin.asked;
      const cut = await ask({ body }, name);
      expect(cut.text.length).toBeLessThan(LIMIT * 3);
      expect(cut.data).not.toHaveProperty("data");
      const whole = await readAll(cut);
      expect(JSON.parse(whole)).toHaveProperty("value");
      expect(whole.length).toBe(cut.data.cut.of);
      // A read may come from its ETag or the cache; nothing is ever asked again for what is read on.
      expect(origin.asked - before).toBe(1);
    }),
    { numRuns: 25 },
  );
});

test("an answer at the limit is whole", async () => {
  const { data } = await ask({ body: JSON.stringify("x".repeat(LIMIT - 2)) });
  expect(data.data).toHaveLength(LIMIT - 2);
  expect((await ask({ body: JSON.stringify("x".repeat(LIMIT + 1)) })).data.cut).toMatchObject({ of: LIMIT + 1 });
});

test("some of its fields are data, with numbers as they were written", async () => {
  const items = Array.from({ length: 20 }, () => ({ id: "ID", text: "x".repeat(100) }));
  const body = JSON.stringify({ items }).replaceAll('"ID"', "9007199254740993");
  const { data } = await ask({ body });
  const some = await client.call("read_more", { reply: data.cut.reply, fields: ["items[].id"] });
  expect(some.text).toContain('{"id":9007199254740993}');
  expect((await client.call("read_more", { reply: data.cut.reply, fields: ["items"] })).text).toMatch(/Name fewer/);
});

test("one that nests deeper than clients read is given as text, and so are fields of it", async () => {
  const body = `{"a":${"[".repeat(200)}${"]".repeat(200)},"id":1}`;
  const { cut } = (await ask({ body })).data;
  expect(cut).toMatchObject({ text: body, shown: body.length, of: body.length });
  expect(cut.how).toMatch(/too deep.*all of it/);
  expect(cut).not.toHaveProperty("next_offset");
  expect((await client.call("read_more", { reply: cut.reply, fields: ["id"] })).data.data).toEqual({ id: 1 });
  expect((await client.call("read_more", { reply: cut.reply, fields: ["a"] })).text).toMatch(/too deep/);
});

test("an offset within a character reads it whole", async () => {
  const { cut } = (await ask({ body: JSON.stringify("🍵".repeat(LIMIT)) })).data;
  const { data } = await client.call("read_more", { reply: cut.reply, offset: 1 });
  expect(data).toMatchObject({ text: "🍵".repeat(LIMIT / 2), next_offset: LIMIT });
});

test("an answer can be read on however large it is", () => {
  const files = createKeptFiles().of("ada");
  const id = files.hold(new Uint8Array(50_000_000), "text/plain");
  expect(files.read(id)).toBeDefined();
  files.hold(new Uint8Array(1), "text/plain");
  expect(files.read(id)).toBeUndefined();
});

test("nobody reads what was not given to them, nor past the end", async () => {
  const { data } = await ask({ body: JSON.stringify("x".repeat(2_000)) });
  expect((await client.call("read_more", { reply: "of-another" })).text).toMatch(/This answer is gone/);
  expect((await client.call("read_more", { reply: data.cut.reply, offset: 9_999 })).text).toMatch(/nothing at 9999/);
});

test("hidden characters in an answer are written out: in values, in names, in text", async () => {
  const odd = "a\u001b]0;title\u0007\u202eb\u{e0041}\u200b";
  const { data, text } = await ask({ body: JSON.stringify({ [odd]: odd, list: [odd] }) });
  const shown = "a⟨U+001B⟩]0;title⟨U+0007⟩⟨U+202E⟩b⟨U+E0041⟩⟨U+200B⟩";
  expect(data.data).toEqual({ [shown]: shown, list: [shown] });
  expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  expect((await ask({ body: odd, type: "text/plain" })).data.data).toBe(shown);
  const kept = "👩‍💻 ❤️ می‌خواهم naïve 日本 \t\r\n";
  expect((await ask({ body: JSON.stringify(kept) })).data.data).toBe(kept);
});
