import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { FileEntry } from "../../src/update/files.ts";
import { recover, writeChanges } from "../../src/update/journal.ts";

const entry = (text: string): FileEntry => ({ bytes: Buffer.from(text), executable: false });
const before = { "a.txt": "a", "b/c.txt": "c", "d.txt": "d" };
const changes = new Map<string, FileEntry | undefined>([
  ["a.txt", entry("new a")],
  ["b/c.txt", undefined],
  ["e/f.txt", entry("new f")],
]);
const outcome = { "a.txt": "new a", "d.txt": "d", "e/f.txt": "new f" };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "offshoot-journal-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "b"));
  for (const [path, text] of Object.entries(before)) writeFileSync(join(folder, path), text);
});

const files = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((found) => found.isFile())
      .map((found) =>
        join(found.parentPath, found.name)
          .slice(folder.length + 1)
          .replaceAll("\\", "/"),
      )
      .filter((path) => !path.startsWith(".offshoot-"))
      .sort()
      .map((path) => [path, readFileSync(join(folder, path), "utf8")]),
  );

describe("the journal of an update", () => {
  test("what is written in full stays, and leaves nothing beside", () => {
    writeChanges(folder, changes)(false);
    expect(files()).toEqual(outcome);
    expect(recover(folder)).toBeUndefined();
  });

  test("an update that was cut off before its end is taken back", () => {
    writeChanges(folder, changes);
    expect(recover(folder)?.restored.sort()).toEqual(["a.txt", "b/c.txt", "e/f.txt"]);
    expect(files()).toEqual(before);
  });

  test("a step that fails takes back those before it", () => {
    const impossible = new Map([...changes, ["d.txt/below", entry("x")] as const]);
    expect(() => writeChanges(folder, impossible)).toThrow();
    expect(files()).toEqual(before);
  });

  test("what was changed since is left, with what it was beside", () => {
    writeChanges(folder, changes);
    writeFileSync(join(folder, "a.txt"), "changed since");
    const recovery = recover(folder);
    expect(recovery?.left).toEqual(["a.txt"]);
    expect(files()).toEqual({ ...before, "a.txt": "changed since" });
    expect(readFileSync(join(recovery?.kept as string, "before/a.txt"), "utf8")).toBe("a");
  });

  test("a process that is killed at any moment leaves the state before it, or the one after it", async () => {
    const journal = fileURLToPath(new URL("../../src/update/journal.ts", import.meta.url));
    const script = `const { writeChanges } = await import(${JSON.stringify(journal)});
      const changes = new Map(Array.from({ length: 40 }, (_, i) => ["many/" + i + ".txt", { bytes: Buffer.from("x".repeat(1000)), executable: false }]));
      process.stdout.write("go\\n"); writeChanges(${JSON.stringify(folder)}, changes)(false); process.stdout.write("done\\n");`;
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 60 }), async (ms) => {
        rmSync(join(folder, "many"), { recursive: true, force: true });
        const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
          stdio: ["ignore", "pipe", "ignore"],
        });
        child.stdout.once("data", () => setTimeout(() => child.kill("SIGKILL"), ms));
        await new Promise((done) => child.on("close", done));
        recover(folder);
        const left = Object.keys(files()).filter((path) => path.startsWith("many/")).length;
        seen.add(left);
        expect([0, 40]).toContain(left);
        for (const [path, text] of Object.entries(files()))
          if (path.startsWith("many/")) expect(text).toHaveLength(1000);
      }),
      { numRuns: 12 },
    );
  });
});
