import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test, vi } from "vitest";
import { scaffold } from "../src/create/scaffold.ts";
import { lockProject } from "../src/update/journal.ts";
import { createOffshoot, offshootBin, run, temporaryFolder } from "./fixtures/run.ts";
import { replaced, trial } from "./update/trial.ts";

const long = process.env.OFFSHOOT_LONG === "1";
const processes = long ? 8 : 3;
const together = <Result>(start: (number: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: processes }, (_, number) => start(number)));

test("an update is refused while another one of the same project runs, and leaves it alone", () => {
  const project = trial({ upstream: { "src/a.js": replaced("a", 3, "theirs();") } });
  vi.stubEnv("XDG_STATE_HOME", join(dirname(project.folder), "state"));
  const unlock = lockProject(project.folder);
  const refused = { status: 2, data: { error: expect.stringMatching(/^Another update of this project is running/) } };
  expect(project.update("--no-gates")).toMatchObject(refused);
  expect(project.git("status", "--porcelain")).toBe("");
  expect(project.update("--no-gates", "--dry-run")).toMatchObject({ status: 0 });
  unlock();
  vi.unstubAllEnvs();
  expect(project.update("--no-gates")).toMatchObject({ status: 0, data: { status: "clean" } });
});

test("of updates of one project at once one writes, and all of it", { timeout: 900_000 }, async () => {
  for (let round = 0; round < (long ? 25 : 1); round += 1) {
    const upstream = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`src/new/${index}.js`, "new();\n"]));
    const project = trial({ upstream });
    const state = join(dirname(project.folder), "state");
    const args = [offshootBin, "update", "--base", project.base, "--from", project.next, "--no-gates", "--json"];
    const outcomes = await together(() =>
      run(process.execPath, args, { cwd: project.folder, env: { ...process.env, XDG_STATE_HOME: state } }),
    );
    const said = outcomes.map(({ stdout }) => JSON.parse(stdout));
    expect(said.filter(({ status }) => status === "clean")).toHaveLength(1);
    for (const { status, error } of said)
      expect(status ?? error).toMatch(/^(clean|up to date|Another update of this|There are changes that are not comm)/);
    for (const path of Object.keys(upstream)) expect(project.read(path)).toBe("new();\n");
    expect(readdirSync(join(state, "offshoot", "updates"))).toEqual([]);
  }
});

test("a project that another command makes in the same place at the same moment stays whole", async () => {
  const folder = join(temporaryFolder(), "deep", "project");
  const file = (text: string) => ({ bytes: Buffer.from(text), executable: false });
  const files = new Map([
    ["package.json", file('{"bin":{"x":"dist/main.js"}}')],
    ["src/mine.ts", file("mine")],
    [
      "src/late.ts",
      {
        executable: false,
        // The other one is faster: it is done while this one writes aside.
        get bytes() {
          mkdirSync(join(folder, "src"), { recursive: true });
          writeFileSync(join(folder, "src", "other.ts"), "other");
          return Buffer.from("late");
        },
      },
    ],
  ]);
  const made = scaffold(
    folder,
    { name: "x", version: "1.0.0", description: "", files },
    { name: "x", core: "registry", own: false },
  );
  await expect(made).rejects.toThrow(/is not empty/);
  expect(readdirSync(dirname(folder))).toEqual(["project"]);
  expect(readdirSync(join(folder, "src"))).toEqual(["other.ts"]);
});

test.runIf(long)("of commands that make a project in one place at once one does", { timeout: 900_000 }, async () => {
  for (let round = 0; round < 25; round += 1) {
    const parent = temporaryFolder();
    const folder = join(parent, "a", "project");
    if (round % 2 === 0) mkdirSync(folder, { recursive: true });
    const outcomes = await together(() =>
      createOffshoot([folder, "--template", "notes", "--core", "registry", "--no-git"]),
    );
    expect(outcomes.filter(({ code }) => code === 0)).toHaveLength(1);
    for (const { data } of outcomes) if (data.error) expect(data.error).toMatch(/is not empty|is being written by/);
    expect(readdirSync(dirname(folder))).toEqual(["project"]);
    expect(existsSync(join(folder, "src/main.ts"))).toBe(true);
  }
});

test("keys that are made at once are all in the file, or were refused", { timeout: 900_000 }, async () => {
  for (let round = 0; round < (long ? 25 : 1); round += 1) {
    const cwd = temporaryFolder();
    const outcomes = await together((number) =>
      run(process.execPath, [offshootBin, "keys", "add", `k${number}`, "--json"], { cwd }),
    );
    for (const { code, stdout } of outcomes)
      if (code !== 0) expect(JSON.parse(stdout).error).toMatch(/is being changed by the process/);
    const [name = "", ...others] = readdirSync(cwd);
    expect(others).toEqual([]);
    const { keys } = JSON.parse(readFileSync(join(cwd, name), "utf8"));
    expect(keys).toHaveLength(outcomes.filter(({ code }) => code === 0).length);
  }
});
