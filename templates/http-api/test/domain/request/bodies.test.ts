import { Busboy } from "@fastify/busboy";
import fc from "fast-check";
import qs from "qs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { operation } from "../../fixtures/description.ts";
import { type Arrived, openWire } from "../../fixtures/wire.ts";

let wire: Awaited<ReturnType<typeof openWire>>;
beforeAll(async () => {
  wire = await openWire();
});
afterAll(() => wire.close());

const post = (contentType: string, schema: unknown, more: object = {}) => ({
  post: operation({ requestBody: { required: true, content: { [contentType]: { schema, ...more } } } }),
});
const text = { type: "string" };
const file = { type: "string", contentMediaType: "application/octet-stream" };
const FORM = "application/x-www-form-urlencoded";
const MULTIPART = "multipart/form-data";

describe("a form", () => {
  const properties = { To: text, MediaUrl: { type: "array", items: text }, meta: { type: "object" } };
  const schema = { type: "object", properties };

  test("repeats a list's name, and carries an object as JSON, as OpenAPI's defaults have it", async () => {
    const input = { To: "+1 55&5=é", MediaUrl: ["https://a/?x=1", "b"], meta: { k: "v" } };
    const { body, headers } = await wire.send("/f", post(FORM, schema), input);
    expect(headers["content-type"]).toBe(FORM);
    const read = new URLSearchParams(body.toString());
    expect([...read]).toEqual([
      ["To", "+1 55&5=é"],
      ["MediaUrl", "https://a/?x=1"],
      ["MediaUrl", "b"],
      ["meta", '{"k":"v"}'],
    ]);
  });

  test("heeds the description's encoding: brackets, commas, JSON", async () => {
    const encoding = {
      MediaUrl: { style: "deepObject", explode: true },
      meta: { style: "deepObject", explode: true },
      To: { explode: false },
    };
    const input = {
      To: ["x,y", "z"],
      MediaUrl: ["a", "b"],
      meta: {
        a: "1",
        items: [
          { p: "1", q: "2" },
          { p: "3", q: "4" },
        ],
      },
    };
    const { body } = await wire.send("/f", post(FORM, schema, { encoding }), input);
    const sent = body.toString();
    expect(sent).toMatch(/^To=x%2Cy,z&MediaUrl%5B%5D=a&MediaUrl%5B%5D=b&/);
    const { To: _, ...rest } = qs.parse(sent, { depth: 10 });
    const { To: __, ...given } = input;
    expect(rest).toEqual(given);
    const asJson = await wire.send(
      "/f",
      post(FORM, schema, { encoding: { MediaUrl: { contentType: "application/json" } } }),
      { MediaUrl: ["a"] },
    );
    expect(new URLSearchParams(asJson.body.toString()).get("MediaUrl")).toBe('["a"]');
  });

  test("whatever its texts hold, it is read back as it was given", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "grapheme" }),
        fc.array(fc.string(), { minLength: 1 }),
        async (To, MediaUrl) => {
          const { body } = await wire.send("/f", post(FORM, schema), { To, MediaUrl });
          const read = new URLSearchParams(body.toString());
          expect([read.get("To"), read.getAll("MediaUrl")]).toEqual([To, MediaUrl]);
        },
      ),
      { numRuns: 50 },
    );
  });
});

interface Part {
  name: string;
  value: string | Buffer;
  filename?: string;
  type?: string;
}

/** What busboy makes of it. */
function busboyParts({ headers, body }: Arrived): Promise<Part[]> {
  return new Promise((resolve, reject) => {
    const parts: Part[] = [];
    const busboy = new Busboy({ headers: headers as never, preservePath: true });
    busboy.on("field", (name, value, _n, _v, _e, type) => parts.push({ name, value, type }));
    busboy.on("file", (name, stream, filename, _encoding, type) => {
      const read: Buffer[] = [];
      stream.on("data", (part: Buffer) => read.push(part));
      stream.on("end", () => parts.push({ name, value: Buffer.concat(read), filename, type }));
    });
    busboy.on("finish", () => resolve(parts));
    busboy.on("error", reject);
    busboy.end(body);
  });
}

/** What the platform's own parser (undici) makes of it. */
const platformParts = ({ headers, body }: Arrived) =>
  new Response(new Uint8Array(body), { headers: { "content-type": headers["content-type"] ?? "" } }).formData();

describe("a multipart body", () => {
  const schema = {
    type: "object",
    required: ["file"],
    properties: {
      file,
      name: text,
      tags: { type: "array", items: text },
      meta: { type: "object" },
      files: { type: "array", items: file },
    },
  };

  test("carries text as text, objects as JSON, a part for each item, and files as text or base64", async () => {
    const bytes = Buffer.from([0, 255, 13, 10, 45, 45]);
    const arrived = await wire.send("/m", post(MULTIPART, schema), {
      name: "naïve\r\n--x",
      tags: ["a", "b"],
      meta: { k: [1] },
      file: "hello",
      files: [
        { base64: bytes.toString("base64"), filename: 'a"b\r\n.bin', content_type: "image/png" },
        { text: "two" },
      ],
    });
    const parts = await busboyParts(arrived);
    expect(parts.find(({ name }) => name === "name")?.value).toBe("naïve\r\n--x");
    expect(parts.filter(({ name }) => name === "tags").map(({ value }) => value)).toEqual(["a", "b"]);
    expect(parts.find(({ name }) => name === "meta")).toMatchObject({ value: '{"k":[1]}', type: "application/json" });
    const files = parts.filter(({ value }) => Buffer.isBuffer(value));
    expect(files.map(({ name, value }) => [name, value.toString("latin1")])).toEqual([
      ["file", "hello"],
      ["files", bytes.toString("latin1")],
      ["files", "two"],
    ]);
    expect(files[1]?.type).toBe("image/png");
    const form = await platformParts(arrived);
    expect(form.get("name")).toBe("naïve\r\n--x");
    expect(await (form.get("file") as File).text()).toBe("hello");
    const [first] = form.getAll("files") as File[];
    expect([first?.name, first?.type, Buffer.from(await (first as File).arrayBuffer())]).toEqual([
      'a"b\r\n.bin',
      "image/png",
      bytes,
    ]);
  });

  test("heeds an encoding's media type", async () => {
    const encoding = {
      meta: { contentType: "application/vnd.x+json" },
      file: { contentType: "image/png, image/jpeg" },
    };
    const parts = await busboyParts(
      await wire.send("/m", post(MULTIPART, schema, { encoding }), { file: "x", meta: { a: 1 } }),
    );
    expect(parts.map(({ name, type }) => [name, type])).toEqual([
      ["meta", "application/vnd.x+json"],
      ["file", "image/png"],
    ]);
  });

  test("a part that is described by its encoding alone, as OpenAPI 3.1 has it, is a file", async () => {
    const loose = { type: "object", properties: { photo: {} } };
    const encoding = { photo: { contentType: "image/png" } };
    const [part] = await busboyParts(
      await wire.send("/m", post(MULTIPART, loose, { encoding }), { photo: { base64: "AAE=" } }),
    );
    expect(part?.value).toEqual(Buffer.from([0, 1]));
  });

  test("both parsers read any texts and bytes back as they were given", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme" }), fc.uint8Array(), async (name, bytes) => {
        const arrived = await wire.send("/m", post(MULTIPART, schema), {
          name,
          file: { base64: Buffer.from(bytes).toString("base64") },
        });
        const parts = await busboyParts(arrived);
        expect(parts.find((part) => part.name === "name")?.value).toBe(name);
        expect(parts.find((part) => part.name === "file")?.value).toEqual(Buffer.from(bytes));
        const form = await platformParts(arrived);
        expect(form.get("name")).toBe(name);
        expect(new Uint8Array(await (form.get("file") as File).arrayBuffer())).toEqual(bytes);
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    [{ base64: "not base64!" }, /is not base64/],
    [7, /is a file: give its text/],
    [{ base64: "AA==", text: "x" }, /both text and base64/],
    [{ text: "x".repeat(4_194_305) }, /at most 4194304/],
    [{ text: "x", content_type: "a\r\nb" }, /no media type/],
  ])("a file that is none is refused by its field: %#", async (given, why) => {
    await expect(wire.send("/m", post(MULTIPART, schema), { file: given })).rejects.toThrow(why);
  });
});

describe("the rest", () => {
  const object = { type: "object", properties: { a: { type: "integer" } } };
  test.each([
    ["*/*", object, { a: 1 }, "application/json", '{"a":1}'],
    ["application/*", object, { a: 1 }, "application/json", '{"a":1}'],
    ["*/*", text, { body: "x" }, "text/plain", "x"],
    ["text/*", text, { body: "x" }, "text/plain", "x"],
    ["application/json; charset=utf-8", object, { a: 1 }, "application/json; charset=utf-8", '{"a":1}'],
    ["application/merge-patch+json", object, { a: 1 }, "application/merge-patch+json", '{"a":1}'],
    ["application/json", text, { body: "x" }, "application/json", '"x"'],
    ["application/json", { type: "array" }, { body: [1] }, "application/json", "[1]"],
    ["application/x-ndjson", { type: "array" }, { body: [{ a: 1 }, 2] }, "application/x-ndjson", '{"a":1}\n2\n'],
    ["application/yaml", object, { a: 1 }, "application/yaml", '{"a":1}'],
    ["application/xml", object, { body: "<a>1</a>" }, "application/xml", "<a>1</a>"],
    ["application/octet-stream", {}, { body: "aGk=" }, "application/octet-stream", "hi"],
    ["image/png", file, { body: { text: "hi" } }, "image/png", "hi"],
    ["image/*", file, { body: { text: "hi", content_type: "image/gif" } }, "image/gif", "hi"],
  ])("%s %#", async (type, schema, input, sentType, sent) => {
    const { body, headers } = await wire.send("/b", post(type, schema), input);
    expect([headers["content-type"], body.toString()]).toEqual([sentType, sent]);
  });

  test.each([
    [["application/xml", "application/json"], "application/json"],
    [
      ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json"],
      "application/merge-patch+json",
    ],
    [["multipart/form-data", FORM], FORM],
    [["text/plain", "multipart/form-data"], "multipart/form-data"],
    [["application/octet-stream", "text/plain"], "text/plain"],
    [["application/xml", "*/*"], "*/*"],
  ])("of %j, %s is sent", async (types, expected) => {
    const content = Object.fromEntries(
      types.map((type) => [type, { schema: type.startsWith("text") ? text : object }]),
    );
    const item = { post: operation({ requestBody: { content } }) };
    const { headers } = await wire.send("/b", item, { a: 1, body: "x" });
    expect(headers["content-type"]?.split(";")[0]).toBe(expected === "*/*" ? "application/json" : expected);
  });
});
