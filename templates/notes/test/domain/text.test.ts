import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { maskCode } from "../../src/domain/text/code.ts";
import { diffOf } from "../../src/domain/text/diff.ts";
import { applyEdit, Edit } from "../../src/domain/text/edits.ts";
import { linksIn, linkTarget, retarget } from "../../src/domain/text/links.ts";
import { snippetOf, termsOf } from "../../src/domain/text/search.ts";

const edit = (body: string, change: Edit) => applyEdit(body, Edit.parse(change));
const conflict = (message: RegExp) =>
  expect.objectContaining({ code: "conflict", message: expect.stringMatching(message) });

describe("code", () => {
  test("is blanked in fences and in inline runs, and nowhere else", () => {
    expect(maskCode("a `b` c")).toBe("a     c");
    expect(maskCode("``a ` b`` c")).toBe("          c");
    expect(maskCode("```js\n[[x]]\n```\n[[y]]")).toBe("     \n     \n   \n[[y]]");
    expect(maskCode("~~~\n```\n~~~\nz")).toBe("   \n   \n   \nz");
    expect(maskCode("````\n```\n````\nz")).toBe("    \n   \n    \nz");
    expect(maskCode("```\nopen to the end")).toBe("   \n               ");
    expect(maskCode("one ` alone, \\`escaped` and `` two")).toBe(
      "one ` alone, \\`escaped` and `` two".replace("` alone, \\`escaped`", (code) => " ".repeat(code.length)),
    );
    expect(maskCode("open `\n\nnext` paragraph")).toBe("open `\n\nnext` paragraph");
  });

  test("keeps every offset and line end, whatever the text", () => {
    const piece = fc.constantFrom("`", "``", "```", "~~~", "\n", "\r\n", "a", " ", "[[b]]", "\\", "> ");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const body = pieces.join("");
        const masked = maskCode(body);
        expect(masked).toHaveLength(body.length);
        expect(masked.replace(/[^\r\n]/g, "")).toBe(body.replace(/[^\r\n]/g, ""));
      }),
    );
  });

  test("takes time in proportion to the text", () => {
    const hostile = [
      "`".repeat(500_000),
      "` ``".repeat(100_000),
      Array.from({ length: 900 }, (_, n) => "`".repeat(n)).join(" "),
      "[[".repeat(250_000),
      "```\n".repeat(100_000),
    ];
    const started = performance.now();
    for (const body of hostile) linksIn(body);
    // Quadratic work would take minutes.
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe("links", () => {
  test("are read with heading and label", () => {
    const read = linksIn("[[A]] [[ B c |the label]] [[D#Head|x|y]] ![[E]] [[#Here]] [[]] [[a\nb]] `[[no]]`");
    expect(read.map(({ key, heading, label }) => ({ key, heading, label }))).toEqual([
      { key: "a" },
      { key: "b c", label: "the label" },
      { key: "d", heading: "Head", label: "x|y" },
      { key: "e" },
    ]);
  });

  test("to one target are rewritten, and everything else stays byte for byte", () => {
    const body = "[[Old]]\r\n[[ old #H|l]] [[Older]] `[[Old]]`\0";
    expect(retarget(body, "old", { text: "New" })).toBe("[[New]]\r\n[[New#H|l]] [[Older]] `[[Old]]`\0");
    expect(retarget(body, "absent", { text: "New" })).toBe(body);
  });

  test("name the id where the title cannot be written in a link", () => {
    expect(linkTarget(4, "Plain", true)).toEqual({ text: "Plain" });
    expect(linkTarget(4, "Plain", false)).toEqual({ text: "n4", label: "Plain" });
    expect(linkTarget(4, "a]]b", true)).toEqual({ text: "n4", label: "a  b" });
    expect(linkTarget(4, "n7", true)).toEqual({ text: "n4", label: "n7" });
    expect(linkTarget(4, "[]", true)).toEqual({ text: "n4" });
  });

  test("written to any title are read back as links to that note", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 30 }), (title) => {
        fc.pre(!/[\p{Cc}\u2028\u2029]/u.test(title) && title.trim() !== "");
        const target = linkTarget(4, title, true);
        const [link] = linksIn(retarget("[[x]]", "x", target));
        expect(link?.target).toBe(target.text.trim());
      }),
    );
  });
});

describe("edits", () => {
  test("append and prepend put one line break between, of the kind the note has", () => {
    expect(edit("a", { operation: "append", text: "b" })).toBe("a\nb");
    expect(edit("a\n", { operation: "append", text: "b" })).toBe("a\nb");
    expect(edit("", { operation: "append", text: "b" })).toBe("b");
    expect(edit("a\r\nb", { operation: "prepend", text: "c" })).toBe("c\r\na\r\nb");
    expect(edit("a", { operation: "append", text: "" })).toBe("a");
  });

  test("find_replace is literal and counts", () => {
    expect(edit("a.c abc", { operation: "find_replace", find: "a.c", text: "$1" })).toBe("$1 abc");
    expect(() => edit("abc", { operation: "find_replace", find: "x", text: "" })).toThrow(conflict(/occurs 0 times/));
    expect(() => edit("aaa", { operation: "find_replace", find: "a", text: "" })).toThrow(conflict(/occurs 3 times/));
    expect(edit("aaa", { operation: "find_replace", find: "a", text: "b", expected_replacements: 3 })).toBe("bbb");
    expect(() => edit("a", { operation: "find_replace", text: "b" })).toThrow(/find/);
    expect(() => edit("a", { operation: "append", text: "b", find: "a" })).toThrow(/find/);
  });

  test("replace_section keeps the heading and what follows it", () => {
    const body = "# Top\nintro\n## Plan\nold\n### Detail\nold\n## Next\nstays\n";
    expect(edit(body, { operation: "replace_section", heading: "## Plan", text: "new" })).toBe(
      "# Top\nintro\n## Plan\nnew\n## Next\nstays\n",
    );
    expect(edit(body, { operation: "replace_section", heading: "Next", text: "" })).toBe(body.replace("stays\n", ""));
    expect(edit("# Only", { operation: "replace_section", heading: "Only", text: "x" })).toBe("# Only\nx");
    expect(edit("# C# ##\r\nold\r\n", { operation: "replace_section", heading: "C#", text: "new" })).toBe(
      "# C# ##\r\nnew",
    );
    expect(edit("## `x` y\nold", { operation: "replace_section", heading: "`x` y", text: "new" })).toBe(
      "## `x` y\nnew",
    );
  });

  test("replace_section refuses a heading that is missing, double or in code", () => {
    const body = "# A\n## B\n# B\n```\n# C\n```\n";
    const replace = (heading: string) => () => edit(body, { operation: "replace_section", heading, text: "" });
    expect(replace("B")).toThrow(conflict(/occurs 2 times.*"# A", "## B", "# B"/));
    expect(replace("C")).toThrow(conflict(/occurs 0 times/));
    expect(edit(body, { operation: "replace_section", heading: "## B", text: "x" })).toContain("## B\nx\n# B\n");
    expect(() => edit(body, { operation: "replace_section", text: "" })).toThrow(/heading/);
  });
});

describe("queries", () => {
  const words = (query: string) => termsOf(query).map((term) => term.words.join(" "));

  test("ask for each word once, and for no beginning of another word", () => {
    expect(words("Alpha alphabet ALPHABET al beta")).toEqual(["alphabet", "beta"]);
    expect(words("alpha (alpha) alpha, b B")).toEqual(["alpha", "b"]);
    expect(words("foo_bar foo")).toEqual(["foo bar", "foo"]);
    expect(words("al ".repeat(160))).toEqual(["al"]);
  });

  test("of more than sixteen words are refused, and so are those without any", () => {
    const many = Array.from({ length: 17 }, (_, index) => `w${String.fromCharCode(97 + index)}`);
    expect(() => termsOf(many.join(" "))).toThrow(
      expect.objectContaining({ code: "quota", message: expect.stringMatching(/16/) }),
    );
    expect(() => termsOf(" \0\u200d ")).toThrow(expect.objectContaining({ code: "invalid" }));
  });
});

describe("snippets and differences", () => {
  test("a snippet is one line of whole characters around the match", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 2_000 }), (body) => {
        const snippet = snippetOf(body, termsOf("a"));
        expect(snippet.isWellFormed()).toBe(true);
        expect(snippet).not.toMatch(/[\r\n]/);
      }),
    );
  });

  test("two long texts that share nothing are refused instead of compared for minutes", () => {
    const text = (letter: string) => Array.from({ length: 60_000 }, (_, line) => `${letter}${line}`).join("\n");
    const side = { title: "T", tags: [] };
    expect(() => diffOf({ ...side, version: 1, body: text("a") }, { ...side, version: 2, body: text("b") })).toThrow(
      /get_note/,
    );
  });
});
