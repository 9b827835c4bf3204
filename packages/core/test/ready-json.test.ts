import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { composeTool } from "../src/call/compose.ts";
import { READY, stringifyData, stringifyMessage } from "../src/call/output/ready-json.ts";
import { defineTool, isToolError, withContent } from "../src/index.ts";

const LONG = process.env.OFFSHOOT_LONG === "1";

const MAX_RESULT_BYTES = 4_194_304;

/** Text long enough to be kept, with everything in it that JSON escapes. */
const longText = fc
  .array(fc.string({ unit: fc.constantFrom("a", '"', "\\", "\n", "\0", "é", "\u2028", "😀", "\ud800") }), {
    minLength: 1,
  })
  .map((parts) => parts.join("").padEnd(1_100, "line of text\n"));
const values = fc.oneof(
  fc.jsonValue(),
  fc.anything({ withDate: true, withMap: true, withSparseArray: true, withNullPrototype: true }),
);
const dictionaries = fc.dictionary(fc.string(), values);

test("a message is the same text as JSON.stringify makes of it, whatever stands in it", () => {
  fc.assert(
    fc.property(dictionaries, longText, fc.boolean(), fc.boolean(), dictionaries, (rest, text, said, same, meta) => {
      const data = { ...rest, ...(said && { content: text }) };
      const told = same ? text : `${text}.`;
      const stringify = () => JSON.stringify(data);
      let expected: string;
      try {
        expected = stringify();
      } catch (error) {
        expect(() => stringifyData(data, told)).toThrow(error as Error);
        return;
      }
      const ready = stringifyData(data, told);
      expect(ready.json).toBe(expected);
      const content = [
        { type: "text", text: told },
        { type: "text", text: "more" },
        { type: "image", data: text },
      ];
      const _meta = JSON.parse(JSON.stringify(meta));
      const result = { content, structuredContent: data, _meta, gone: undefined, [READY]: ready };
      const message = { jsonrpc: "2.0", id: 1, result };
      expect(stringifyMessage(message)).toBe(JSON.stringify(message));
      // As the 2026 SDK does: another result around the same data.
      const wrapped = { result: { resultType: "complete", ...result }, id: "x", jsonrpc: "2.0" };
      expect(stringifyMessage(wrapped)).toBe(JSON.stringify(wrapped));
    }),
  );
});

const tool = defineTool({
  name: "any",
  title: "Any",
  description: "Anything.",
  inputSchema: z.object({}),
  outputSchema: z.looseObject({}),
  toText: ({ content }) => String(content),
  handler: () => ({}),
});

function writtenAround(content: string, value: unknown): string {
  try {
    return JSON.stringify({ content, value });
  } catch {
    return JSON.stringify({ content, value: null });
  }
}

test("what passes can be serialised and fits, in both channels, and what does not pass is refused before the wire", () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const odd = fc.constantFrom<unknown>(1n, cycle, { deep: [cycle] }, { toJSON: () => 1n }, undefined, Symbol("x"));
  const sizes = fc.constantFrom(0, 2_000, 1_398_101, 1_398_103, 2_097_152, 4_194_200, 4_194_304, 4_300_000);
  const data = fc.record({ odd: fc.option(odd, { nil: 0 }), unit: fc.constantFrom("a", "\n", "é", "€"), size: sizes });
  fc.assert(
    fc.property(data, ({ odd: value, unit, size }) => {
      const content = unit.repeat(Math.ceil(size / unit.length));
      let result: ReturnType<typeof composeTool>;
      try {
        result = composeTool(tool, withContent({ content, value }));
      } catch (error) {
        const refused = isToolError(error) && ["result_too_large", "done_without_result"].includes(error.code ?? "");
        expect(refused || error instanceof TypeError).toBe(true);
        // What is too large by its text alone is refused before anything of it is written out.
        if (refused) expect(Buffer.byteLength(writtenAround(content, value))).toBeGreaterThan(MAX_RESULT_BYTES);
        else expect(() => JSON.stringify({ content, value })).toThrow(TypeError);
        return;
      }
      if (result instanceof Promise) throw new Error("no schema here is async");
      expect(stringifyMessage({ result })).toBe(JSON.stringify({ result }));
      expect(Buffer.byteLength(JSON.stringify(result.structuredContent))).toBeLessThanOrEqual(MAX_RESULT_BYTES);
      expect(Buffer.byteLength((result.content[0] as { text?: string } | undefined)?.text ?? "")).toBeLessThanOrEqual(
        MAX_RESULT_BYTES,
      );
    }),
    { numRuns: LONG ? 60 : 25 },
  );
});

test("a number that a handler passes on as it is written is sent as it is written, in both channels", () => {
  const { rawJSON } = JSON as unknown as { rawJSON: (source: string) => unknown };
  const tool = defineTool({
    name: "read_id",
    title: "Read",
    description: "Reads.",
    inputSchema: z.object({}),
    outputSchema: z.object({ data: z.unknown().describe("Anything") }),
    handler: () => ({ data: null }),
  });
  const data = { id: rawJSON("9007199254740993"), text: ",12345678901234567890", half: 0.1 + 0.2 };
  const result = composeTool(tool, { data });
  const expected = '{"data":{"id":9007199254740993,"text":",12345678901234567890","half":0.30000000000000004}}';
  expect(result).toMatchObject({ content: [{ type: "text", text: expected }] });
  expect(stringifyMessage({ result })).toContain(`"structuredContent":${expected}`);
});
