import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";

const checkout = fileURLToPath(new URL("../../../../", import.meta.url));
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A repository with the notes template in it, released as 1.2.0 or not at all. */
function repository({ version = "1.2.0", released = true, dependencies = {} } = {}) {
  const root = mkdtempSync(join(tmpdir(), "offshoot-bumps-"));
  folders.push(root);
  const home = join(root, "templates/notes");
  const git = (...args: string[]): unknown =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false", ...args], {
      cwd: root,
      stdio: "ignore",
    });
  mkdirSync(join(root, ".changeset"), { recursive: true });
  mkdirSync(home, { recursive: true });
  const lock = JSON.parse(readFileSync(join(checkout, "templates/notes/contract.lock.json"), "utf8"));
  const write = (): void => writeFileSync(join(home, "contract.lock.json"), JSON.stringify(lock));
  writeFileSync(join(home, "package.json"), JSON.stringify({ name: "@offshoot/notes", version, dependencies }));
  write();
  git("init", "--quiet");
  git("add", "--all");
  git("commit", "--quiet", "--message", "one");
  if (released) git("tag", `@offshoot/notes@${version}`);
  return {
    lock,
    write,
    changeset: (step: string, name = "notes") =>
      writeFileSync(join(root, ".changeset/brave-cats.md"), `---\n"@offshoot/${name}": ${step}\n---\n\nText.\n`),
    check() {
      const { status, stdout } = spawnSync(
        process.execPath,
        [join(checkout, "scripts/check-bumps.mjs"), "--root", root],
        { encoding: "utf8" },
      );
      return { status, stdout };
    },
  };
}

describe("a release is as large as what it changes for clients", () => {
  test("a break that a patch announces is refused by name", () => {
    const { lock, write, changeset, check } = repository();
    delete lock.tools.get_note.outputSchema.properties.body;
    lock.tools.get_note.outputSchema.required = lock.tools.get_note.outputSchema.required.filter(
      (key: string) => key !== "body",
    );
    write();
    changeset("patch");
    const { status, stdout } = check();
    expect(stdout).toContain("asks for a major release, and the changesets announce patch");
    expect(stdout).toContain("major    tools.get_note.outputSchema.properties.body: removed (was required)");
    expect(status).toBe(1);
    changeset("major");
    expect(check()).toMatchObject({ status: 0, stdout: expect.stringContaining("1 passed, 0 failed") });
  });

  test("before 1.0.0 a minor release may break, and a patch may not", () => {
    const { lock, write, changeset, check } = repository({ version: "0.4.0" });
    lock.tools.trash_note = lock.tools.delete_note;
    delete lock.tools.delete_note;
    write();
    changeset("patch");
    expect(check()).toMatchObject({ status: 1, stdout: expect.stringContaining("tools.delete_note: removed") });
    changeset("minor");
    expect(check().status).toBe(0);
  });

  test("a change without a changeset is refused, even of a text that models read", () => {
    const { lock, write, check } = repository();
    lock.instructions += " More.";
    write();
    expect(check()).toMatchObject({ status: 1, stdout: expect.stringContaining("routing  instructions: reworded") });
  });

  test("a release that core's brings with it counts, and is a patch", () => {
    const { lock, write, changeset, check } = repository({
      version: "0.4.0",
      dependencies: { "@offshoot/core": "^0.3.0" },
    });
    lock.instructions += " More.";
    write();
    changeset("patch", "core");
    expect(check()).toMatchObject({ status: 1, stdout: expect.stringContaining("the changesets announce none") });
    changeset("minor", "core");
    expect(check().status).toBe(0);
    delete lock.tools.delete_note;
    write();
    expect(check()).toMatchObject({ status: 1, stdout: expect.stringContaining("tools.delete_note: removed") });
  });

  test("before the first release there is nothing to hold to, which is said", () => {
    expect(repository({ released: false }).check()).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("no release yet"),
    });
  });
});
