import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { scaffold } from "../src/create/scaffold.ts";
import { createOffshoot, run, temporaryFolder } from "./fixtures/run.ts";

const plain = ["--template", "notes", "--core", "registry"];
// The user who runs this may have no name in git, or one that signs commits.
const committer = {
  ...process.env,
  GIT_CONFIG_GLOBAL: join(import.meta.dirname, "fixtures/gitconfig"),
  GIT_CONFIG_NOSYSTEM: "1",
};

test("nothing is left of a project that could not be made, nor of the folders on the way to it", async () => {
  const parent = temporaryFolder();
  const file = { bytes: Buffer.from("{}"), executable: false };
  const manifest = { bytes: Buffer.from('{"bin":{"x":"dist/main.js"}}'), executable: false };
  // A file and a folder of one name: the second cannot be written.
  const files = new Map([
    ["package.json", manifest],
    ["a", file],
    ["a/b", file],
  ]);
  const template = { name: "x", version: "1.0.0", description: "", files };
  await expect(
    scaffold(join(parent, "deep/er/project"), template, { name: "x", core: "registry", own: false }),
  ).rejects.toThrow();
  expect(readdirSync(parent)).toEqual([]);
});

test("fills an empty folder in which the user stands", async () => {
  const folder = join(temporaryFolder(), "Here I Am");
  mkdirSync(folder);
  const { data } = await createOffshoot([".", ...plain, "--no-git"], folder);
  expect(data).toMatchObject({ folder, name: "here-i-am" });
  expect(existsSync(join(folder, "src/main.ts"))).toBe(true);
  expect(readdirSync(dirname(folder))).toEqual(["Here I Am"]);
});

test("commits once, and leaves nothing uncommitted", async () => {
  const folder = join(temporaryFolder(), "mine");
  const { data } = await createOffshoot([folder, ...plain], undefined, committer);
  expect(data).toMatchObject({ git: "made", remarks: [] });
  const git = async (...args: string[]) => (await run("git", args, { cwd: folder })).stdout.trim();
  expect(await git("rev-list", "--count", "HEAD")).toBe("1");
  expect(await git("status", "--porcelain")).toBe("");
  expect(await git("ls-files")).toContain(".gitignore");
});

test("makes no repository inside another one, unless asked", async () => {
  const around = temporaryFolder();
  await run("git", ["init", "--quiet"], { cwd: around });
  const inside = await createOffshoot([join(around, "a"), ...plain], undefined, committer);
  expect(inside.data).toMatchObject({ git: "inside another repository" });
  expect(existsSync(join(around, "a/.git"))).toBe(false);
  const asked = await createOffshoot([join(around, "b"), ...plain, "--git"], undefined, committer);
  expect(asked.data).toMatchObject({ git: "made" });
  expect(existsSync(join(around, "b/.git"))).toBe(true);
});

test("says so when git does not know who commits, and leaves no half a repository", async () => {
  const folder = join(temporaryFolder(), "mine");
  const nobody = {
    ...committer,
    GIT_CONFIG_COUNT: "3",
    GIT_CONFIG_KEY_0: "user.name",
    GIT_CONFIG_VALUE_0: "",
    GIT_CONFIG_KEY_1: "user.email",
    GIT_CONFIG_VALUE_1: "",
    GIT_CONFIG_KEY_2: "user.useConfigOnly",
    GIT_CONFIG_VALUE_2: "true",
  };
  const { code, data } = await createOffshoot([folder, ...plain], undefined, nobody);
  expect([code, data.git]).toEqual([0, "git could not commit"]);
  expect(existsSync(join(folder, ".git"))).toBe(false);
});

test("an install that fails leaves the project, and says so with exit code 1", async () => {
  const parent = temporaryFolder();
  const bin = join(parent, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "bun"), "#!/bin/sh\necho no network today\nexit 7\n");
  chmodSync(join(bin, "bun"), 0o755);
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  const words = [join(parent, "mine"), ...plain, "--no-git", "--install", "--pm", "bun"];
  const { code, data } = await createOffshoot(words, undefined, env);
  expect([code, data.installed]).toEqual([1, false]);
  expect(data.remarks).toEqual([expect.stringContaining("no network today")]);
  expect(existsSync(join(parent, "mine/package.json"))).toBe(true);
});

test("takes core from the checkout where the registry has none or cannot be reached, and says so", async () => {
  const folder = join(temporaryFolder(), "mine");
  const unreachable = {
    ...process.env,
    npm_config_registry: "http://127.0.0.1:9/",
    npm_config_cache: temporaryFolder(),
  };
  const { data } = await createOffshoot([folder, "--no-git"], undefined, unreachable);
  expect(data).toMatchObject({
    core: "pack",
    remarks: [expect.stringContaining("vendor/"), expect.stringContaining("npx create-offshoot")],
  });
  const [tarball] = readdirSync(join(folder, "vendor"));
  expect(tarball).toMatch(/^offshoot-core-\d+\.\d+\.\d+-[0-9a-f]{12}\.tgz$/);
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  expect(dependencies["@offshoot/core"]).toBe(`file:vendor/${tarball}`);
});
