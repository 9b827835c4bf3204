import fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { diffOf } from "../../src/domain/text/diff.ts";
import { applyEdit, Edit } from "../../src/domain/text/edits.ts";
import { linksIn, linkTargets, retarget } from "../../src/domain/text/links.ts";
import { snippetOf, termsOf } from "../../src/domain/text/search.ts";

const edit = (body: string, change: Edit) => applyEdit(body, Edit.parse(change));
const conflict = (message: RegExp) =>
  expect.objectContaining({ code: "conflict", message: expect.stringMatching(message) });

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

  test("of both kinds are read with their paths, and addresses are none", () => {
    const read = (body: string) => linksIn(body, "a/b").map(({ key, path }) => `${key} ${path}`);
    expect(read("[[x/Note.md]] [[../Up]] [[./Here]] [[/Root/N]] [[../../../out]]")).toEqual([
      "note x/note",
      "up /a/up",
      "here /a/b/here",
      "n /root/n",
      "out ../../../out",
    ]);
    expect(read("[w](My%20Note.md) [w](<a b.md> 'title') [w](https://x.org/N.md) [w](#H) [w](Sub/My Note.md)")).toEqual(
      ["my note my note", "a b a b"],
    );
    expect(read("| a |\n|---|\n| [[N\\|bar]] |")).toEqual(["n n"]);
  });

  test("are led elsewhere, and everything else stays byte for byte", () => {
    const to =
      (text: string) =>
      ({ key }: { key: string }) =>
        key === "old" ? { text } : undefined;
    const body = "[[Old]]\r\n[[ old #H|l]] [[Older]] `[[Old]]`\0 [x](Old.md#H)";
    expect(retarget(body, "", to("New one"))).toBe(
      "[[New one]]\r\n[[New one#H|l]] [[Older]] `[[Old]]`\0 [x](New%20one.md#H)",
    );
    expect(retarget("| a |\n|---|\n| [[Old\\|bar]] |", "", to("New"))).toBe("| a |\n|---|\n| [[New\\|bar]] |");
    expect(retarget("a [[b]] `", "", to("New"))).toBe("a [[b]] `");
  });

  test("name the id where the title cannot be written in a link", () => {
    expect(linkTargets(4, "", "Plain")).toEqual([{ text: "Plain" }, { text: "n4", label: "Plain" }]);
    expect(linkTargets(4, "a/b", "Plain").map(({ text }) => text)).toEqual(["Plain", "a/b/Plain", "n4"]);
    expect(linkTargets(4, "", "a]]b")).toEqual([{ text: "n4", label: "a  b" }]);
    expect(linkTargets(4, "x", "n7").map(({ text }) => text)).toEqual(["n4", "/x/n7"]);
    expect(linkTargets(4, "", "[]")).toEqual([{ text: "n4" }]);
  });

  test("written to any title are read back as links to that note", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 30 }), (title) => {
        fc.pre(!/[\p{Cc}\u2028\u2029]/u.test(title) && title.trim() !== "");
        for (const target of linkTargets(4, "", title)) {
          const [link] = linksIn(retarget("[[x]]", "", () => target));
          expect(link?.target).toBe(target.text.trim());
        }
      }),
    );
  });
});

describe("edits", () => {
  test("append and prepend put one line break between, of the kind the note has", async () => {
    expect(await edit("a", { operation: "append", text: "b" })).toBe("a\nb");
    expect(await edit("a\n", { operation: "append", text: "b" })).toBe("a\nb");
    expect(await edit("", { operation: "append", text: "b" })).toBe("b");
    expect(await edit("a\r\nb", { operation: "prepend", text: "c" })).toBe("c\r\na\r\nb");
    expect(await edit("a", { operation: "append", text: "" })).toBe("a");
  });

  test("append and prepend make no heading of what stands there, and leave front matter on top", async () => {
    expect(await edit("a", { operation: "append", text: "---\nb" })).toBe("a\n\n---\nb");
    expect(await edit("a\n\n", { operation: "append", text: "===" })).toBe("a\n\n===");
    expect(await edit("---\nb", { operation: "prepend", text: "a" })).toBe("a\n\n---\nb");
    expect(await edit("---\nx: 1\n---\nb", { operation: "prepend", text: "a" })).toBe("---\nx: 1\n---\na\nb");
  });

  test("replace_section knows code, underlined headings and headings in lists for what they are", async () => {
    const replace = (body: string, heading: string, text = "new") =>
      edit(body, { operation: "replace_section", heading, text });
    const list = "# A\n1. ```bash\n   # no heading\n   ```\n2. `` ` ``\n\n# B\nstays\n";
    expect(await replace(list, "A")).toBe("# A\nnew\n# B\nstays\n");
    expect(await replace("## A\nold\n\nUnder\n-----\nx", "A")).toBe("## A\nnew\n\nUnder\n-----\nx");
    expect(await replace("Under\n=====\nold\n# B", "# Under")).toBe("Under\n=====\nnew\n# B");
    expect(await replace("- # A\n  old\n- two\n", "A", "a\n\nb")).toBe("- # A\n  a\n\n  b\n- two\n");
    expect(await replace("> # A\n> old\n\n# B\n", "A")).toBe("> # A\n> new\n\n# B\n");
    await expect(replace("# A\nold\n# B\n", "A", "```\nopen")).rejects.toThrow(conflict(/leaves a code fence/));
    expect(await replace("# A\nold", "A", "```\nopen")).toBe("# A\n```\nopen");
  });

  test("find_replace is literal and counts", async () => {
    expect(await edit("a.c abc", { operation: "find_replace", find: "a.c", text: "$1" })).toBe("$1 abc");
    await expect(edit("abc", { operation: "find_replace", find: "x", text: "" })).rejects.toThrow(
      conflict(/occurs 0 times/),
    );
    await expect(edit("aaa", { operation: "find_replace", find: "a", text: "" })).rejects.toThrow(
      conflict(/occurs 3 times/),
    );
    expect(await edit("aaa", { operation: "find_replace", find: "a", text: "b", expected_replacements: 3 })).toBe(
      "bbb",
    );
    await expect(edit("a", { operation: "find_replace", text: "b" })).rejects.toThrow(/find/);
    await expect(edit("a", { operation: "append", text: "b", find: "a" })).rejects.toThrow(/find/);
  });

  test("replace_section keeps the heading and what follows it", async () => {
    const body = "# Top\nintro\n## Plan\nold\n### Detail\nold\n## Next\nstays\n";
    expect(await edit(body, { operation: "replace_section", heading: "## Plan", text: "new" })).toBe(
      "# Top\nintro\n## Plan\nnew\n## Next\nstays\n",
    );
    expect(await edit(body, { operation: "replace_section", heading: "Next", text: "" })).toBe(
      body.replace("stays\n", ""),
    );
    expect(await edit("# Only", { operation: "replace_section", heading: "Only", text: "x" })).toBe("# Only\nx");
    expect(await edit("# C# ##\r\nold\r\n", { operation: "replace_section", heading: "C#", text: "new" })).toBe(
      "# C# ##\r\nnew",
    );
    expect(await edit("## `x` y\nold", { operation: "replace_section", heading: "`x` y", text: "new" })).toBe(
      "## `x` y\nnew",
    );
  });

  test("replace_section refuses a heading that is missing, double or in code", async () => {
    const body = "# A\n## B\n# B\n```\n# C\n```\n";
    const replace = (heading: string) => edit(body, { operation: "replace_section", heading, text: "" });
    await expect(replace("B")).rejects.toThrow(conflict(/occurs 2 times.*"# A", "## B", "# B"/));
    await expect(replace("C")).rejects.toThrow(conflict(/occurs 0 times/));
    expect(await edit(body, { operation: "replace_section", heading: "## B", text: "x" })).toContain("## B\nx\n# B\n");
    await expect(edit(body, { operation: "replace_section", text: "" })).rejects.toThrow(/heading/);
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

  test("a small change has a diff however slow the machine is", () => {
    let now = 0;
    onTestFinished(() => void vi.restoreAllMocks());
    vi.spyOn(Date, "now").mockImplementation(() => (now += 1_000));
    const side = { title: "T", tags: [] };
    const diff = diffOf({ ...side, version: 1, body: "a\nb" }, { ...side, version: 2, body: "a\nc" });
    expect(diff).toContain("-b\n\\ No newline at end of file\n+c\n");
  });

  test("two long texts that share nothing are refused instead of compared for minutes", () => {
    const text = (letter: string) => Array.from({ length: 60_000 }, (_, line) => `${letter}${line}`).join("\n");
    const side = { title: "T", tags: [] };
    expect(() => diffOf({ ...side, version: 1, body: text("a") }, { ...side, version: 2, body: text("b") })).toThrow(
      /get_note/,
    );
  });
});
