import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { isSecretName } from "../../src/secret-name.ts";
import { offshootBin, run, runEach } from "../fixtures/run.ts";
import { archive } from "./archive.ts";
import { type Container, container, release } from "./container.ts";

let world: Container;
let next: string;
beforeEach(() => {
  world = container();
  next = world.write("archives/next.tgz", archive(release("0.2.0")));
});

const inProject = (path: string): string => join(world.project, path);

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  HOME: join(world.root, "home"),
  XDG_STATE_HOME: join(world.root, "state"),
  XDG_CONFIG_HOME: join(world.root, "home/.config"),
  npm_config_cache: join(world.root, "state/npm"),
  npm_config_offline: "true",
});

/** Runs the command as the user of this container. A command that hangs is ended, and has no exit code of its own. */
async function offshoot(...args: string[]) {
  const options = { cwd: world.project, env: environment(), timeout: 60_000 };
  const outcome = await run(process.execPath, [offshootBin, ...args], options);
  return { ...outcome, said: `${outcome.stdout}${outcome.stderr}` };
}

const base = (): string => world.write("archives/base.tgz", archive(release("0.1.0")));

/** Every command, those that change least first. */
const commands = (): string[][] => [
  ["check", "--offline"],
  ["contract", "--check"],
  ["contract", "--against", "HEAD"],
  ["policy", "--check"],
  ["keys", "list"],
  ["keys", "check"],
  ["update", "--dry-run", "--base", base(), "--from", next],
  ["connect", "claude-code", "--write"],
  ["connect", "cursor", "--write"],
  ["policy", "--write"],
  ["contract", "--write"],
  ["keys", "add", "ci"],
  ["keys", "add", "ci", "--file", "config/keys.json"],
  ["promote", "config/a.json", "config/b.json", "--offline"],
  ["add", "tool", "count_words"],
  ["bundle"],
  ["update", "--no-gates", "--base", base(), "--from", next],
];

/** Runs all of them in one process, as long as none hangs. */
const runAll = () => runEach(commands(), { cwd: world.project, env: environment() });

/** Files that a command reads or writes. */
const FILES =
  ".mcp.json contract.lock.json policy.lock.json README.md Dockerfile AGENTS.md auth-keys.json src/pipe.ts config/a.json config/b.json config/config.lock.json".split(
    " ",
  );

function amend(members: object): void {
  const manifest = JSON.parse(readFileSync(inProject("package.json"), "utf8"));
  writeFileSync(inProject("package.json"), JSON.stringify({ ...manifest, ...members }));
  mkdirSync(inProject("dist"), { recursive: true });
  writeFileSync(inProject("dist/main.js"), "");
  writeFileSync(inProject("contract.lock.json"), "{}");
}

/** What a folder may bring along, each with what it hopes for. */
const folders: Record<string, () => void> = {
  "a journal with paths outside": () => {
    const entries = ["../victim.txt", "../../outside/canary.txt", ".git/hooks/pre-commit", "data/canary.txt"].map(
      (path) => ({ path, before: null, after: null }),
    );
    for (const name of [".offshoot-update", ".offshoot-update-kept", ".offshoot-before"]) {
      mkdirSync(inProject(`${name}/before/.git/hooks`), { recursive: true });
      writeFileSync(inProject(`${name}/plan.json`), JSON.stringify({ entries }));
      writeFileSync(inProject(`${name}/before/.git/hooks/pre-commit`), "evil");
    }
  },
  "links with the names of what is written": () => {
    const names =
      ".mcp.json .offshoot-before .offshoot-update bundle contract.lock.json dist policy.lock.json auth-keys.json config";
    for (const name of names.split(" ")) {
      rmSync(inProject(name), { force: true, recursive: true });
      symlinkSync("../../outside", inProject(name));
    }
    symlinkSync("../victim.txt", inProject(".mcp.json.offshoot-1"));
  },
  "a source file that is a link": () => {
    rmSync(inProject("src/index.js"));
    symlinkSync("../../../outside/canary.txt", inProject("src/index.js"));
  },
  "a source folder that is a link": () => {
    rmSync(inProject("src"), { recursive: true });
    symlinkSync("../../outside", inProject("src"));
  },
  "a version with a command in it": () =>
    writeFileSync(inProject("offshoot.json"), '{"template":"notes","version":"0.1.0 & touch ../victim.txt"}'),
  "a template with a path in it": () =>
    writeFileSync(inProject("offshoot.json"), '{"template":"../../outside","version":"0.1.0"}'),
  "an offshoot.json of another shape": () => writeFileSync(inProject("offshoot.json"), "null"),
  "a bin outside": () => {
    const manifest = JSON.parse(readFileSync(inProject("package.json"), "utf8"));
    writeFileSync(inProject("package.json"), JSON.stringify({ ...manifest, bin: "../../outside/evil.js" }));
    world.write("outside/evil.js", 'require("fs").writeFileSync("../victim.txt", "evil")');
  },
  "pipes where files are read": () => {
    mkdirSync(inProject("dist"));
    mkdirSync(inProject("config"));
    for (const name of [...FILES, "auth-keys.json.lock", "auth-keys.json.used", "dist/main.js"])
      execFileSync("mkfifo", [inProject(name)]);
  },
  "folders where files are read": () => {
    for (const name of [...FILES, "auth-keys.json.lock", "auth-keys.json.used", "dist/main.js"])
      mkdirSync(inProject(name), { recursive: true });
  },
  "a bin with a path for its name": () => amend({ bin: { "../../../outside/evil": "dist/main.js" }, author: "a" }),
  "a version with a path": () => amend({ version: "/../../../outside/evil", author: "a" }),
  "a name with a path": () => amend({ name: "../../../outside/evil", author: "a" }),
  "programs in the settings of its repository": () => {
    const evil = `touch ${join(world.root, "outside/evil")}`;
    for (const [key, value] of [
      ["core.fsmonitor", `${evil} #`],
      ["filter.evil.clean", `sh -c "${evil}; cat"`],
      ["filter.evil.required", "true"],
    ] as const)
      execFileSync("git", ["config", key, value], { cwd: world.project });
    for (const name of ["info", "hooks"]) mkdirSync(inProject(`.git/${name}`), { recursive: true });
    writeFileSync(inProject(".git/info/attributes"), "* filter=evil\n");
    writeFileSync(inProject(".git/hooks/post-index-change"), `#!/bin/sh\n${evil}\n`, { mode: 0o755 });
  },
  "a package.json of another shape": () => writeFileSync(inProject("package.json"), '{"scripts":[],"bin":7}'),
};

describe("a project that came from a stranger", () => {
  test.each(Object.entries(folders))(
    "no command in a folder with %s changes anything outside, and each says why in a line",
    async (_name, make) => {
      make();
      const before = world.outside();
      const answers = await runAll();
      const home = Object.entries(world.outside()).filter(([path]) => !/^home\/\.(cursor|npm)\//.test(path));
      expect(Object.fromEntries(home)).toEqual(before);
      expect(answers.map(({ words }) => words)).toEqual(commands());
      for (const { words, code, said } of answers) {
        expect([0, 1, 2], words.join(" ")).toContain(code);
        expect(said, words.join(" ")).not.toMatch(/^\s+at .*:\d+/m);
      }
    },
  );

  test("an update goes on where a journal came with the folder", async () => {
    folders["a journal with paths outside"]?.();
    execFileSync("git", ["add", "-Af"], { cwd: world.project });
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"], { cwd: world.project });
    const { code, said } = await offshoot("update", "--no-gates", "--base", base(), "--from", next);
    expect([code, said]).toEqual([0, expect.stringContaining("0.1.0 → 0.2.0")]);
    expect(readFileSync(inProject("src/index.js"), "utf8")).toBe("// 0.2.0\n");
  });
});

describe("a configuration that is written into", () => {
  const config = (): string => inProject(".mcp.json");
  const connect = () => offshoot("connect", "claude-code", "--write");
  beforeEach(() => {
    mkdirSync(inProject("dist"));
    writeFileSync(inProject("dist/main.js"), "");
  });

  test.each([
    ["Latin-1", Buffer.from('{"mcpServers":{"caf\xe9":{"command":"x"}}}', "latin1")],
    ["UTF-16", Buffer.from("\ufeff{}", "utf16le")],
    ["a key twice", '{"mcpServers":{"a":{}},"mcpServers":{"b":{}}}'],
    ["a server twice", '{"mcpServers":{"notes":{"command":"a"},"notes":{"command":"b"}}}'],
    ["null for servers", '{"mcpServers":null}'],
    ["a list", "[]"],
    ["null", "null"],
    ["text", "hello"],
  ])("with %s is left as it is", async (_name, content) => {
    writeFileSync(config(), content);
    const { code, said } = await connect();
    expect([code, said]).toEqual([2, expect.stringMatching(/left alone/)]);
    expect(said).not.toMatch(/^\s+at /m);
    expect(readFileSync(config())).toEqual(Buffer.from(content));
  });

  test("that is read-only is left as it is", async () => {
    writeFileSync(config(), "{}");
    chmodSync(config(), 0o444);
    expect(await connect()).toMatchObject({ code: 2, said: expect.stringContaining("read-only") });
    expect(readFileSync(config(), "utf8")).toBe("{}");
  });

  test("that has a second name is left as it is: one of the two would keep the old state", async () => {
    writeFileSync(inProject("kept.json"), "{}");
    linkSync(inProject("kept.json"), config());
    expect(await connect()).toMatchObject({ code: 2, said: expect.stringContaining("second name") });
    expect(readFileSync(config(), "utf8")).toBe("{}");
  });

  test.each([0o600, 0o640, 0o664, 0o666])("keeps its permissions, whatever new files get: %o", async (mode) => {
    writeFileSync(config(), "{}");
    chmodSync(config(), mode);
    expect(await connect()).toMatchObject({ code: 0 });
    expect(statSync(config()).mode & 0o777).toBe(mode);
  });

  test("that is the user's own link is written where it leads", async () => {
    const real = world.write("home/dotfiles/cursor.json", "{}");
    mkdirSync(join(world.root, "home/.cursor"));
    symlinkSync(real, join(world.root, "home/.cursor/mcp.json"));
    expect(await offshoot("connect", "cursor", "--write")).toMatchObject({ code: 0 });
    expect(readFileSync(real, "utf8")).toContain('"notes"');
  });

  test("keeps each earlier state", async () => {
    writeFileSync(config(), '{ "first": 1 }');
    await connect();
    writeFileSync(config(), '{ "second": 2 }');
    await connect();
    expect(readFileSync(`${config()}.before-offshoot`, "utf8")).toBe('{ "first": 1 }');
    expect(readFileSync(`${config()}.before-offshoot-2`, "utf8")).toBe('{ "second": 2 }');
  });
});

describe("a secret in a project's folder", () => {
  const names = ".env .env.production secrets.json server.pem id_rsa credentials.json signing.key token.txt".split(" ");
  const harmless = ".env.example id_rsa.pub tokens.ts secret-santa.ts keyboard.ts monkey.md public-key.ts".split(" ");

  test("is named by `check` before it is published, and other files are not", async () => {
    const manifest = JSON.parse(readFileSync(inProject("package.json"), "utf8"));
    writeFileSync(inProject("package.json"), JSON.stringify({ ...manifest, files: ["src", "dist"] }));
    for (const name of [...names, ...harmless]) writeFileSync(inProject(`src/${name}`), "hunter2");
    const { stdout } = await offshoot("check", "--offline", "--json");
    const { message } = JSON.parse(stdout).findings.find(({ name }: { name: string }) => name === "packed files");
    expect(message).toContain(`and ${names.length - 5} more`);
    for (const name of harmless) expect(message).not.toContain(`src/${name},`);
    expect(names.every(isSecretName)).toBe(true);
    expect(harmless.some(isSecretName)).toBe(false);
  });

  test("a folder outside that a dependency names is not bundled, though npm links it", async () => {
    world.write("outside/package.json", '{"name":"evil","version":"1.0.0"}');
    const dependencies = { evil: `file:${join(world.root, "outside")}` };
    amend({ description: "d", author: "a", bin: "src/index.js", dependencies, files: ["src"] });
    writeFileSync(inProject("offshoot.json"), JSON.stringify({ template: "notes", version: "0.1.0" }));
    const { code, said } = await offshoot("bundle");
    expect([code, said]).toEqual([2, expect.stringContaining("evil leads to a folder outside the bundle")]);
  });

  test("a bundle is not written through a link of the project", async () => {
    amend({ description: "d", author: "a" });
    symlinkSync("../../outside", inProject("bundle"));
    expect(await offshoot("bundle")).toMatchObject({ code: 2, said: expect.stringContaining('"bundle" is a link') });
  });

  test.each(["secrets.json", "linked.js"])("%s is not bundled", async (name) => {
    mkdirSync(inProject("dist/deep"), { recursive: true });
    writeFileSync(inProject("dist/main.js"), "");
    if (name === "linked.js") symlinkSync("../../../../outside/canary.txt", inProject(`dist/deep/${name}`));
    else writeFileSync(inProject(`dist/deep/${name}`), "hunter2");
    const manifest = JSON.parse(readFileSync(inProject("package.json"), "utf8"));
    writeFileSync(
      inProject("package.json"),
      JSON.stringify({ ...manifest, description: "d", author: "a", license: "MIT" }),
    );
    writeFileSync(
      inProject("contract.lock.json"),
      readFileSync(new URL("../../../../templates/notes/contract.lock.json", import.meta.url)),
    );
    expect(await offshoot("bundle")).toMatchObject({ code: 2, said: expect.stringContaining(`dist/deep/${name}`) });
  });
});
