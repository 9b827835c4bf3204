import type { Marker } from "../marker.ts";
import type { Template, TemplateFile } from "../templates.ts";
import { envPrefixOf, namesOf } from "./name.ts";

/**
 * A template's files under a project's own name: package, command, server, environment, image and the default place of
 * its data; a README of the project in the place of upstream's; and what clients and agents read in its folder.
 *
 * `offshoot.json` remembers the name, so that an update writes upstream's files under it before it compares. The same
 * name gives the same bytes, whenever it is called.
 */
export function renameTemplate(template: Template, name: string): Map<string, TemplateFile> {
  const names = namesOf(name);
  const { name: was } = template;
  const prefix = envPrefixOf(was);
  const upstream = new RegExp(
    `@offshoot/${was}(?![\\w-]*/)|offshoot-${was}|\\b${prefix}_(?=[A-Z])|(?<=envPrefix: ")${prefix}\\b`,
    "g",
  );
  const own = (found: string): string =>
    found.startsWith("@")
      ? names.package
      : found.startsWith("offshoot-")
        ? names.bin
        : found.replace(prefix, envPrefixOf(names.bin));
  const everywhere = (text: string) => text.replaceAll(upstream, own);
  const special: Record<string, (text: string) => string> = {
    "package.json": (text) => manifestOf(text, names.package, names.bin),
    "offshoot.json": (text) => `${JSON.stringify({ ...JSON.parse(text), name }, null, 2)}\n`,
    "src/server.ts": (text) => everywhere(text).replace(`name: "${was}"`, `name: "${names.bin}"`),
    // The eval, and its baseline by that name.
    "test/evals.ts": (text) => everywhere(text).replace(`\n  name: "${was}"`, `\n  name: "${names.bin}"`),
    "test/evals/index.ts": (text) => everywhere(text).replace(`\n  name: "${was}"`, `\n  name: "${names.bin}"`),
    "evals.lock.json": (text) => text.replace(`{\n  "${was}": {`, `{\n  "${names.bin}": {`),
    "contract.lock.json": (text) => text.replace(`\n  "name": "${was}"`, `\n  "name": "${names.bin}"`),
    // The image and its volume, in the lines that show how to run it.
    Dockerfile: (text) =>
      everywhere(text).replaceAll(new RegExp(`(?<=^#.*\\s)${was}(?=-\\w+:|\\s|$)`, "gm"), names.bin),
  };
  const files = new Map<string, TemplateFile>();
  for (const [path, file] of template.files) {
    const text = file.bytes.toString("utf8");
    const isText = !file.bytes.includes(0) && Buffer.from(text).equals(file.bytes);
    files.set(path, isText ? { ...file, bytes: Buffer.from((special[path] ?? everywhere)(text)) } : file);
  }
  for (const [path, text] of Object.entries(projectFiles(template, names.package, names.bin)))
    files.set(path, { bytes: Buffer.from(text), executable: false });
  return files;
}

/** Version, privacy, keywords, licence and where to publish are upstream's to say of upstream only. */
function manifestOf(text: string, name: string, bin: string): string {
  const { name: _name, version: _version, keywords, license, publishConfig, ...rest } = JSON.parse(text);
  const [main] = Object.values(rest.bin);
  return `${JSON.stringify({ name, version: "0.1.0", private: true, ...rest, bin: { [bin]: main } }, null, 2)}\n`;
}

/** What a project has and a template has not. */
function projectFiles({ name: template, files }: Template, name: string, bin: string): Record<string, string> {
  const read = (path: string) => JSON.parse(String(files.get(path)?.bytes ?? "{}"));
  const main = Object.values((read("package.json") as { bin: Record<string, string> }).bin)[0] as string;
  const args = Object.values((read("offshoot.json") as Marker).needs ?? {}).map((need) =>
    need.type === "directory" ? "." : need.example,
  );
  const json = (data: object): string => `${JSON.stringify(data, null, 2)}\n`;
  const agents = files.has("AGENTS.md");
  return {
    "README.md": readmeOf(name, template, agents),
    ...(agents && { "CLAUDE.md": "@AGENTS.md\n" }),
    ".mcp.json": json({ mcpServers: { [bin]: { command: "node", args: [main, ...args] } } }),
    ".vscode/mcp.json": json({
      servers: { [bin]: { type: "stdio", command: "node", args: [`\${workspaceFolder}/${main}`, ...args] } },
    }),
  };
}

const readmeOf = (name: string, template: string, agents: boolean): string => `# ${name}

An MCP server. Say here what it does, and for whom.

\`\`\`sh
npm install
npm test
npm start -- --help    # its settings
\`\`\`

Claude Code and VS Code find the server by \`.mcp.json\` and \`.vscode/mcp.json\` when they open this folder; for another
client: \`npx create-offshoot connect <client> --write\`.

## What to change first

1. \`src/server.ts\`: \`instructions\` are what a model reads first; below them is the list of all that the server offers.
   \`description\` in \`package.json\` is what \`--help\` says.
2. The domain: plain TypeScript without MCP. \`domain\` in \`offshoot.json\` names its files.
3. \`npx create-offshoot add tool <name>\` writes a tool with its test. \`resource\` and \`prompt\` in the place of \`tool\` do
   the same for these.
4. \`npm test\`. It is red when clients would see a change: \`npx vitest run -u\` writes it to
   \`contract.lock.json\`; read the diff.

## What it is made from
${agents ? "\n[AGENTS.md](AGENTS.md) has the tree, a line each, and the rules of the code.\n" : ""}
It was created from the Offshoot template [${template}](https://www.npmjs.com/package/@offshoot/${template}), whose README
says what each file is for. \`npx create-offshoot update\` merges what has changed there since; \`mine\` in \`offshoot.json\`
names the files it leaves alone. \`npx create-offshoot check\` says what is wrong or out of date.
`;
