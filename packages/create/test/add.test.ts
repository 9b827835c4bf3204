import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { readTemplate } from "../src/templates.ts";
import { offshootBin, run, temporaryFolder } from "./fixtures/run.ts";

let folder: string;
const file = (path: string): string => join(folder, path);
const read = (path: string): string => readFileSync(file(path), "utf8");
const change = (path: string, how: (text: string) => string): void => writeFileSync(file(path), how(read(path)));
beforeEach(() => {
  folder = temporaryFolder();
  for (const [path, { bytes }] of readTemplate("minimal").files) {
    mkdirSync(dirname(file(path)), { recursive: true });
    writeFileSync(file(path), bytes);
  }
});

async function add(...words: string[]) {
  const { code, stdout, stderr } = await run(process.execPath, [offshootBin, "add", ...words], { cwd: folder });
  return { code, said: `${stdout}${stderr}` };
}

describe("`add` leaves the project as it was, and says why, for", () => {
  test.each([
    ["a name that the server has", "tool", "define_term", /has a tool "define_term" already/],
    ["a resource's", "resource", "terms", /has a resource "terms" already/],
    ["a prompt's", "prompt", "explain_term", /has a prompt "explain_term" already/],
    ["a device of Windows", "tool", "con", /src\/tools\/con\.ts, which is a device on Windows/],
    ["another one", "prompt", "lpt9", /which is a device on Windows/],
  ])("%s", async (_, kind, name, said) => {
    const before = read("src/server.ts");
    expect(await add(kind, name)).toEqual({ code: 2, said: expect.stringMatching(said) });
    expect(read("src/server.ts")).toBe(before);
  });

  test("a name that would be the same variable as another's", async () => {
    expect(await add("tool", "page_1")).toMatchObject({ code: 0 });
    expect(await add("tool", "page1")).toEqual({ code: 2, said: expect.stringContaining("has a page1Tool already") });
  });

  test("a server that is read-only", async () => {
    chmodSync(file("src/server.ts"), 0o444);
    expect(await add("tool", "x")).toEqual({ code: 2, said: expect.stringContaining("src/server.ts is read-only") });
    expect(statSync(file("src/server.ts")).mode & 0o777).toBe(0o444);
  });

  test("a link to nothing in the place of its file", async () => {
    mkdirSync(file("src/tools"));
    symlinkSync("nothing", file("src/tools/x.ts"));
    expect(await add("tool", "x")).toEqual({ code: 2, said: expect.stringContaining("src/tools/x.ts exists already") });
  });
});

describe("`add` registers in one place, or prints the lines", () => {
  const line = 'import { xTool } from "./tools/x.ts";';

  test.each([
    [
      "a marker is there twice",
      () => change("src/server.ts", (text) => text.replace(/.*\/\/ offshoot:tools\n/, "$&$&")),
    ],
    ["another file has it, too", () => writeFileSync(file("src/old-server.ts"), read("src/server.ts"))],
    ["no file has it", () => change("src/server.ts", (text) => text.replace(/.*\/\/ offshoot:.*\n/g, ""))],
    [
      "its file is not UTF-8",
      () =>
        writeFileSync(
          file("src/server.ts"),
          Buffer.concat([Buffer.from("// \xe9\n", "latin1"), readFileSync(file("src/server.ts"))]),
        ),
    ],
  ])("where %s", async (_, make) => {
    make();
    const before = readFileSync(file("src/server.ts"));
    const { code, said } = await add("tool", "x");
    expect([code, said]).toEqual([
      0,
      expect.stringMatching(/comments? "\/\/ offshoot:tools": add this line yourself:\n {2}xTool,/),
    ]);
    const after = readFileSync(file("src/server.ts"));
    expect(after.includes(line) ? after.toString().replace(`${line}\n`, "") : after.toString()).toBe(before.toString());
    expect(after.includes(0xfffd)).toBe(false);
  });

  test("the import goes where the list is, or is printed for that file", async () => {
    change("src/server.ts", (text) => text.replace(/.*\/\/ offshoot:tools\n/, ""));
    writeFileSync(file("src/tools.ts"), "export const tools = [\n  // offshoot:tools\n];\n");
    const { code, said } = await add("tool", "x");
    expect([code, said]).toEqual([
      0,
      expect.stringContaining(`src/tools.ts has no comment "// offshoot:imports": add this line yourself:\n  ${line}`),
    ]);
    expect(read("src/server.ts")).not.toContain("xTool");
    expect(read("src/tools.ts")).toContain("  xTool,\n  // offshoot:tools");
  });

  test("in a file with CRLF, whose permissions stay", async () => {
    change("src/server.ts", (text) => text.replaceAll("\n", "\r\n"));
    chmodSync(file("src/server.ts"), 0o664);
    expect(await add("tool", "x")).toMatchObject({ code: 0 });
    expect(read("src/server.ts").replaceAll("\r\n", "")).not.toContain("\n");
    expect(read("src/server.ts")).toContain(`${line}\r\n// offshoot:imports`);
    expect(statSync(file("src/server.ts")).mode & 0o777).toBe(0o664);
  });
});
