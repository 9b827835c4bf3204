import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DockerfileParser } from "dockerfile-ast";
import { validate } from "dockerfile-utils";
import { describe, expect, onTestFinished, test } from "vitest";
import { readTemplate, templateNames } from "../src/templates.ts";
import { callOneTool } from "./e2e/call.ts";
import { must } from "./e2e/command.ts";
import { environment } from "./e2e/managers.ts";
import { configuredRegistry, packAll } from "./e2e/packed.ts";
import { openRegistry } from "./e2e/registry.ts";
import { freePort } from "./fixtures/free-port.ts";
import { createOffshoot, offshootBin, temporaryFolder } from "./fixtures/run.ts";

describe.each(templateNames())("a copy of %s", (template) => {
  test("installs, passes its check, takes more pieces, answers a client under its own name, and runs as its container would", async () => {
    const parent = temporaryFolder();
    const project = join(parent, "mine");
    const words = [project, "--template", template, "--core", "pack", "--no-git", "--install", "--pm", "pnpm"];
    expect((await createOffshoot(words)).data).toMatchObject({ installed: true, core: "pack" });
    await must(["pnpm", "run", "--if-present", "build"], project);
    const offshoot = (...words: string[]) => must([process.execPath, offshootBin, ...words], project);
    await offshoot("check", "--offline");
    for (const kind of ["tool", "resource", "prompt"]) await offshoot("add", kind, `count_${kind}s`);
    // The script's own commands; several checkers at once would cost two cores half as much again.
    const { types } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")).scripts;
    for (const command of types.split(" && "))
      await must(["pnpm", "exec", ...command.split(" "), "--singleThreaded"], project);
    await must(["pnpm", "exec", "vitest", "run", "test/count-", "--no-isolate", "--maxWorkers=1"], project);
    await must(["pnpm", "run", "--if-present", "build"], project);
    expect(await callOneTool(project, template, join(parent, "data"))).toBe("mine");
    await runAsContainer(project, parent);
  });

  test("has a Dockerfile without a fault", () => {
    const text = String(readTemplate(template).files.get("Dockerfile")?.bytes);
    expect(validate(text)).toEqual([]);
    const file = DockerfileParser.parse(text);
    expect(file.getFROMs().length).toBeGreaterThan(1);
    expect(instructions(text, "USER")).toEqual(["node"]);
    expect(instructions(text, "HEALTHCHECK")).toHaveLength(1);
  });
});

test("npm create, as it will be on the registry, makes what the checkout makes", async () => {
  const cwd = temporaryFolder();
  const registry = await openRegistry(packAll(join(cwd, "tarballs")), configuredRegistry());
  onTestFinished(registry.close);
  const env = { ...environment(registry.url, "", cwd), npm_config_cache: join(cwd, "cache") };
  await must(["npm", "create", "--yes", "offshoot@latest", "mine", "--", "--template", "notes", "--no-git"], cwd, env);
  const { data } = await createOffshoot([
    join(cwd, "ours/mine"),
    "--template",
    "notes",
    "--core",
    "registry",
    "--no-git",
  ]);
  expect(data.core).toBe("registry");
  const filesOf = (folder: string) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file.slice(folder.length), readFileSync(file, "utf8")])
      .sort();
  expect(filesOf(join(cwd, "mine"))).toEqual(filesOf(join(cwd, "ours/mine")));
});

const instructions = (dockerfile: string, keyword: string) =>
  DockerfileParser.parse(dockerfile)
    .getInstructions()
    .filter((instruction) => instruction.getKeyword() === keyword)
    .map((instruction) => instruction.getRawArgumentsContent() ?? "");

/** What the Dockerfile copies into its last stage, started by its entry point, and asked by its health check. */
async function runAsContainer(project: string, parent: string): Promise<void> {
  const dockerfile = readFileSync(join(project, "Dockerfile"), "utf8");
  const image = join(parent, "image");
  mkdirSync(image);
  for (const copied of instructions(dockerfile, "COPY").filter((words) => /\/app\/\S+ \S+$/.test(words))) {
    const name = /\/app\/(\S+)/.exec(copied)?.[1] as string;
    cpSync(join(project, name), join(image, name), { recursive: true });
  }
  const before = readdirSync(image, { recursive: true }).sort();
  const port = String(await freePort());
  const data = join(parent, "volume");
  mkdirSync(data);
  // A server that keeps data has a setting for where.
  const [variable] = /(\w+)(?==\/data)/.exec(instructions(dockerfile, "ENV").join(" ")) ?? [];
  const env = variable === undefined ? {} : { [variable]: data };
  const json = (text: string): string[] => JSON.parse(text.slice(text.indexOf("[")).replaceAll("3000", port));
  const [, ...entry] = json(instructions(dockerfile, "ENTRYPOINT")[0] as string);
  const server = spawn(process.execPath, entry, { cwd: image, env, stdio: "pipe" });
  const exit = once(server, "exit");
  try {
    const [said] = await once(server.stderr, "data");
    expect(String(said)).toContain("listens on");
    const [, ...check] = json(instructions(dockerfile, "HEALTHCHECK")[0] as string);
    await must([process.execPath, ...check], parent);
    const clientInfo = { name: "test", version: "1.0.0" };
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
    const answer = await fetch(`http://127.0.0.1:${port}/mcp`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params }),
    });
    expect(await answer.text()).toContain('"name":"mine"');
  } finally {
    server.kill();
    await exit;
  }
  await expect(must([process.execPath, "-e", `fetch("http://127.0.0.1:${port}/healthz")`], parent)).rejects.toThrow();
  expect(readdirSync(image, { recursive: true }).sort()).toEqual(before);
}
