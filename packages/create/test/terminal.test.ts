import { expect, test, vi } from "vitest";
import { shellWord } from "../src/connect/shell-word.ts";
import { defineCommand, Refusal, runCommand } from "../src/terminal.ts";
import { run } from "./fixtures/run.ts";

/** What a command prints that says this, or refuses with it. */
async function printed(text: string, { refused = false, args = [] as string[] } = {}): Promise<string> {
  const written: string[] = [];
  const take = (chunk: unknown) => written.push(String(chunk)) > 0;
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, "write").mockImplementation(take);
  const command = defineCommand({
    usage: "x",
    summary: "x",
    options: {},
    examples: [],
    run: async () => {
      if (refused) throw new Refusal(text, text);
      return { data: { text }, text };
    },
  });
  await runCommand("x", command, args);
  vi.restoreAllMocks();
  process.exitCode = 0;
  return written.join("");
}

/** What terminals obey: lines erased, the cursor moved, titles set, text turned round or not shown. */
const OBEYED = [
  "\u001b[2K\u001b[1A",
  "\r",
  "\b\b\b",
  "\u001b]0;title\u0007",
  "\u009b2J",
  "\u0007",
  "\u202e",
  "\u2066",
  "\u200b",
  "\u2028",
  "\u0000",
  "\u001b[8m",
  "\u001bc",
  "\udc00",
];

test.each(OBEYED)("%j from a release hides nothing in a terminal", async (odd) => {
  for (const refused of [false, true]) {
    const text = await printed(`the script postinstall: evil${odd}nothing\tto see`, { refused });
    expect(text).toMatch(/evil.*nothing\tto see/);
    expect(text).not.toMatch(/[^\P{C}\n\t]|[\p{Zl}\p{Zp}]/u);
  }
});

test("what is printed for a program says what was there", async () => {
  for (const odd of OBEYED) expect(JSON.parse(await printed(odd, { args: ["--json"] }))).toEqual({ text: odd });
});

test("line ends, tabs and any script's letters are printed as they are", async () => {
  expect(await printed("a\tb\nnaïve 日本語 \u{1f600} ✓\r\nc")).toBe("a\tb\nnaïve 日本語 \u{1f600} ✓\nc\n");
});

test
  .skipIf(process.platform === "win32")
  .each([
    "plain/path.js",
    "a b",
    "~/x",
    "~",
    "it's",
    'a "quoted" é',
    "$HOME",
    "`id`",
    "a!b",
    "end\\",
    "both' \"",
    "a;b&c|d",
    "*",
    "new\nline",
  ])("%j is one word, and itself, in a shell", async (word) => {
  const { stdout } = await run("sh", ["-c", `printf %s ${shellWord(word)}`]);
  expect(stdout).toBe(word);
});
