import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openRegistry } from "../e2e/registry.ts";
import { offshootBin, run } from "../fixtures/run.ts";
import { replaced, trial } from "./trial.ts";

const offshootJson = (version: string): string => `{ "template": "things", "version": "${version}" }\n`;

/** Packs a release as a template that create-offshoot does not carry, so that both versions come from the registry. */
function packed(folder: string, version: string): string {
  const place = join(dirname(folder), `packed-${version}`);
  mkdirSync(place);
  cpSync(folder, join(place, "package"), { recursive: true });
  writeFileSync(join(place, "package/offshoot.json"), offshootJson(version));
  const file = join(place, "package/package.json");
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), name: "@offshoot/things" }, null, 2));
  const tarball = join(place, `things-${version}.tgz`);
  execFileSync("tar", ["-czf", tarball, "-C", place, "package"]);
  return tarball;
}

test("the registry that npm is set to tells what is new, and both versions come from it", async () => {
  const project = trial({
    yours: { "src/a.js": replaced("a", 3, "mine();"), "offshoot.json": offshootJson("0.1.0") },
    upstream: { "src/a.js": replaced("a", 20, "theirs();") },
  });
  const registry = await openRegistry(
    [packed(project.next, "0.2.0"), packed(project.base, "0.1.0")],
    "http://127.0.0.1:9",
  );
  onTestFinished(registry.close);
  const env = { ...process.env, npm_config_registry: registry.url, npm_config_cache: join(project.base, "../cache") };
  const offshoot = async (...words: string[]) => {
    const { code, stdout } = await run(process.execPath, [offshootBin, ...words, "--json"], {
      cwd: project.folder,
      env,
    });
    return { code, ...JSON.parse(stdout) };
  };
  expect(await offshoot("update", "--check")).toMatchObject({
    code: 1,
    version: "0.1.0",
    latest: "0.2.0",
    behind: true,
  });
  const { findings } = await offshoot("check");
  expect(findings).toContainEqual(
    expect.objectContaining({ name: "template", status: "wrong", message: "0.1.0 is behind 0.2.0." }),
  );
  expect(await offshoot("update", "--to", "0.3.0")).toMatchObject({ code: 2, next: expect.stringContaining("--from") });
  expect(await offshoot("update", "--no-gates")).toMatchObject({
    code: 0,
    status: "clean",
    from: "0.1.0",
    to: "0.2.0",
  });
  expect(project.read("src/a.js")).toContain("mine();");
  expect(project.read("src/a.js")).toContain("theirs();");
  project.commit();
  expect(await offshoot("update", "--check")).toMatchObject({ code: 0, behind: false });
});
