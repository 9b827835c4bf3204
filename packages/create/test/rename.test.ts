import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { upstreamNames } from "../src/check/upstream-names.ts";
import { envPrefixOf } from "../src/create/name.ts";
import { renameTemplate } from "../src/create/rename.ts";
import { openProject } from "../src/project.ts";
import { readTemplate, type TemplateFile, templateNames } from "../src/templates.ts";
import { temporaryFolder } from "./fixtures/run.ts";

const part = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/);
const packageName = fc
  .oneof(
    part,
    fc.tuple(part, part).map(([scope, name]) => `@${scope}/${name}`),
    fc.constant("offshoot-notes-2"),
  )
  .filter((name) => !/(^|\/)(node_modules|favicon\.ico)$/.test(name) && !isBuiltin(name));
const text = (file: TemplateFile | undefined) => String(file?.bytes);

// npm refuses the names of Node's own modules.
function isBuiltin(name: string) {
  return process.getBuiltinModule(name) !== undefined;
}

describe.each(templateNames())("%s under another name", (name) => {
  const template = readTemplate(name);
  const prefix = name.toUpperCase().replace("-", "_");

  test("differs only in lines that named it", () => {
    fc.assert(
      fc.property(packageName, (own) => {
        const files = renameTemplate(template, own);
        expect([...template.files.keys()].filter((path) => !files.has(path))).toEqual([]);
        for (const [path, file] of files) {
          if (["package.json", "offshoot.json", "README.md"].includes(path) || !template.files.has(path)) continue;
          const before = text(template.files.get(path)).split("\n");
          const after = text(file).split("\n");
          expect(after.length).toBe(before.length);
          const changed = before.filter((line, index) => line !== after[index]);
          expect(changed.filter((line) => !line.includes(name) && !line.includes(prefix))).toEqual([]);
        }
      }),
      { numRuns: 30 },
    );
  });

  test.each(["zebra", name, `@me/${name}`, `offshoot-${name}`, `offshoot-${name}-2`, `my-offshoot-${name}`])(
    "as %s leaves no name to replace, and one that is put back is found",
    (own) => {
      const folder = temporaryFolder();
      for (const [path, { bytes }] of renameTemplate(template, own)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), bytes);
      }
      const project = openProject(folder);
      expect(upstreamNames(project)).toEqual([]);
      writeFileSync(join(folder, "src/put-back.ts"), `import "@offshoot/${name}";`);
      expect(upstreamNames(project)).toEqual(["src/put-back.ts"]);
    },
  );

  test("does not call itself by upstream's name anywhere but where its README says where it comes from", () => {
    const files = renameTemplate(template, "@me/zebra");
    const left = [...files].filter(
      ([path, file]) =>
        path !== "README.md" &&
        new RegExp(`@offshoot/${name}|offshoot-${name}|"name": "${name}"|\\b${prefix}_[A-Z]|"${prefix}"`).test(
          text(file),
        ),
    );
    expect(text(files.get("Dockerfile"))).not.toMatch(new RegExp(`(-t|-v) ${name}\\b`));
    expect(text(files.get("src/main.ts"))).toContain('envPrefix: "ZEBRA"');
    const started = JSON.parse(text(files.get(".mcp.json"))).mcpServers.zebra;
    expect(started).toMatchObject({
      command: "node",
      args: [Object.values(JSON.parse(text(files.get("package.json"))).bin)[0]].concat(started.args.slice(1)),
    });
    expect(JSON.parse(text(files.get(".vscode/mcp.json"))).servers.zebra.args[0]).toMatch(/^\$\{workspaceFolder\}\//);
    expect(text(files.get("README.md"))).toMatch(/^# @me\/zebra\n\nAn MCP server\./);
    expect(left.map(([path]) => path)).toEqual([]);
    expect(JSON.parse(text(files.get("package.json")))).toMatchObject({
      name: "@me/zebra",
      bin: { zebra: name === "minimal" ? "src/main.ts" : "dist/main.js" },
    });
    expect(JSON.parse(text(files.get("contract.lock.json"))).name).toBe("zebra");
    expect(text(files.get("src/server.ts"))).toContain('name: "zebra"');
  });

  test("is the same file by file for the same name, at any time and for any user", () => {
    expect([...renameTemplate(readTemplate(name), "x")]).toEqual([...renameTemplate(template, "x")]);
  });
});

test("bytes that are no text stay as they are", () => {
  const bytes = Buffer.concat([Buffer.from("offshoot-notes"), Buffer.from([0xff, 0x00, 0xfe])]);
  const files = new Map([
    ["package.json", { bytes: Buffer.from('{"bin":{"offshoot-notes":"dist/main.js"}}'), executable: false }],
    ["logo.png", { bytes, executable: false }],
  ]);
  const template = { name: "notes", version: "1.0.0", description: "", files };
  expect(renameTemplate(template, "mine").get("logo.png")?.bytes).toEqual(bytes);
});

// Variables as other programs set them: yarn, npm, Node, CI, Docker, clouds and the clients' own.
test.each(
  "PROJECT_CWD INIT_CWD NPM_TOKEN NODE_OPTIONS GITHUB_ACTIONS GITLAB_HOST CI_COMMIT_SHA DOCKER_HOST AWS_PROFILE SLACK_TOKEN GOOGLE_CLOUD_PROJECT REDIS_PORT POSTGRES_PASSWORD OPENAI_API_KEY SSH_AUTH_SOCK XDG_DATA_HOME VSCODE_PID CLAUDE_PROJECT_DIR".split(
    " ",
  ),
)("a server whose name is the beginning of %s does not read it as a setting", (variable) => {
  const words = variable.toLowerCase().split("_");
  for (let count = 1; count < words.length; count++) {
    const name = words.slice(0, count).join("-");
    expect(variable.startsWith(`${envPrefixOf(name)}_`)).toBe(false);
    expect(envPrefixOf(`${name}-mcp`)).toBe(`${words.slice(0, count).join("_").toUpperCase()}_MCP`);
  }
});
