import { spawn, spawnSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { newFiles, refusal } from "../fixtures/files.ts";

/** How each is called here and in Python, which is the judge, and letters it has beside ASCII. */
const encodings = [
  ["windows-1252", "cp1252", "äöüßéñ€œ—"],
  ["iso-8859-1", "latin-1", "äöüßéñÿ"],
  ["iso-8859-15", "iso8859-15", "äö€œ"],
  ["windows-1251", "cp1251", "привет№"],
  ["koi8-r", "koi8-r", "приветё"],
  ["windows-1250", "cp1250", "ąęłżč"],
  ["windows-1253", "cp1253", "αβγΩ"],
  ["gbk", "gbk", "汉字你好，。"],
  ["gb18030", "gb18030", "汉字你好，。㐀ü😀"],
  ["shift_jis", "shift_jis", "日本語テスト表ソ能"],
  ["cp932", "cp932", "日本語①～表ソ"],
  ["euc-jp", "euc_jp", "日本語テスト表"],
  ["big5", "big5", "漢字許功蓋"],
  ["euc-kr", "cp949", "한국어똠"],
] as const;

/** Python's own encodings, in one process for all that is asked: a codec and a text a line, the bytes in hexadecimal. */
const script = `import sys, json
for line in sys.stdin:
  codec, text = json.loads(line)
  print(text.encode(codec).hex(), flush=True)`;
const hasPython = spawnSync("python3", ["--version"]).status === 0;
const python = hasPython ? spawn("python3", ["-c", script], { stdio: ["pipe", "pipe", "inherit"] }) : undefined;
const answers = python && createInterface({ input: python.stdout })[Symbol.asyncIterator]();
afterAll(() => python?.stdin.end());

/** Bytes by another implementation than ours. One question at a time. */
async function encode(codec: string, text: string): Promise<Buffer> {
  python?.stdin.write(`${JSON.stringify([codec, text])}\n`);
  const answer = await answers?.next();
  if (answer === undefined || answer.done) throw new Error(`Python has no ${text} in ${codec}`);
  return Buffer.from(answer.value, "hex");
}

describe.skipIf(!hasPython).each(encodings)("%s", (encoding, codec, letters) => {
  const before = `first ${letters}\r\n`;
  const after = `\r\nlast ${[...letters].reverse().join("")} end\r\n`;

  test("is read as what it says, in parts and by its ends", async () => {
    const { files, at } = await newFiles();
    const text = (before + after).repeat(20);
    await writeFile(at("f"), await encode(codec, text));
    expect(await files.readText("f", { encoding })).toMatchObject({ text, encoding });
    for (const maxBytes of [7, 8, 9, 64]) {
      let joined = "";
      let cursor: string | undefined;
      do {
        const part = await files.readText("f", { encoding, cursor, maxBytes });
        joined += part.text;
        cursor = part.nextCursor;
      } while (cursor !== undefined);
      expect(joined).toBe(text);
    }
    expect((await files.readText("f", { encoding, tail: 1 })).text).toBe(after.trim());
    expect((await files.readLines("f", { encoding, offset: 1, limit: 1 })).lines).toEqual([
      { number: 1, text: before.trim() },
    ]);
  });

  test("is edited and appended to in its own bytes, and every other byte stays", async () => {
    const { files, at } = await newFiles();
    const bytes = await encode(codec, `${before}MIDDLE${after}`);
    for (const [oldText, newText] of [
      ["MIDDLE", letters],
      [`${letters}\r\nMIDDLE`, `${letters}!\r\n${letters}`],
      [letters, "plain"],
      ["last", [...letters].reverse().join("")],
    ] as const) {
      await writeFile(at("f"), bytes);
      await files.edit("f", [{ oldText, newText }], { encoding });
      const expected = `${before}MIDDLE${after}`.replace(oldText, () => newText);
      expect(await readFile(at("f"))).toEqual(await encode(codec, expected));
    }
    await writeFile(at("f"), bytes);
    await files.append("f", letters, { encoding });
    expect(await readFile(at("f"))).toEqual(Buffer.concat([bytes, await encode(codec, letters)]));
    await files.write("f", letters, { encoding });
    expect(await readFile(at("f"))).toEqual(await encode(codec, letters));
  });

  test("is what the server was told for everything that is not UTF-8", async () => {
    const { files, at } = await newFiles({ encoding });
    await writeFile(at("f"), await encode(codec, before));
    await writeFile(at("utf8"), before);
    expect((await files.readText("f")).text).toBe(before);
    expect((await files.readText("utf8")).text).toBe(before);
    await files.append("f", letters);
    expect(await readFile(at("f"))).toEqual(await encode(codec, before + letters));
    await files.append("utf8", letters);
    expect(await readFile(at("utf8"), "utf8")).toBe(before + letters);
  });

  test("what it has not is refused by name, and nothing changes", async () => {
    const { files, at } = await newFiles();
    const bytes = await encode(codec, before);
    await writeFile(at("f"), bytes);
    const strange = "\u{1f7e9}".normalize();
    const missing = encoding === "gb18030" ? undefined : strange;
    if (missing === undefined) return;
    for (const use of [
      files.append("f", `a${missing}`, { encoding }),
      files.edit("f", [{ oldText: "first", newText: missing }], { encoding }),
      files.write("f", missing, { encoding }),
    ]) {
      expect((await refusal(use)).message).toContain(`which has no ${JSON.stringify(missing)}`);
    }
    expect(await readFile(at("f"))).toEqual(bytes);
  });
});

test.skipIf(!hasPython)(
  "bytes outside an edit stay, whatever they are and wherever a character seems to begin",
  async () => {
    const { files, at } = await newFiles();
    for (const [encoding, codec] of encodings) {
      const around = fc.uint8Array({ min: 1, max: 255, maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(around, around, async (start, end) => {
          // A line of its own: what is no text in the lines around it must not reach it.
          const [head, tail] = [Buffer.concat([start, Buffer.from("\n")]), Buffer.concat([Buffer.from("\n"), end])];
          fc.pre(!/^(\xff\xfe|\xfe\xff)/.test(head.toString("latin1")));
          await writeFile(at("f"), Buffer.concat([head, Buffer.from("needle"), tail]));
          const isUtf8 = Buffer.from(Buffer.concat([head, tail]).toString()).equals(Buffer.concat([head, tail]));
          fc.pre(!isUtf8 && !Buffer.concat([head, tail]).includes("needle"));
          await files.edit("f", [{ oldText: "needle", newText: "pin" }], { encoding });
          expect(await readFile(at("f"))).toEqual(Buffer.concat([head, Buffer.from("pin"), tail]));
        }),
        { numRuns: 30 },
      );
      expect(codec).toBeTruthy();
    }
  },
);

test("a letter that has two codes is found by either, and keeps the one it has", async () => {
  const { files, at } = await newFiles();
  const [nec, ibm] = [Buffer.from([0xee, 0xe0]), Buffer.from([0xfb, 0xfc])];
  await writeFile(at("f"), Buffer.concat([nec, Buffer.from("a"), ibm, Buffer.from("b")]));
  expect((await files.readText("f", { encoding: "cp932" })).text).toBe("髙a髙b");
  await files.edit("f", [{ oldText: "a髙b", newText: "c" }], { encoding: "cp932" });
  expect(await readFile(at("f"))).toEqual(Buffer.concat([nec, Buffer.from("c")]));
  await files.edit("f", [{ oldText: "髙", newText: "d" }], { encoding: "cp932" });
  expect(await readFile(at("f"), "latin1")).toBe("dc");
});

test("UTF-8 gets nothing of another encoding into it, and what is no encoding is refused", async () => {
  const { files, at } = await newFiles();
  await writeFile(at("f"), "größe");
  for (const use of [
    files.append("f", "ä", { encoding: "windows-1252" }),
    files.edit("f", [{ oldText: "e", newText: "ä" }], { encoding: "windows-1252" }),
  ]) {
    expect((await refusal(use)).message).toMatch(/is in UTF-8, not in windows-1252/);
  }
  for (const encoding of ["utf-7", "base64", "hex", "cp037", "nonsense", "utf-32"])
    expect((await refusal(files.readText("f", { encoding }))).message).toMatch(/There is no encoding/);
  await mkdir(at("d"));
  await files.write("d/new", "ä", { encoding: "utf-16le" });
  expect(await readFile(join(at("d"), "new"))).toEqual(Buffer.from("ä", "utf16le"));
});
