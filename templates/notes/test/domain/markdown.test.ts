import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { basenameOf } from "../../src/domain/file-name.ts";
import { Tag, Title } from "../../src/domain/note.ts";
import { fromMarkdown } from "../../src/domain/text/from-markdown.ts";
import { readFront, setFields } from "../../src/domain/text/front-fields.ts";
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
        const read = fromMarkdown(toMarkdown({ ...meta, title, body, tags, front: "", file: null }));
        expect(read).toMatchObject({ id, tags: [...new Set(tags)], created_at, body, notUnderstood: [] });
        // A title that is the name of its file is not said again.
        expect(read.title ?? basenameOf(title)).toBe(title.trim());
      }),
      { numRuns: 500 },
    );
  });

  test("a tag that was read is read as itself", () => {
    for (const text of ["# #", "#\u00a0#a", "## # a"])
      expect(Tag.safeParse(text).data ?? "").toBe(/a?$/.exec(text)?.[0]);
    fc.assert(
      fc.property(anyText, (text) => {
        const { data } = Tag.safeParse(text);
        if (data !== undefined) expect(Tag.parse(data)).toBe(data);
      }),
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
      const { front, body } = fromMarkdown(text);
      expect(front + body).toBe(text);
    }
    for (const text of ["", "# Hi\n", "---\n", "--- \nno end", "\ufeffx", "a\n---\nb\n---\n"])
      expect(fromMarkdown(text)).toMatchObject({ front: "", body: text, notUnderstood: [] });
  });

  test("front matter of a note is taken off, with any line end and mark", () => {
    expect(fromMarkdown("\ufeff---\r\ntitle: A\r\ntags: [x, y]\r\n---\r\nbody\r\n")).toMatchObject({
      title: "A",
      tags: ["x", "y"],
      body: "body\r\n",
    });
    expect(fromMarkdown("---\ntitle: A\n---")).toMatchObject({ title: "A", tags: [], body: "" });
  });
});

describe("front matter as people and programs write it", () => {
  const read = (yaml: string) => readFront(`---\n${yaml}\n---\n`);

  test.each([
    ["tags: '#x, y'", ["x", "y"]],
    ["tags: x y", ["x", "y"]],
    ["tags: |\n  x\n  y", ["x", "y"]],
    ["tags: >\n  x y", ["x", "y"]],
    ['tags: [""]', []],
    ["tags: [2024, true, a/b]", ["2024", "true", "a/b"]],
    ["tags: [[a, b], c]", ["a", "b", "c"]],
    ["tags:\n  - a\n  -\n  - '#b'", ["a", "b"]],
    ["tag: one", ["one"]],
    ["Tags: [Up]", ["Up"]],
    ["tags:", []],
    ["TAGS: a\ntag: b", ["a", "b"]],
  ])("%j has the tags %j", (yaml, tags) => {
    expect(read(yaml)).toMatchObject({ tags, notUnderstood: [] });
  });

  test.each([
    ['title: ""', undefined],
    ["title: 42", "42"],
    ["Title: Up", "Up"],
    ["title: >\n  long\n  line", "long line"],
    ["title: 2024-01-01", "2024-01-01"],
  ])("%j has the title %j", (yaml, title) => {
    expect(read(yaml)).toMatchObject({ notUnderstood: [] });
    expect(read(yaml).title).toBe(title);
  });

  test.each([
    ["created: 2024-05-06", "2024-05-06T00:00:00.000Z"],
    ["date: 2024-05-06 07:08", "2024-05-06T07:08:00.000Z"],
    ["date created: 2024-05-06T07:08:09+02:00", "2024-05-06T05:08:09.000Z"],
    ["created_at: '2024-05-06T07:08:09.010Z'", "2024-05-06T07:08:09.010Z"],
  ])("%j was written at %s", (yaml, time) => {
    expect(read(yaml)).toMatchObject({ created_at: time, notUnderstood: [] });
  });

  test.each([
    ["tags: {a: b}", "tags"],
    ["title: [a, b]", "title"],
    [`title: ${"x".repeat(201)}`, "title"],
    ["created: yesterday", "created"],
    ["tags: [x, {a: b}]", "tags"],
    ["{{template}}: [", "front matter"],
    ["- a list", "front matter"],
  ])("%j is kept, and what is not understood is named", (yaml, named) => {
    expect(read(yaml).notUnderstood).toEqual([named]);
  });

  test("a field is set and taken away, and everything else stays as it was written", () => {
    const front = "---\r\n# mine\r\nStatus:   'open' # why\r\ntags: [a,  b]\r\n---\r\n";
    expect(setFields(front, {})).toContain("# mine");
    const changed = setFields(front, { status: "done", rating: 5 });
    expect(changed).toBe("---\r\n# mine\r\nStatus: 'done' # why\r\ntags: [ a, b ]\r\nrating: 5\r\n---\r\n");
    expect(setFields(changed, { Status: null, tags: null, rating: null })).toBe("");
    expect(setFields("---\rtitle: x\r---\r", { status: "done" })).toBe("---\rtitle: x\rstatus: done\r---\r");
    expect(setFields("", { status: "open" })).toBe("---\nstatus: open\n---\n");
    expect(() => setFields("---\n{{x\n---\n", { a: 1 })).toThrow(/not YAML/);
  });

  test("aliases that explode are not expanded", () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${["b", "c", "d", "e", "f", "g", "h"].map((name, at) => `${name}: &${name} [${Array(10).fill(`*${"abcdefg"[at]}`).join(",")}]`).join("\n")}`;
    expect(read(bomb).notUnderstood).toEqual(["front matter"]);
  });
});
