import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Tag, Title } from "../../src/domain/note.ts";
import { fromMarkdown } from "../../src/domain/text/from-markdown.ts";
import { toMarkdown } from "../../src/domain/text/to-markdown.ts";

const meta = {
  id: "n4",
  version: 3,
  created_at: "2026-01-01T00:00:00.000Z",
  updated_at: "2026-01-02T00:00:00.000Z",
  size_bytes: 0,
};
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc
    .array(fc.constantFrom("---", "\n", "\r\n", "\ufeff", "\0", "title: x", "#", '"', "'", ": ", "\u2028", "é"))
    .map((parts) => parts.join("")),
);

describe("Markdown", () => {
  test("a note comes back from its file exactly, whatever it holds", () => {
    const title = anyText.filter((text) => Title.safeParse(text).success);
    const tag = anyText.map((text) => Tag.safeParse(text).data ?? "tag");
    fc.assert(
      fc.property(title, anyText, fc.uniqueArray(tag, { maxLength: 4 }), (title, body, tags) => {
        const { id, created_at } = meta;
        expect(fromMarkdown(toMarkdown({ ...meta, title, body, tags }))).toEqual({ id, title, tags, created_at, body });
      }),
      { numRuns: 500 },
    );
  });

  test("a file without front matter is its body", () => {
    for (const text of [
      "",
      "# Hi\n",
      "---\n",
      "--- \nno end",
      "\ufeffx",
      "---\n- a list\n---\n",
      "---\n{{bad\n---\nbody",
      "a\n---\nb\n---\n",
    ]) {
      expect(fromMarkdown(text)).toEqual({ tags: [], body: text });
    }
  });

  test("front matter of a note is taken off, with any line end and mark", () => {
    expect(fromMarkdown("\ufeff---\r\ntitle: A\r\ntags: [x, y]\r\n---\r\nbody\r\n")).toEqual({
      title: "A",
      tags: ["x", "y"],
      body: "body\r\n",
    });
    expect(fromMarkdown("---\n---\nbody")).toEqual({ tags: [], body: "---\n---\nbody" });
    expect(fromMarkdown("---\ntitle: A\n---")).toEqual({ title: "A", tags: [], body: "" });
  });

  test("another program's fields stay in the body, and its title and tags are understood", () => {
    const text = "---\ntitle: A\naliases: [b]\ntags: '#x, y'\n---\nbody";
    expect(fromMarkdown(text)).toEqual({ title: "A", tags: ["x", "y"], body: text });
    expect(fromMarkdown("---\nid: 7\n---\nbody")).toEqual({ tags: [], body: "---\nid: 7\n---\nbody" });
  });

  test("aliases that explode are not expanded", () => {
    const bomb = `---\na: &a [x,x,x,x,x,x,x,x,x,x]\n${["b", "c", "d", "e", "f", "g", "h"].map((name, at) => `${name}: &${name} [${Array(10).fill(`*${"abcdefg"[at]}`).join(",")}]`).join("\n")}\n---\nbody`;
    expect(fromMarkdown(bomb)).toEqual({ tags: [], body: bomb });
  });
});
