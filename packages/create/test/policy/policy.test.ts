// `offshoot policy` and what holds its lock, on the templates as they are built.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { policyCheck } from "../../src/check/checks.ts";
import { policy } from "../../src/policy/command.ts";
import { openProject } from "../../src/project.ts";

const templates = fileURLToPath(new URL("../../../../templates/", import.meta.url));
const start = process.cwd();
afterAll(() => process.chdir(start));

const run = (options: Parameters<typeof policy.run>[0]["options"], words: string[] = []) =>
  policy.run({ words, options, json: false });

test.each(["notes", "filesystem", "http-api"])("the README of %s shows who may do what", async (template) => {
  process.chdir(join(templates, template));
  const { text } = await run({});
  await expect(`${text}\n`).toMatchFileSnapshot(`../docs/policy-${template}.txt`);
  expect((await run({ check: true })).text).toBe("Who may do what is as in policy.lock.json.");
});

let copy: string;
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "policy-"));
  const from = join(templates, "notes");
  for (const part of ["dist", "package.json", "offshoot.json", "contract.lock.json"])
    cpSync(join(from, part), join(copy, part), { recursive: true });
  symlinkSync(join(from, "node_modules"), join(copy, "node_modules"));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

test("a change of who may do what is found by check, by name, until the lock says so", async () => {
  process.chdir(copy);
  const look = async () => {
    const found = await policyCheck({ project: openProject(), offline: true, args: undefined });
    return [found.name, found.status];
  };
  expect(await look()).toEqual(["policy", "unknown"]);
  await expect(run({ check: true })).rejects.toThrow("There is no policy.lock.json here.");
  const rule = { name: "readers", who: { callers: ["ada"] }, what: { tools: ["get_note"] }, decision: "allow" };
  const file = (rules: object[]) => writeFileSync("policy.json", JSON.stringify({ default: "deny", rules }));
  file([rule]);
  expect((await run({ policy: "policy.json", write: true })).exitCode).toBeUndefined();
  expect(JSON.parse(readFileSync("policy.lock.json", "utf8"))["policy.json"].tools.get_note).toEqual({
    anonymous: "deny",
    authenticated: "deny",
    "caller ada": "allow with notes:read",
    local: "deny",
  });
  expect(await look()).toEqual(["policy", "ok"]);
  file([{ ...rule, who: "anonymous" }]);
  expect(await look()).toEqual(["policy", "wrong"]);
  const { text, exitCode } = await run({ check: true });
  expect(exitCode).toBe(1);
  expect(text).toContain("policy.json, get_note, anonymous: deny → allow");
  expect(text).toContain("policy.json, get_note, caller ada: allow with notes:read → not there");
});

test("a policy that there is not, and a server that does not start, say what to do", async () => {
  process.chdir(copy);
  await expect(run({ profile: "lax" })).rejects.toMatchObject({ next: expect.stringContaining("strict") });
  await expect(run({ policy: "none.json" })).rejects.toThrow(/there is no such file/);
  await expect(run({}, ["--nonsense"])).rejects.toThrow(/--nonsense/);
});
