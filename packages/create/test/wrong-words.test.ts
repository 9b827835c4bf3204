import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createOffshoot, runEach, temporaryFolder } from "./fixtures/run.ts";

/** What is no call of a command, whichever project it is in. */
const lines = [
  ...["update", "add", "check", "contract", "connect", "bundle", "inspect", "keys", "policy", "promote"].map(
    (name) => `${name} --nope`,
  ),
  ...["update x", "update --to ''", "update --to $(x)", "update --from ''", "update --from /nope", "update --from /"],
  ...["update --base /dev/null --from /dev/zero", "update --since 1.0.0", "update --to 1.0.0 --from x", "update --to"],
  ...["add", "add tool", "add tool A", "add tool ../x", "add tool ''", "add widget x", "add constructor x"],
  ...["connect", "connect nope", "connect __proto__", "connect cursor --name ''", "connect cursor --file / --write"],
  ...["contract --write --check", "contract --against nope", "contract --against=--upload-pack=x", "contract --diff=3"],
  ...["bundle --out ''", "bundle --url nope", "bundle --out /dev/null", "a b", "''", "/dev/null", "/dev/null/x"],
  ...["keys", "keys nope", "keys add", "keys add ../x", "keys add a --expires 0d", "keys add a --expires 2020-01-01"],
  ...["keys add a --file /", "keys add a --file /dev/null", "keys add a --file nope/x", "keys list --file /dev/null"],
  ...["keys add a b", "keys rotate", "keys rotate nope", "keys revoke nope", "keys check nope", "keys add local"],
  ...["policy --write --check", "policy --profile ''", "policy --policy /nope", "policy --check"],
  ...["promote", "promote a", "promote a a", "promote a b c", "promote /dev/null b", "promote a b --lock a"],
  ...[
    "/proc/x --core registry",
    "--template nope x",
    "--template",
    "-t '' x",
    "--pm zsh x",
    "--core moon x",
    "--name '' x",
  ],
  `x${"a".repeat(300)}`,
];

test("wrong words of every command come to exit code 2, one reason and a next step, and never a stack", async () => {
  const project = join(temporaryFolder(), "mine");
  await createOffshoot([project, "--template", "minimal", "--core", "registry", "--no-git"]);
  const empty = join(project, "empty");
  mkdirSync(empty);
  const calls = lines.map((line) => line.split(" ").map((word) => (word === "''" ? "" : word)));
  for (const cwd of [project, empty]) {
    const answers = await runEach(calls, { cwd });
    // One that hangs, or that ends the process, is the first that has no answer.
    expect(answers.map(({ words }) => words)).toEqual(calls);
    for (const { words, code, said, stdout } of answers) {
      const line = words.join(" ");
      expect({ line, code, stdout }).toEqual({ line, code: 2, stdout: "" });
      expect(said, line).toMatch(/^(create-offshoot|offshoot): \S[\s\S]*\nNext: \S/m);
      expect(said, line).not.toMatch(/^\s+at .*:\d+/m);
    }
  }
});
