import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { replaced, trial } from "../update/trial.ts";

/** As it reads outside a checkout. */
const published = (text: string): string => text.replaceAll(/node \S+\/dist\/main\.js/g, "npx create-offshoot");

const said = (name: string): string => fileURLToPath(new URL(`${name}.txt`, import.meta.url));

test("what the documents show of an update is what it prints", async () => {
  const project = trial({
    yours: { "src/a.js": replaced("a", 3, "mine();"), "src/tools/mine.js": "mine();\n" },
    upstream: { "src/a.js": replaced("a", 3, "theirs();"), "src/new.js": "theirs();\n" },
  });
  const run = (...args: string[]) =>
    published(project.offshoot("update", "--base", project.base, "--from", project.next, "--no-gates", ...args).stdout);
  await expect(run("--dry-run")).toMatchFileSnapshot(said("update-dry-run"));
  await expect(run()).toMatchFileSnapshot(said("update-conflict"));
  await expect(project.git("status", "--short")).toMatchFileSnapshot(said("update-status"));
});

test("what the documents show of a contract's change is what is printed", async () => {
  const project = trial();
  const file = join(project.folder, "contract.lock.json");
  const lock = JSON.parse(
    readFileSync(new URL("../../../../templates/notes/contract.lock.json", import.meta.url), "utf8"),
  );
  const save = (): void => writeFileSync(file, JSON.stringify(lock));
  save();
  project.commit();
  project.git("tag", "v0.1.0");
  lock.tools.create_note.inputSchema.properties.title.maxLength = 100;
  lock.tools.create_note.inputSchema.properties.color = { type: "string" };
  lock.tools.get_note.description += " Long ones in parts.";
  save();
  const { status, stdout } = project.offshoot("contract", "--against", "v0.1.0");
  expect(status).toBe(1);
  await expect(published(stdout)).toMatchFileSnapshot(said("contract-against"));
});
