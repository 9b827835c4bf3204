import { appendFile, truncate, writeFile } from "node:fs/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { TextPart } from "../../src/domain/files.ts";
import { newFiles, refusal } from "../fixtures/files.ts";

test("reads text in parts that join to the very bytes, whatever is cut", async () => {
  const { files, at } = await newFiles({ limits: { textBytes: 7 } });
  const text = fc.string({ unit: fc.constantFrom("a", "é", "漢", "😀", "\r\n", "\n", "\ufeff"), maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(text, fc.constantFrom("utf8", "utf16le", "be"), async (whole, encoding) => {
      const wide = Buffer.from(`\ufeff${whole}`, "utf16le");
      const bytes = encoding === "utf8" ? Buffer.from(whole) : encoding === "be" ? Buffer.from(wide).swap16() : wide;
      await writeFile(at("f"), bytes);
      let joined = "";
      let part: TextPart | undefined;
      for (let parts = 0; part === undefined || part.nextCursor !== undefined; parts++) {
        part = await files.readText("f", { cursor: part?.nextCursor });
        joined += part.text;
        expect(part.truncated).toBe(part.nextCursor !== undefined);
        expect(parts).toBeLessThan(60);
      }
      expect(joined).toBe(encoding === "utf8" ? whole : `\ufeff${whole}`);
    }),
    { numRuns: 150 },
  );
});

test("gives an empty file, a sparse one of 3 GB at once, and one that grows", async () => {
  const { files, at } = await newFiles();
  await writeFile(at("empty"), "");
  expect(await files.readText("empty")).toMatchObject({ text: "", size: 0, truncated: false });
  expect(await files.readLines("empty", { offset: 1, limit: 5 })).toEqual({ lines: [], total: 0 });
  await writeFile(at("sparse"), "start\n");
  await truncate(at("sparse"), 3_000_000_000);
  expect((await refusal(files.readText("sparse"))).code).toBe("binary");
  expect(await files.readText("sparse", { head: 1 }).catch(({ code }) => code)).toBe("binary");
  expect((await refusal(files.readBytes("sparse"))).code).toBe("too_large");
  expect((await refusal(files.edit("sparse", [{ oldText: "start", newText: "x" }]))).code).toBe("too_large");

  await writeFile(at("log"), "0123456789\n".repeat(200_000));
  const whole = { maxBytes: 1024 * 1024 };
  const first = await files.readText("log", whole);
  expect(first).toMatchObject({ size: 2_200_000, truncated: true });
  expect(first.sha256).toBeUndefined();
  await appendFile(at("log"), "more\n");
  const second = await files.readText("log", { cursor: first.nextCursor, ...whole });
  const third = await files.readText("log", { cursor: second.nextCursor, ...whole });
  expect((first.text + second.text + third.text).endsWith("9\nmore\n")).toBe(true);
  await files.write("log", "another file");
  expect((await refusal(files.readText("log", { cursor: first.nextCursor }))).code).toBe("conflict");
  for (const cursor of ["", "?", "W10", Buffer.from("[-1,2,3]").toString("base64url")]) {
    expect((await refusal(files.readText("log", { cursor }))).code).toBe("invalid");
  }
});

test("head and tail give whole lines without the last line's end", async () => {
  const { files, at } = await newFiles({ limits: { textBytes: 100 } });
  await writeFile(at("f"), "a\nb\r\nc\n");
  await writeFile(at("open"), "a\nb");
  const text = async (name: string, options: object) => (await files.readText(name, options)).text;
  expect(await text("f", { head: 2 })).toBe("a\nb");
  expect(await text("f", { head: 9 })).toBe("a\nb\r\nc\n");
  expect(await text("f", { head: 0 })).toBe("");
  expect(await text("f", { tail: 2 })).toBe("b\r\nc");
  expect(await text("f", { tail: 9 })).toBe("a\nb\r\nc");
  expect(await text("f", { tail: 0 })).toBe("");
  expect(await text("open", { tail: 1 })).toBe("b");
  await writeFile(at("long"), Array.from({ length: 100 }, (_, index) => `line ${index}\n`).join(""));
  expect(await text("long", { tail: 2 })).toBe("line 98\nline 99");
  expect(await files.readText("long", { tail: 50 })).toMatchObject({ truncated: true });
  const start = await files.readText("long", { head: 50 });
  expect(start).toMatchObject({ truncated: true, nextCursor: expect.any(String) });
  const { text: behind } = await files.readText("long", { cursor: start.nextCursor });
  expect(start.text + behind).toMatch(/^line 0\nline 1\n[\s\S]*line 13\nline 14\n/);
  expect(await files.readText("long", { head: 3 })).toMatchObject({ truncated: false, text: "line 0\nline 1\nline 2" });
  expect((await refusal(files.readText("f", { head: 1, tail: 1 }))).code).toBe("invalid");
});

test("tail finds its lines from the end, whatever a character's length", async () => {
  const { files, at } = await newFiles();
  for (const letter of ["x", "é", "漢", "😀"]) {
    await writeFile(at("f"), `${letter.repeat(200_000)}\nlast but one ${letter}\nlast`);
    expect((await files.readText("f", { tail: 2 })).text).toBe(`last but one ${letter}\nlast`);
  }
});

test("reads lines by number, to the end and in pages", async () => {
  const { files, at } = await newFiles({ limits: { textBytes: 60 } });
  await writeFile(at("f"), Array.from({ length: 30_000 }, (_, index) => `line ${index + 1}\r\n`).join(""));
  expect(await files.readLines("f", { offset: 29_999, limit: 5 })).toEqual({
    lines: [
      { number: 29_999, text: "line 29999" },
      { number: 30_000, text: "line 30000" },
    ],
    total: 30_000,
  });
  const page = await files.readLines("f", { offset: 1, limit: 100 });
  expect(page.nextOffset).toBe(page.lines.length + 1); // the size of an answer ends it first
  expect(await files.readLines("f", { offset: 99_999, limit: 1 })).toEqual({ lines: [], total: 30_000 });
  await writeFile(at("g"), `${"x".repeat(1_000_000)}\nb`);
  const { lines } = await files.readLines("g", { offset: 1, limit: 1 });
  expect(lines[0]?.text).toHaveLength(60);
  const rest = await files.readText("g", { cursor: lines[0]?.restCursor });
  expect(rest.text).toHaveLength(60);
  expect((await files.readLines("g", { offset: 2, limit: 1 })).lines).toEqual([{ number: 2, text: "b" }]);
  await writeFile(at("w"), Buffer.from("\ufeffa\r\nĊb\n漢", "utf16le"));
  expect((await files.readLines("w", { offset: 2, limit: 9 })).lines.map(({ text }) => text)).toEqual(["Ċb", "漢"]);
  expect((await refusal(files.readLines("f", { offset: 0, limit: 1 }))).code).toBe("invalid");
});

test("tells text from other bytes, and their type", async () => {
  const { files, at } = await newFiles({ limits: { binaryBytes: 100 } });
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 1]);
  await writeFile(at("p.PNG"), png);
  expect(await files.readBytes("p.PNG")).toMatchObject({ mimeType: "image/png", size: 8 });
  expect(Buffer.from((await files.readBytes("p.PNG")).bytes)).toEqual(png);
  expect((await refusal(files.readText("p.PNG"))).message).toMatch(/read_media_file/);
  await writeFile(at("plain"), "text");
  expect((await files.readBytes("plain")).mimeType).toBe("text/plain");
  await writeFile(at("latin"), Buffer.from("caf\xe9", "latin1"));
  expect(await files.readText("latin")).toMatchObject({ text: "café", encoding: "unknown-8bit" });
  await writeFile(at("large"), "x".repeat(101));
  expect((await refusal(files.readBytes("large"))).message).toMatch(/101 bytes/);
});
