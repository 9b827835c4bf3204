import { lstatSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { Refusal } from "../../src/terminal.ts";
import { updateProject } from "../../src/update/update.ts";
import { archive, type RawEntry } from "./archive.ts";
import { type Container, container, release } from "./container.ts";

let world: Container;
beforeEach(() => {
  world = container();
  vi.stubEnv("HOME", join(world.root, "home"));
  vi.stubEnv("XDG_STATE_HOME", join(world.root, "state"));
  return () => vi.unstubAllEnvs();
});

/** What an update from this archive comes to. */
async function attempt(entries: readonly RawEntry[], side: "from" | "base" = "from"): Promise<unknown> {
  const good = world.write("archives/good.tgz", archive(release(side === "from" ? "0.1.0" : "0.2.0")));
  const evil = world.write("archives/evil.tgz", archive([...release(side === "from" ? "0.2.0" : "0.1.0"), ...entries]));
  const options = side === "from" ? { from: evil, base: good } : { from: good, base: evil };
  return updateProject({ folder: world.project, gates: false, install: false, ...options }).catch((error) => error);
}

/** Zip-slip lists, git's own table of names, tar's gaps, and this command's own state. */
const paths: (string | Buffer)[] = [
  ..."package/../../.ssh/x package/../../victim.txt package/../victim.txt ../victim.txt ../../outside/canary.txt".split(
    " ",
  ),
  ..."/tmp/x //tmp/x package//x package/./x ./package/x package/a/../b package/a/.. package/.. package/a//b".split(" "),
  ..."package\\..\\..\\x package/..\\..\\x ..\\..\\x C:\\x C:/x package/C:/x \\\\host\\share\\x".split(" "),
  ..."package/.git/hooks/pre-commit package/.GIT/hooks/pre-commit package/.Git/config package/.git package/a/.git/config".split(
    " ",
  ),
  ..."package/GIT~1/config package/git~2/config package/.git./config package/.git::$INDEX_ALLOCATION/config".split(" "),
  ..."package/.git:x/config package/a/GIT~1/x package/.gıt/config".split(" "),
  "package/.git /config",
  "package/.git . ./config",
  ...[
    "200b",
    "200c",
    "200d",
    "200e",
    "202a",
    "202e",
    "2060",
    "206a",
    "feff",
    "00ad",
    "180e",
    "fe0f",
    "e0061",
    "034f",
  ].map((code) => `package/.g${String.fromCodePoint(Number.parseInt(code, 16))}it/config`),
  "package/．git/config",
  ..."package/.offshoot-update/plan.json package/.OFFSHOOT-UPDATE/plan.json package/.offshoot-before/x".split(" "),
  ..."package/NODE_MODULES/x package/Node_modules/.bin/x".split(" "),
  ..."package/con package/aux.txt package/src/NUL package/com1.js package/a:b package/x:$DATA".split(" "),
  ..."package/CONIN$ package/conout$.txt package/CLOCK$ package/com\u00b9.js".split(" "),
  "package/con .txt",
  "package/src/NUL .js",
  ..."package/NODE_M~1/x package/PACKAG~1.JSO package/src/index~12.js package/GITIGN~1 package/GI7EBA~1/x".split(" "),
  "package/a\nb",
  "package/a\u2028b",
  "package/a\u2029b",
  "package/a\u001b[2Jb",
  "package/\u202etxt.js",
  "package/a.",
  "package/a ",
  Buffer.from([...Buffer.from("package/"), 0xff, 0xfe]),
  `package/${"a".repeat(256)}`,
  `package/${"a/".repeat(600)}x`,
  ..."elsewhere/x x package/data/x package/data/canary.txt package/linked.txt/x".split(" "),
];

describe("an archive that is not a template's is refused by name, and nothing changes", () => {
  test.each(paths.map((path) => [JSON.stringify(String(path)).slice(0, 80), path] as const))("%s", async (_, path) => {
    const before = world.outside();
    const files = readdirSync(world.project, { recursive: true }).sort();
    const outcome = await attempt([{ path, content: "evil" }]);
    expect(outcome).toBeInstanceOf(Refusal);
    expect((outcome as Refusal).message).toMatch(/"/);
    expect(world.outside()).toEqual(before);
    expect(readdirSync(world.project, { recursive: true }).sort()).toEqual(files);
  });

  test.each([
    ["a link", [{ path: "package/l", type: "2", target: "../../outside" }]],
    ["a hard link", [{ path: "package/l", type: "1", target: "package/package.json" }]],
    ["a link and a file through it", [{ path: "package/l", type: "2", target: "/tmp" }, { path: "package/l/x" }]],
    ["a FIFO", [{ path: "package/p", type: "6" }]],
    ["a device", [{ path: "package/d", type: "3" }]],
    ["two spellings of one name", [{ path: "package/README.md" }, { path: "package/readme.md" }]],
    ["two compositions of one name", [{ path: "package/caf\u00e9" }, { path: "package/cafe\u0301" }]],
    ["a name twice", [{ path: "package/src/index.js", content: "evil" }]],
    ["a file and a folder of one name", [{ path: "package/A" }, { path: "package/a/b" }]],
    ["a folder outside", [{ path: "package/../../made", type: "5" }]],
  ] satisfies [string, RawEntry[]][])("%s", async (_, entries) => {
    const before = world.outside();
    expect(await attempt(entries)).toBeInstanceOf(Refusal);
    expect(await attempt(entries, "base")).toBeInstanceOf(Refusal);
    expect(world.outside()).toEqual(before);
  });

  test.each(["no archive at all", ""])("bytes that are no archive: %j", async (text) => {
    writeFileSync(join(world.root, "evil.tgz"), text);
    const from = join(world.root, "evil.tgz");
    const outcome = await updateProject({ folder: world.project, from, base: from, gates: false }).catch((e) => e);
    expect(outcome).toBeInstanceOf(Refusal);
  });

  test("what templates do have is taken", async () => {
    const names = ".github/workflows/ci.yml .env.example src/.gitkeep docs/日本語.md gitignore .gitattributes";
    const paths = [
      ...names.split(" "),
      "docs/a b.md",
      "docs/naïve.md",
      "-x",
      "~",
      "notes~",
      "a~b.md",
      "v1~2beta.md",
      "console.md",
    ];
    const outcome = await attempt(paths.map((path) => ({ path: `package/${path}` })));
    expect(outcome).toMatchObject({ status: "clean", written: expect.arrayContaining(paths) });
  });

  test("a version that is more than a version", async () => {
    for (const version of ["0.2.0 & touch x", "0.2.0;x", "$(x)", "latest", "0.2", "../x", "file:../x", 7, null]) {
      const from = world.write(
        "archives/evil.tgz",
        archive([
          { path: "package/package.json", content: JSON.stringify({ name: "n", version }) },
          { path: "package/offshoot.json", content: "{}" },
        ]),
      );
      expect(
        await updateProject({ folder: world.project, from, base: from, gates: false }).catch((e) => e),
      ).toBeInstanceOf(Refusal);
    }
  });
});

/** Stands for an absolute path to a folder that must stay as it is; each attempt's is another. */
const OUTSIDE = "outside";

test("whatever its paths, an archive changes nothing outside the project's own files", async () => {
  const parts = fc.constantFrom(
    ..."package src . .. .git .GIT git~1 data linked.txt node_modules .offshoot-update a A é con C: \\.. x.txt ~ -x".split(
      " ",
    ),
    "",
    " ",
    ".git ",
    "\u200c.git",
    "e\u0301",
  );
  const path = fc
    .array(
      fc.oneof({ weight: 5, arbitrary: parts }, { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 6 }) }),
      {
        minLength: 1,
        maxLength: 5,
      },
    )
    .map((list) => list.join("/"))
    .chain((rest) => fc.constantFrom(`package/${rest}`, `package/src/${rest}`, rest));
  const entries = fc.array(
    fc.record({
      path,
      type: fc.constantFrom("0", "0", "0", "2", "1", "5"),
      target: fc.constantFrom("..", OUTSIDE, "src"),
    }),
    { minLength: 1, maxLength: 3 },
  );
  const before = world.outside();
  await fc.assert(
    fc.asyncProperty(entries, async (list) => {
      const outside = join(world.root, "outside");
      const outcome = await attempt(
        list.map(({ target, ...entry }) => ({ ...entry, target: target === OUTSIDE ? outside : target })),
      );
      expect(world.outside()).toEqual(before);
      if (outcome instanceof Error && !(outcome instanceof Refusal)) throw outcome;
      for (const name of readdirSync(world.project, { recursive: true, encoding: "utf8" }))
        if (!name.startsWith(".git")) expect(name).not.toMatch(/[\p{C}\\:]/u);
      expect(lstatSync(join(world.project, "data")).isSymbolicLink()).toBe(true);
      // The next attempt begins with the same project.
      if (!(outcome instanceof Refusal)) world = Object.assign(world, container());
    }),
    { numRuns: process.env.OFFSHOOT_LONG ? 2000 : 60 },
  );
});
