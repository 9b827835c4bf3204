import { expect, test } from "vitest";
import { plainText } from "../../src/domain/openapi/texts.ts";

test.each([
  ["Format <owner>/<repo>, e.g. a<b and c>d", "Format <owner>/<repo>, e.g. a<b and c>d"],
  ["see [docs](https://x/y(z)) or `<id>`", "see docs or `<id>`"],
  ["<p>One <b>bold</b><br/>two</p>", "One bold two"],
  ['<a href="https://x">here</a> and <img src=x>', "here and"],
  ["List<String> of <b>, <i>-th item, Map<K, V>", "List<String> of <b>, <i>-th item, Map<K, V>"],
  ["`<b>x</b>` stays, <code>this</code> goes", "`<b>x</b>` stays, this goes"],
  ["a <!-- hidden --> b", "a b"],
  ["x < y, y > z", "x < y, y > z"],
  ["<script>do()</script>", "do()"],
])("%j reads %j", (given, expected) => {
  expect(plainText(given, 300)).toBe(expected);
});

test("a text of megabytes that looks like markup is cut, in no time", () => {
  for (const piece of ["<", "[", "<!--", "<a ", "`", "[a](", "</b>"])
    expect(plainText(piece.repeat(1_000_000), 100).length).toBeLessThanOrEqual(100);
});
