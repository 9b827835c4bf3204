import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawn } from "@offshoot/core/testing";
import { expect, test } from "vitest";
import { npm } from "../../src/npm.ts";
import { createOffshoot, offshootBin, run, temporaryFolder } from "../fixtures/run.ts";

const server = `import { defineServer, defineTool } from "@offshoot/core";
import { serve } from "@offshoot/core/serve";
import { z } from "zod";

const echo = defineTool({
  name: "echo",
  title: "Echo",
  description: "Say a text again.",
  inputSchema: z.object({ text: z.string().describe("What to say") }),
  outputSchema: z.object({ text: z.string().describe("What was said") }),
  annotations: { readOnlyHint: true },
  handler: ({ text }) => ({ text }),
});
await serve(defineServer({ name: "echo", version: "1.0.0", tools: [echo] }));
`;

test("a server of two files is a project too: contract, check, connect and bundle work without a template", async () => {
  const folder = join(temporaryFolder(), "echo");
  mkdirSync(folder);
  const manifest = { name: "echo", version: "1.0.0", description: "Says a text again", author: "Ada", license: "MIT" };
  const dependencies = { "@offshoot/core": "^0.1.0", zod: "^4.6.7" };
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ ...manifest, type: "module", bin: "./server.ts", files: ["server.ts"], dependencies }),
  );
  writeFileSync(join(folder, "server.ts"), server);
  const installed = fileURLToPath(new URL("../../../../templates/minimal/node_modules", import.meta.url));
  symlinkSync(installed, join(folder, "node_modules"), "junction");
  const offshoot = async (...words: string[]) => {
    const { code, stdout, stderr } = await run(process.execPath, [offshootBin, ...words], { cwd: folder });
    return [code, `${stdout}${stderr}`] as const;
  };
  expect(await offshoot("contract", "--write")).toEqual([0, expect.stringContaining("contract.lock.json")]);
  expect(await offshoot("check", "--offline")).toEqual([0, expect.stringContaining("0 wrong")]);
  expect(await offshoot("connect", "claude-code")).toEqual([0, expect.stringContaining("server.ts")]);
  expect(await offshoot("update", "--check")).toEqual([2, expect.stringContaining("offshoot.json")]);
});

test("a server whose test harness is not installed is told what to install", async () => {
  const folder = join(temporaryFolder(), "echo");
  mkdirSync(join(folder, "node_modules/@offshoot/core"), { recursive: true });
  const core = { name: "@offshoot/core", version: "1.0.0", type: "module", exports: { "./testing": "./testing.js" } };
  writeFileSync(join(folder, "node_modules/@offshoot/core/package.json"), JSON.stringify(core));
  writeFileSync(join(folder, "node_modules/@offshoot/core/testing.js"), 'import "@modelcontextprotocol/client";\n');
  writeFileSync(join(folder, "package.json"), '{"name":"echo","version":"1.0.0","bin":"server.ts"}');
  writeFileSync(join(folder, "server.ts"), "");
  const { code, stderr } = await run(process.execPath, [offshootBin, "contract", "--write"], { cwd: folder });
  expect([code, stderr]).toEqual([2, expect.stringContaining("npm install --save-dev @modelcontextprotocol/client")]);
});

test("a project that runs from its sources is bundled with its packages, and starts where nothing else is", async () => {
  const parent = temporaryFolder();
  const folder = join(parent, "mine");
  await createOffshoot([folder, "--template", "minimal", "--core", "pack", "--no-git"]);
  const file = join(folder, "package.json");
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...manifest, author: "Ada", license: "MIT" }));
  const { code, stdout } = await run(process.execPath, [offshootBin, "bundle", "--json"], { cwd: folder });
  expect([code, JSON.parse(stdout).error]).toEqual([0, undefined]);
  const unpacked = join(parent, "unpacked");
  const bundle = join(folder, "bundle", readdirSync(join(folder, "bundle"))[0] as string);
  await npm("exec", "--yes", "--package=@anthropic-ai/mcpb@2", "--", "mcpb", "unpack", bundle, unpacked);
  const client = await spawn(process.execPath, { args: [join(unpacked, "src/main.ts")], cwd: parent });
  expect((await client.call("define_term", { term: "fork" })).data).toMatchObject({ term: "fork" });
  await client.close();
});
