// What is installed is what was looked at: every package by its digest, from a registry, without scripts of its own.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const manifests = ["packages", "templates"].flatMap((folder) =>
  readdirSync(join(root, folder)).map((name) => `${folder}/${name}/package.json`),
);

test("every package of the lockfile has a SHA-512 digest, and none comes from git, a URL or a folder", () => {
  const resolutions = read("pnpm-lock.yaml")
    .split("\n")
    .filter((line) => line.includes("resolution:"));
  expect(resolutions.length).toBeGreaterThan(300);
  expect(
    resolutions.filter((line) => !/^ {4}resolution: \{integrity: sha512-[A-Za-z0-9+/]{86}==\}$/.test(line)),
  ).toEqual([]);
});

test.each(manifests)("%s names its dependencies by ranges of a registry", (path) => {
  const manifest = JSON.parse(read(path)) as Record<string, Record<string, string> | undefined>;
  const kinds = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
  const ranges = kinds.flatMap((kind) => Object.entries(manifest[kind] ?? {}));
  // The workspace's own words stay in packages that are packed by pnpm, which replaces them.
  const plain = path.startsWith("templates/")
    ? /^[~^]?\d+\.\d+\.\d+/
    : /^(?:[~^]|>=)?\d+(?:\.\d+)*|^catalog:$|^workspace:/;
  expect(ranges.filter(([, range]) => !plain.test(range))).toEqual([]);
  expect(Object.keys(manifest.scripts ?? {}).filter((name) => /^(?:pre|post)?install$|^prepare$/.test(name))).toEqual(
    [],
  );
});

test("no package's install script runs in this repository", () => {
  const [, allowed = ""] = /^allowBuilds:\n((?: {2}.*\n)+)/m.exec(read("pnpm-workspace.yaml")) ?? [];
  expect(allowed).toContain("esbuild: false");
  expect(allowed).not.toMatch(/: true/);
});

describe.runIf(process.env.OFFSHOOT_LONG === "1")("a project from the notes template", { timeout: 600_000 }, () => {
  test("installs by npm ci without scripts, the same parts each time, and its server starts", () => {
    const folder = mkdtempSync(join(tmpdir(), "supply-chain-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const npm = (...args: string[]) =>
      execFileSync("npm", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 1e8 });
    const [{ filename }] = JSON.parse(
      execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
        cwd: join(root, "packages/core"),
        encoding: "utf8",
      }).replace(/^[^[]*/, ""),
    );
    // As pnpm packs it: npm knows no catalog.
    unpackPlainly(folder, filename);
    const { name, version, type, dependencies } = JSON.parse(read("templates/notes/package.json"));
    const core = "file:core";
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ name, version, type, dependencies: { ...dependencies, "@offshoot/core": core } }),
    );
    cpSync(join(root, "templates/notes/dist"), join(folder, "dist"), { recursive: true });
    npm("install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund");
    const lock = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")) as {
      packages: Record<string, { integrity?: string; resolved?: string; hasInstallScript?: boolean; link?: boolean }>;
    };
    for (const [path, { integrity = "", resolved = "" }] of Object.entries(lock.packages)) {
      if (path === "" || path === "core" || path === "node_modules/@offshoot/core") continue;
      expect([path, integrity]).toEqual([path, expect.stringMatching(/^sha512-/)]);
      // Without an address it is the registry that npm was told.
      expect([path, resolved]).toEqual([path, expect.stringMatching(/^(?:https?:\/\/\S+\.tgz)?$/)]);
    }
    const parts = (): string => {
      rmSync(join(folder, "node_modules"), { recursive: true, force: true });
      npm("ci", "--ignore-scripts", "--no-audit", "--no-fund");
      // Its number and its time are each run's own.
      const {
        serialNumber: _serial,
        metadata: _metadata,
        ...bom
      } = JSON.parse(npm("sbom", "--sbom-format", "cyclonedx"));
      expect(bom.components.length).toBeGreaterThan(5);
      return JSON.stringify(bom);
    };
    expect(parts()).toBe(parts());
    expect(execFileSync(process.execPath, ["dist/main.js", "--version"], { cwd: folder, encoding: "utf8" })).toBe(
      `${version}\n`,
    );
  });
});

function unpackPlainly(folder: string, tarball: string): void {
  mkdirSync(join(folder, "core"));
  execFileSync("tar", ["-xzf", tarball, "-C", "core", "--strip-components=1"], { cwd: folder });
  const path = join(folder, "core/package.json");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  const catalog = new Map(
    [...read("pnpm-workspace.yaml").matchAll(/^ {2}"?([@\w/.-]+)"?: ([\^~]?\d\S*)$/gm)].map(([, name, range]) => [
      name,
      range,
    ]),
  );
  const dependencies = Object.fromEntries(
    Object.keys(manifest.dependencies).map((name) => [name, catalog.get(name) ?? "missing"]),
  );
  writeFileSync(
    path,
    JSON.stringify({
      ...manifest,
      dependencies,
      devDependencies: {},
      peerDependencies: { zod: manifest.peerDependencies.zod },
    }),
  );
}
