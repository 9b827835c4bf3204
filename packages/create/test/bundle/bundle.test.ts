import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { spawn } from "@offshoot/core/testing";
import { describe, expect, test } from "vitest";
import { SCHEMA } from "../../src/bundle/registry-schema.ts";
import { npm } from "../../src/npm.ts";
import { offshootBin, run, temporaryFolder } from "../fixtures/run.ts";

/** A built template as a user's project. */
function project(template: string, manifest: object = {}): string {
  const folder = join(temporaryFolder(), "mine");
  const from = fileURLToPath(new URL(`../../../../templates/${template}/`, import.meta.url));
  mkdirSync(folder);
  for (const name of ["dist", "offshoot.json", "contract.lock.json", "README.md"])
    cpSync(join(from, name), join(folder, name), { recursive: true });
  const data = JSON.parse(readFileSync(join(from, "package.json"), "utf8"));
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ ...data, author: "Ada <ada@example.org>", version: "1.2.3", ...manifest }),
  );
  return folder;
}

/** Longer than the registry takes, which nobody but its schema says. */
const longName = `a.b/${"c".repeat(200)}`;

/** Runs the command where the registry's schema asks for no more than a short name. */
async function bundle(folder: string, ...args: string[]) {
  const schema = join(folder, "../server.schema.json");
  writeFileSync(schema, JSON.stringify({ $id: SCHEMA, properties: { name: { maxLength: 200 } } }));
  const env = { ...process.env, OFFSHOOT_REGISTRY_SCHEMA: pathToFileURL(schema).href };
  const { code, stdout } = await run(process.execPath, [offshootBin, "bundle", "--json", ...args], {
    cwd: folder,
    env,
  });
  return { code, data: JSON.parse(stdout) };
}

describe("a bundle", () => {
  test("of a server is packed by the official tool, and starts where nothing else is", async () => {
    const folder = project("filesystem", { mcpName: "io.github.ada/files" });
    const { code, data } = await bundle(folder, "--url", "https://example.org/files-mcp.mcpb");
    expect([code, data.error]).toEqual([0, undefined]);
    expect(readdirSync(join(folder, "bundle"))).toEqual(["offshoot-filesystem-1.2.3.mcpb", "server.json"]);

    const unpacked = join(temporaryFolder(), "unpacked");
    await npm("exec", "--yes", "--package=@anthropic-ai/mcpb@2", "--", "mcpb", "unpack", data.file, unpacked);
    const { server, user_config, author } = JSON.parse(readFileSync(join(unpacked, "manifest.json"), "utf8"));
    expect(author).toEqual({ name: "Ada", email: "ada@example.org" });
    expect(user_config.folders).toMatchObject({ type: "directory", multiple: true, required: true });

    // As a host does: its own Node, the folder and the user's answers filled in.
    const root = temporaryFolder();
    const args = server.mcp_config.args.map((word: string) =>
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the format's own
      word.replace("${__dirname}", unpacked).replace("${user_config.folders}", root),
    );
    const client = await spawn(process.execPath, { args, cwd: root });
    try {
      await client.call("write_file", { path: "kept.txt", content: "by a bundle" });
    } finally {
      await client.close();
    }
    expect(readFileSync(join(root, "kept.txt"), "utf8")).toBe("by a bundle");

    expect(data.registrySchema).toEqual({ schema: expect.stringMatching(/^file:/), fits: true });
    const listing = JSON.parse(readFileSync(data.serverJson, "utf8"));
    expect(listing).toMatchObject({ name: "io.github.ada/files", version: "1.2.3" });
    expect(listing.packages).toEqual([
      {
        registryType: "npm",
        identifier: "@offshoot/filesystem",
        version: "1.2.3",
        runtimeHint: "npx",
        transport: { type: "stdio" },
        packageArguments: [
          {
            type: "positional",
            valueHint: "folders",
            description: expect.any(String),
            isRequired: true,
            format: "filepath",
            isRepeated: true,
          },
        ],
      },
      {
        registryType: "mcpb",
        identifier: "https://example.org/files-mcp.mcpb",
        fileSha256: data.sha256,
        transport: { type: "stdio" },
      },
    ]);
  });

  test("of a private project has no listing unless it can be downloaded", async () => {
    const { data } = await bundle(project("notes", { private: true, mcpName: "io.github.ada/notes" }));
    expect(data).toMatchObject({
      serverJson: null,
      registrySchema: null,
      manifest: { server: { entry_point: "dist/main.js" } },
    });
    expect(data.manifest.tools).toContainEqual({ name: "create_note", description: expect.any(String) });
  });

  test.each([
    ["a package without an author", { author: undefined }, [], /names its author/],
    ["a name that the registry refuses", { mcpName: "notes" }, [], /not a valid name on the registry/],
    ["a name that the registry's schema refuses", { mcpName: longName }, [], /server\.json\/name must NOT have more/],
    ["a description that is too long", { mcpName: "a.b/c", description: "x".repeat(101) }, [], /101 characters/],
    ["a version that is none", { mcpName: "a.b/c", version: "latest" }, [], /is not a version/],
    ["an address that is not https", { mcpName: "a.b/c" }, ["--url", "http://example.org/mcp"], /wants https/],
  ])("is refused for %s, with the next step, and nothing is written", async (_, manifest, words, error) => {
    const folder = project("notes", manifest);
    const { code, data } = await bundle(folder, ...words);
    expect([code, data.error, data.next]).toEqual([2, expect.stringMatching(error), expect.any(String)]);
    expect(readdirSync(folder)).not.toContain("bundle");
  });

  test("is made without the registry's schema as well, and says that it was not checked", async () => {
    const env = { ...process.env, OFFSHOOT_REGISTRY_SCHEMA: "file:///no/such/server.schema.json" };
    const folder = project("notes", { mcpName: longName });
    const { code, stdout } = await run(process.execPath, [offshootBin, "bundle"], { cwd: folder, env });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^It was not checked against file:.*: ENOENT.*`mcp-publisher publish` will do so\.$/m);
    expect(readdirSync(join(folder, "bundle"))).toContain("server.json");
  });

  test("is refused when the built server needs packages that are not in it", async () => {
    const folder = project("notes");
    writeFileSync(join(folder, "dist/main.js"), 'import "not-in-the-bundle";\n');
    const { code, data } = await bundle(folder);
    expect([code, data.error]).toEqual([2, expect.stringContaining("Outside the project, the built server")]);
  });
});
