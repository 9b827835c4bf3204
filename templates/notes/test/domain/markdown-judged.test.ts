import { describe, expect, test } from "vitest";
import { applyEdit, Edit } from "../../src/domain/text/edits.ts";
import { outlineOf } from "../../src/domain/text/markdown/headings.ts";
import { marksIn } from "../../src/domain/text/markdown/inline.ts";
import { type JudgedHeading, judge } from "../fixtures/judge.ts";
import { examples, withoutGfm } from "../fixtures/specs.ts";

const edit = async (body: string, change: Edit) => applyEdit(body, Edit.parse(change));

const indented = (text: string, first: string, rest: string) =>
  text
    .replace(/\n$/, "")
    .split("\n")
    .map((line, at) => (at === 0 ? first : line === "" ? "" : rest) + line)
    .join("\n");

/** What an example may stand in. */
const settings: Record<string, (example: string) => string> = {
  alone: (text) => text,
  "between sections": (text) => `# Above\n\nold\n\n${text}\n\n## Below\n\nlast\n`,
  "in a list": (text) => `# Above\n\n${indented(text, "1. ", "   ")}\n\n# Below\n`,
  "in a quote": (text) =>
    `# Above\n\n${text
      .replace(/\n$/, "")
      .split("\n")
      .map((line) => `> ${line}`)
      .join("\n")}\n\n# Below\n`,
  "in a footnote": (text) => `# Above\n\n${indented(text, "[^long-label]: ", "    ")}\n\n# Below\n`,
  "after front matter": (text) => `---\ntitle: x\n---\n${text}`,
  "with CRLF": (text) => text.replaceAll("\n", "\r\n"),
  "after a byte order mark": (text) => `\ufeff${text}`,
};

/** The ordinary run takes each example in two of the settings, `OFFSHOOT_LONG=1` in all. */
const isTaken = (example: number, setting: number): boolean =>
  process.env.OFFSHOOT_LONG === "1" || setting === 0 || example % 7 === setting - 1;

const composed = examples.flatMap((example, at) =>
  Object.entries(settings).flatMap(([setting, set], index) => {
    return isTaken(at, index) ? [{ setting, body: set(example) }] : [];
  }),
);

const failures = (check: (body: string) => unknown) =>
  composed.flatMap(({ setting, body }) => {
    try {
      const wrong = check(body);
      return wrong === undefined ? [] : [{ setting, body, wrong }];
    } catch (error) {
      return [{ setting, body, wrong: String(error) }];
    }
  });

describe("every example of the specifications, in every setting", { timeout: 180_000 }, () => {
  test("the examples of GFM are among them", ({ skip }) => {
    if (withoutGfm) skip(withoutGfm);
    expect(examples.length).toBeGreaterThan(1_300);
  });

  test("has the headings and sections that another parser sees", () => {
    const shape = (headings: JudgedHeading[]) =>
      headings.map(({ rank, depth, from, to, end }) => [rank, depth, from, to, end]);
    const wrong = failures((body) => {
      const [own, judged] = [shape(outlineOf(body).headings), shape(judge(body).headings)];
      return JSON.stringify(own) === JSON.stringify(judged) ? undefined : { own, judged };
    });
    // A lazy line of a quote in a list item, less deep than the item's text: the parser ends the quote a line early.
    const lazy = "1.    > # Foo\n      > bar\n    > baz";
    // A mark of a quote that is deep enough for code goes on with the quote; and the judge ends an item a line late.
    const known = [lazy, "[^long-label]:     > # Foo", "[^long-label]: - # Foo\n    - Bar"];
    expect(wrong.filter(({ body }) => !known.some((text) => body.includes(text)))).toEqual([]);
  });

  test("keeps every byte outside a section that is replaced, and every heading", async () => {
    const wrong: unknown[] = [];
    let replaced = 0;
    for (const { setting, body } of composed) {
      const before = judge(body);
      for (const { rank, title, from, to, end } of outlineOf(body).headings) {
        const heading = `${"#".repeat(rank)} ${title}`;
        const edited = await edit(body, { operation: "replace_section", heading, text: "NEW" }).catch(() => undefined);
        if (edited === undefined) continue; // a title that occurs twice
        replaced++;
        const after = judge(edited);
        const outside = before.headings.filter((one) => one.from <= from || one.from >= end).map((one) => one.rank);
        const kept = edited.startsWith(body.slice(0, to)) && edited.endsWith(body.slice(end));
        const text = after.kindAt(edited.indexOf("NEW", to)).at(-1) === "text";
        if (kept && text && JSON.stringify(after.headings.map((one) => one.rank)) === JSON.stringify(outside)) continue;
        wrong.push({ setting, body, heading, edited });
      }
    }
    expect(wrong).toEqual([]);
    expect(replaced).toBeGreaterThan(300);
  });

  test("put above a note, swallows nothing of it", async () => {
    const wrong: unknown[] = [];
    let refused = 0;
    for (const example of new Set(examples)) {
      const body = "QBODY\n\n# QHEAD\n";
      const edited = await edit(body, { operation: "prepend", text: example }).catch(() => undefined);
      if (edited === undefined) refused++;
      else {
        const { headings, kindAt } = judge(edited);
        const kept = headings.some(({ from }) => edited.startsWith("# QHEAD", from)) && edited.endsWith(body);
        const kinds = kindAt(edited.lastIndexOf("QBODY"));
        if (!kept || kinds.includes("html") || kinds.includes("code")) wrong.push({ example, edited, kinds });
      }
    }
    expect(wrong).toEqual([]);
    expect(refused).toBeGreaterThan(3);
  });

  test.each([
    ["wiki", "[[QX]]"],
    ["tag", "#QX"],
  ])("has a %s link wherever another parser sees text, and nowhere else", (type, mark) => {
    const wrong = [...new Set(examples)]
      .filter((_, at) => isTaken(at, 1))
      .flatMap((example) => {
        const places = [...example.matchAll(/(?<=\s|^)(?=\S)|(?<=\S)(?=\s|$)/g)]
          .map((match) => match.index)
          .slice(0, 12);
        return places.flatMap((at) => {
          const body = `${example.slice(0, at)}${at === 0 ? "" : " "}${mark} ${example.slice(at)}`;
          const offset = body.indexOf("QX", at);
          const own = marksIn(body).some((one) => one.type === type && one.from <= offset && offset < one.to);
          const kinds = judge(body).kindAt(offset);
          const judged = /^(text|linkReference|imageReference)$/.test(kinds.at(-1) ?? "");
          // The text of an image is no node of its own to the judge.
          return own === judged || kinds.includes("image") ? [] : [{ body, kinds }];
        });
      });
    // Text after a definition that is indented like code, an address with a backslash, and a tag in a wiki link.
    const known = /^ {3}\[foo\]: \n|<foo\\\+@bar|^\[\[\*foo\*/;
    expect(wrong.filter(({ body }) => !known.test(body))).toEqual([]);
  });

  test("has the links another parser sees", () => {
    const wrong = [...new Set(examples)].flatMap((example) => {
      const own = marksIn(example).filter(({ type }) => type === "link");
      const judged = judge(example).links;
      // A link inside the text of a link or an image leads somewhere too, for a reader of the source.
      return own.length > judged.length && !/[[*]foo/.test(example) ? [{ example, own, judged }] : [];
    });
    expect(wrong).toEqual([]);
  });
});

test.each([
  ["[^1]: # A\n    old\n\nafter\n", "[^1]: # A\n    NEW\n\nafter\n"],
  ["[^longer#label]: # A\n    old\n", "[^longer#label]: # A\n    NEW"],
  ["[^1]: text\n\n    # A\n    old\n\n    # B\n", "[^1]: text\n\n    # A\n    NEW\n    # B\n"],
  ["> - [^1]: # A\n>       old\n", "> - [^1]: # A\n>       NEW"],
])("a heading in a footnote has a section that ends with it: %j", async (body, edited) => {
  expect(await edit(body, { operation: "replace_section", heading: "A", text: "NEW" })).toBe(edited);
});

test("a footnote's links and tags are the note's, also where it is no more than one of them", () => {
  expect(marksIn("[^1]: [[Target]]\n[^2]: #tag\n[^3]: [a](b.md)\n").map(({ text }) => text)).toEqual([
    ...["Target", "tag", "b.md"],
  ]);
});

/** A megabyte takes half a second of an idle machine; what grows with the square of the text would take hours. */
const size = process.env.OFFSHOOT_LONG === "1" ? 2 ** 20 : 2 ** 18;

test("a long text of anything is read in time that grows with its length", () => {
  const kinds = [
    "<!--",
    "<?",
    "<a ",
    "[",
    "![[",
    "](",
    "](<",
    "[a](",
    "`",
    "` ``",
    "*_",
    "> ",
    "1. ",
    "- ",
    "# ",
    "#a ",
    "|",
  ];
  const lines = [
    "[^1]: # a\n",
    "|[[a]]\n",
    "a|b\n-|-\n",
    "a [[b]] #c [d](e)\n",
    "[x]: y\n",
    "- a\n  ",
    "> - # a\n",
    "=\n",
    "a\n=\n",
    "\0\r\n",
  ];
  for (const kind of [...kinds, ...lines]) {
    const body = kind.repeat(size / kind.length);
    expect(outlineOf(body).blocks.length).toBeGreaterThan(0);
    expect(marksIn(body).length).toBeLessThan(size);
  }
});
