import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { offshootBin, run, temporaryFolder } from "../fixtures/run.ts";
import { CTRL_C, openTerminal } from "../fixtures/terminal.ts";

/** In the place of the Inspector: writes down how it was started, then ends with a code, or a moment after a signal. */
const STAND_IN = `const { appendFileSync } = require("node:fs");
const { argv, env } = process;
const tell = (what) => appendFileSync(env.TOLD, JSON.stringify(what) + "\\n");
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(signal, () => {
    tell({ signal });
    setTimeout(() => { tell({ gone: true }); process.exit(signal === "SIGINT" ? 0 : 1); }, 200);
  });
tell({ args: argv.slice(2), cwd: process.cwd(), env });
if (env.ENDS) process.exit(Number(env.ENDS));
console.log("the Inspector is up");
// Also when nobody ends it.
setTimeout(() => process.exit(9), 30_000);
`;

/** A built project, and an environment in which npx is the stand-in. */
function place() {
  const parent = temporaryFolder();
  const folder = join(parent, "mine");
  mkdirSync(join(folder, "dist"), { recursive: true });
  mkdirSync(join(parent, "bin"));
  writeFileSync(join(folder, "offshoot.json"), '{"template":"notes","version":"0.1.0"}');
  writeFileSync(join(folder, "package.json"), '{"name":"mine","bin":{"mine":"dist/main.js"}}');
  writeFileSync(join(folder, "dist/main.js"), "");
  writeFileSync(join(parent, "inspector.cjs"), STAND_IN);
  // npx waits for a shell that waits for the Inspector.
  const npx = `#!/bin/sh\ntrap : INT\n"${process.execPath}" "${join(parent, "inspector.cjs")}" "$@"\nexit $?\n`;
  writeFileSync(join(parent, "bin/npx"), npx, { mode: 0o755 });
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `${join(parent, "bin")}:${process.env.PATH}`,
    TOLD: join(parent, "told"),
  };
  const told = () =>
    readFileSync(join(parent, "told"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  return { folder, env, told };
}

test("inspect starts the official Inspector on the built server, and nothing of the server's is the Inspector's", async () => {
  const { folder, env, told } = place();
  Object.assign(env, { ENDS: "0", MINE: "1", npm_config_package: "create-offshoot", npm_config_registry: "http://r/" });
  const words = ["inspect", "--", "--transport", "stdio", "two words"];
  const { code, stdout } = await run(process.execPath, [offshootBin, ...words], { cwd: folder, env });
  expect([code, stdout]).toEqual([0, "The Inspector has ended.\n"]);
  const [{ args, cwd, env: given }] = told();
  const server = [process.execPath, join(folder, "dist/main.js"), "--transport", "stdio", "two words"];
  expect(args).toEqual(["-y", "@modelcontextprotocol/inspector@2", "--", ...server]);
  expect(cwd).toBe(folder);
  expect(given).toMatchObject({ MINE: "1", npm_config_registry: "http://r/" });
  // What `npx -p create-offshoot` says to itself would make another npx start the wrong thing.
  expect(given).not.toHaveProperty("npm_config_package");
});

/** In the place of a server that has a live page: says so, and writes down how it was started and ended. */
const LIVE = `const { appendFileSync } = require("node:fs");
const tell = (what) => appendFileSync(process.env.TOLD, JSON.stringify(what) + "\\n");
process.on("SIGTERM", () => { tell({ server: "stopped" }); process.exit(0); });
tell({ server: process.argv.slice(2) });
process.stderr.write("mine 1.0.0 listens on http://127.0.0.1:4321/mcp\\nmine shows what it does at http://127.0.0.1:4321/ui#token\\n");
setInterval(() => {}, 1000);
`;

test("--live serves it on this machine with its live page, hands the Inspector its address, and ends both", async () => {
  const { folder, env, told } = place();
  writeFileSync(join(folder, "package.json"), '{"name":"mine","type":"commonjs","bin":{"mine":"dist/main.js"}}');
  writeFileSync(join(folder, "dist/main.js"), LIVE);
  const words = [offshootBin, "inspect", "--live", "--", "--store", "memory"];
  const { code, stderr } = await run(process.execPath, words, { cwd: folder, env: { ...env, ENDS: "0" } });
  expect([code, stderr]).toEqual([0, "Live page: http://127.0.0.1:4321/ui#token\n"]);
  const own = ["--transport", "http", "--host", "127.0.0.1", "--port", "0", "--ui"];
  await expect.poll(() => told().length).toBe(3);
  const [first, second, third] = told();
  expect([first, third]).toEqual([{ server: ["--store", "memory", ...own] }, { server: "stopped" }]);
  const address = ["--transport", "http", "--server-url", "http://127.0.0.1:4321/mcp"];
  expect(second.args).toEqual(["-y", "@modelcontextprotocol/inspector@2", ...address]);
});

test("--live says why a server did not start", async () => {
  const { folder, env } = place();
  writeFileSync(join(folder, "package.json"), '{"name":"mine","type":"commonjs","bin":{"mine":"dist/main.js"}}');
  writeFileSync(join(folder, "dist/main.js"), 'process.stderr.write("mine: unknown flag --ui\\n"); process.exit(2);');
  const { code, stdout } = await run(process.execPath, [offshootBin, "inspect", "--live", "--json"], {
    cwd: folder,
    env,
  });
  expect([code, JSON.parse(stdout).error]).toEqual([
    2,
    "The server ended with 2 before it listened: mine: unknown flag --ui",
  ]);
});

test("an Inspector that fails is a refusal that says with what", async () => {
  const { folder, env } = place();
  const words = [offshootBin, "inspect", "--json"];
  const { code, stdout } = await run(process.execPath, words, { cwd: folder, env: { ...env, ENDS: "3" } });
  expect([code, JSON.parse(stdout)]).toEqual([
    2,
    { error: "The Inspector ended with 3.", next: expect.stringContaining("registry") },
  ]);
});

test("without npx the next step is named", async () => {
  const { folder, env } = place();
  const words = [offshootBin, "inspect", "--json"];
  const { code, stdout } = await run(process.execPath, words, { cwd: folder, env: { ...env, PATH: folder } });
  expect([code, JSON.parse(stdout).next]).toEqual([2, expect.stringContaining("npm on your PATH")]);
});

test("Ctrl+C in a terminal ends the Inspector, then the command, and is no failure", async () => {
  const { folder, env, told } = place();
  const terminal = openTerminal([process.execPath, offshootBin, "inspect"], { cwd: folder, env });
  await terminal.until("the Inspector is up");
  terminal.type(CTRL_C);
  const { code, shown } = await terminal.ended;
  expect([code, told().slice(1)]).toEqual([0, [{ signal: "SIGINT" }, { gone: true }]]);
  expect(shown).toContain("The Inspector has ended.");
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s to the command alone ends the Inspector behind npx and its shell, too, and is no failure",
  async (signal) => {
    const { folder, env, told } = place();
    const child = spawn(process.execPath, [offshootBin, "inspect"], { cwd: folder, env, stdio: "pipe" });
    onTestFinished(() => void child.kill("SIGKILL"));
    await once(child.stdout, "data");
    child.kill(signal);
    const [code] = await once(child, "close");
    expect([code, told().slice(1)]).toEqual([0, [{ signal }, { gone: true }]]);
  },
);
