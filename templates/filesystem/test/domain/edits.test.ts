import { readFile, stat, writeFile } from "node:fs/promises";
import fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import { diffOf } from "../../src/domain/change/diff.ts";
import { applyEdits } from "../../src/domain/change/edits.ts";
import { newFiles, refusal } from "../fixtures/files.ts";

const apply = (text: string | Buffer, ...edits: Parameters<typeof applyEdits>[1]) =>
  applyEdits(Buffer.from(text as string), edits, "f").bytes;
const code = (work: () => unknown) => {
  try {
    work();
    return "done";
  } catch (error) {
    return `${(error as { code: string }).code} ${(error as Error).message}`;
  }
};

test("an edit keeps CRLF, byte for byte", () => {
  const crlf = "a\r\nb\r\nc\r\n";
  expect(apply(crlf, { oldText: "b", newText: "B" }).toString()).toBe("a\r\nB\r\nc\r\n");
  expect(apply(crlf, { oldText: "a\nb", newText: "a\nx\nb" }).toString()).toBe("a\r\nx\r\nb\r\nc\r\n");
  expect(apply(crlf, { oldText: "b", newText: "1\n2" }).toString()).toBe("a\r\n1\r\n2\r\nc\r\n");
  expect(apply("a\nb\n", { oldText: "a\r\nb", newText: "c\r\nd" }).toString()).toBe("c\nd\n");
  expect(apply("a\r\nb\nc\n", { oldText: "b", newText: "x\ny" }).toString()).toBe("a\r\nx\ny\nc\n");
  expect(apply("\ufeffa\r\n", { oldText: "a", newText: "b" }).toString()).toBe("\ufeffb\r\n");
});

test("an edit that begins with a line feed leaves no half of a line end behind", () => {
  const crlf = "a\r\nb\r\n";
  expect(apply(crlf, { oldText: "\nb", newText: "\nx\nb" }).toString()).toBe("a\r\nx\r\nb\r\n");
  expect(apply(crlf, { oldText: "\nb", newText: "" }).toString()).toBe("a\r\n");
  expect(apply(crlf, { oldText: "\n", newText: " ", replaceAll: true }).toString()).toBe("a b ");
  expect(apply("a\r\nb\nc\n", { oldText: "\nb", newText: "" }).toString()).toBe("a\nc\n");
  const wide = (text: string) => Buffer.from(`\ufeff${text}`, "utf16le");
  expect(apply(wide(crlf), { oldText: "\nb", newText: "\nx" })).toEqual(wide("a\r\nx\r\n"));
});

test("an edit keeps bytes that are no UTF-8", async () => {
  const { files, at } = await newFiles();
  const latin = Buffer.from([0x63, 0x61, 0x66, 0xe9, 0x0d, 0x0a, 0x78]);
  await writeFile(at("f"), latin);
  await files.edit("f", [{ oldText: "x", newText: "y" }]);
  expect(await readFile(at("f"))).toEqual(Buffer.from([0x63, 0x61, 0x66, 0xe9, 0x0d, 0x0a, 0x79]));
  // What was shown comes back as the bytes it was. What is new would be a guess.
  await files.edit("f", [{ oldText: "fé", newText: "ééf" }]);
  expect(await readFile(at("f"))).toEqual(Buffer.from([0x63, 0x61, 0xe9, 0xe9, 0x66, 0x0d, 0x0a, 0x79]));
  for (const use of [
    files.edit("f", [{ oldText: "éé", newText: "éü" }]),
    files.append("f", "Größe"),
    files.write("f", "ééf"),
  ]) {
    expect((await refusal(use)).message).toMatch(/is not known, so ".*" cannot be written.*encoding/);
  }
  await files.append("f", "!");
  expect((await files.readText("f")).text).toBe("caééf\r\ny!");
});

test("an edit keeps UTF-16, in both orders", () => {
  const little = Buffer.from("\ufeffa\r\nĀb\r\n", "utf16le");
  const expected = Buffer.from("\ufeffa\r\nĀ漢\r\n", "utf16le");
  expect(apply(little, { oldText: "b", newText: "漢" })).toEqual(expected);
  expect(apply(Buffer.from(little).swap16(), { oldText: "b", newText: "漢" })).toEqual(Buffer.from(expected).swap16());
});

test("refuses what is ambiguous, empty, without effect or overlapping, and tells the count", async () => {
  const { files, at } = await newFiles();
  await writeFile(at("f"), "one two one two one aaa");
  const cases: [Parameters<typeof files.edit>[1], RegExp][] = [
    [[{ oldText: "one", newText: "1" }], /occurs 3 times.*expected 1/],
    [[{ oldText: "one", newText: "1", expectedReplacements: 2 }], /occurs 3 times.*expected 2/],
    [[{ oldText: "aa", newText: "b" }], /occurs 2 times/],
    [[{ oldText: "", newText: "1" }], /empty/],
    [[{ oldText: "one", newText: "one" }], /the same/],
    [[{ oldText: "three", newText: "3" }], /occurs 0 times/],
    [
      [
        { oldText: "e aaa", newText: "x" },
        { oldText: "two one aaa", newText: "y" },
      ],
      /Edits 2 and 1 overlap/,
    ],
    [
      [
        { oldText: "aaa", newText: "x" },
        { oldText: "zzz", newText: "y" },
      ],
      /Edit 2: oldText occurs 0 times/,
    ],
    [[], /at least one/],
  ];
  for (const [edits, message] of cases) expect((await refusal(files.edit("f", edits))).message).toMatch(message);
  expect((await files.readText("f")).text).toBe("one two one two one aaa");
});

test("shows where a text stands with other white space, instead of guessing", () => {
  const indented = "if (x) {\n\ty();\n\tz();\n}\n";
  expect(code(() => apply(indented, { oldText: "  y();\n  z();", newText: "w();" }))).toMatch(
    /Lines 2 to 3 differ .*white space/,
  );
  expect(code(() => apply(indented, { oldText: "    z();", newText: "w();" }))).toMatch(/Line 3 differs/);
});

test("takes the new text as it is", () => {
  expect(apply("a b", { oldText: "a", newText: "$& $1 $$ $` \\1" }).toString()).toBe("$& $1 $$ $` \\1 b");
  expect(apply("a.c abc", { oldText: "a.c", newText: "x" }).toString()).toBe("x abc");
});

test("replaces a given number, or all", () => {
  expect(apply("x x x", { oldText: "x", newText: "y", expectedReplacements: 3 }).toString()).toBe("y y y");
  expect(apply("aaaa", { oldText: "aa", newText: "b", replaceAll: true }).toString()).toBe("bb");
  expect(code(() => apply("x", { oldText: "z", newText: "y", replaceAll: true }))).toMatch(/conflict.*0 times/);
  expect(code(() => apply("a\0b", { oldText: "a", newText: "b" }))).toMatch(/^binary/);
});

test("touches nothing but what was found", () => {
  const piece = fc
    .uint8Array({ min: 1, max: 255, maxLength: 40 })
    .filter((bytes) => !Buffer.from(bytes).includes("needle"));
  fc.assert(
    fc.property(piece, piece, (before, after) => {
      const bytes = Buffer.concat([before, Buffer.from("needle"), after]);
      fc.pre(!(bytes[0] === 0xff && bytes[1] === 0xfe) && !(bytes[0] === 0xfe && bytes[1] === 0xff));
      expect(apply(bytes, { oldText: "needle", newText: "N" })).toEqual(
        Buffer.concat([before, Buffer.from("N"), after]),
      );
    }),
  );
});

test("changes nothing when the file is another than the caller knows", async () => {
  const { files, at } = await newFiles();
  const { sha256 } = await files.write("f", "known");
  await writeFile(at("f"), "someone was here");
  const stale = { ifSha256: sha256 };
  const uses = [
    files.write("f", "x", stale),
    files.append("f", "x", stale),
    files.edit("f", [{ oldText: "here", newText: "x" }], stale),
    files.remove("f", stale),
    files.write("missing", "x", stale),
  ];
  for (const use of uses) expect((await refusal(use)).code).toBe("conflict");
  expect((await files.readText("f")).text).toBe("someone was here");
  expect((await refusal(files.write("f", "x", { ifSha256: "no hash" }))).code).toBe("invalid");
  const { sha256: now } = await files.readText("f");
  await files.write("f", "mine", { ifSha256: String(now).toUpperCase() });
  expect((await files.readText("f")).text).toBe("mine");
});

test("a dry run tells what would change, and changes nothing", async () => {
  const { files, at } = await newFiles();
  await writeFile(at("f"), "a\nb\nc\n");
  const before = await stat(at("f"));
  const tried = await files.edit("f", [{ oldText: "b", newText: "B" }], { dryRun: true });
  expect(tried).toMatchObject({ applied: false, replacements: 1 });
  expect(tried.diff).toContain("-b\n+B\n");
  expect((await stat(at("f"))).mtimeMs).toBe(before.mtimeMs);
  const done = await files.edit("f", [{ oldText: "b", newText: "B" }]);
  expect(done.sha256).toBe(tried.sha256);
  expect((await files.readText("f")).sha256).toBe(tried.sha256);
});

test("a small change has a diff however slow the machine is", () => {
  let now = 0;
  onTestFinished(() => void vi.restoreAllMocks());
  vi.spyOn(Date, "now").mockImplementation(() => (now += 1_000));
  expect(diffOf("f", "a\nb\n", "a\nc\n")?.diff).toContain("-b\n+c\n");
});

test("20 edits of one file at once keep 20, whatever name each takes", async () => {
  const { files, folder, at } = await newFiles();
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index};\n`);
  await writeFile(at("f"), lines.join(""));
  const { symlink } = await import("node:fs/promises");
  await symlink("f", at("link"));
  const names = ["f", "./f", "link", `${folder}/f`];
  await Promise.all(
    lines.map((_, index) =>
      files.edit(names[index % 4] ?? "f", [{ oldText: `line ${index};`, newText: `done ${index};` }]),
    ),
  );
  expect((await files.readText("f")).text).toBe(lines.join("").replaceAll("line", "done"));
});
