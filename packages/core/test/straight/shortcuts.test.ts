// Two ways to read a message: a quick one for what is plainly good, and the whole one. They must not differ.
import fc from "fast-check";
import { expect, test } from "vitest";
import { findHostile } from "../../src/call/normalize.ts";
import { parseMessage, type Refusal } from "../../src/protocol/frame.ts";
import { createReader } from "../../src/protocol/stdio/lines.ts";

const nested = (depth: number, open: string, close: string): string => `${open.repeat(depth)}1${close.repeat(depth)}`;
const piece = fc.oneof(
  fc.json({ maxDepth: 3 }),
  fc.constantFrom(
    '{"__proto__":1}',
    '{"\\u005f_proto__":1}',
    '{"constructor":{"prototype":1}}',
    '{"constructor":1}',
    '{"c\\u006fnstructor":{"prototype":{}}}',
    '"\\ud800"',
    '"\\uD83D\\uDE00"',
    '"\\\\u0041"',
    '"__proto__"',
    '"é😀"',
  ),
  fc.nat({ max: 90 }).map((depth) => nested(depth, "[", "]")),
  fc.nat({ max: 90 }).map((depth) => nested(depth, '{"a":', "}")),
);

test("what is looked through as text has nothing in it that a walk through its values finds", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 5 }), (pieces) => {
      const text = `{"jsonrpc":"2.0","id":1,"method":"m","params":{"x":[${pieces.join(",")}]}}`;
      expect("answer" in parseMessage(text)).toBe(findHostile(JSON.parse(text)) !== undefined);
    }),
    { numRuns: 500 },
  );
});

test("lines are the same, however their bytes come and whatever is in them", () => {
  const bytes = fc.array(
    fc.constantFrom(
      ...["a", "{}", "\n", "\r\n", " ", "é", "😀", "\ufeff"].map((text) => Buffer.from(text)),
      Buffer.from([0xff]),
      Buffer.from([0x80]),
    ),
    { maxLength: 40 },
  );
  const read = (chunks: Buffer[]): (string | Refusal)[] => {
    const seen: (string | Refusal)[] = [];
    const reader = createReader(
      (line) => seen.push(line),
      (refusal) => seen.push(refusal),
    );
    for (const chunk of chunks) reader.read(chunk);
    reader.end();
    return seen;
  };
  fc.assert(
    fc.property(bytes, fc.array(fc.nat({ max: 200 }), { maxLength: 6 }), (parts, cuts) => {
      const whole = Buffer.concat(parts);
      const at = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort((a, b) => a - b);
      const chunks = [0, ...at].map((from, index) => whole.subarray(from, at[index] ?? whole.length));
      // A byte at a time, each line is decoded by itself.
      expect(read(chunks)).toEqual(read([...whole].map((byte) => Buffer.from([byte]))));
    }),
    { numRuns: 500 },
  );
});
