import { join, relative } from "node:path";
import type { PackageManager } from "./package-manager.ts";

/** What a server cannot start without. */
const needed: Record<string, string[]> = { filesystem: ["/a/folder/to/work/in"] };

/** The settings with which a client starts the project's server. */
export function clientSettings(folder: string, template: string) {
  return { command: process.execPath, args: [join(folder, "dist/main.js"), ...(needed[template] ?? [])] };
}

const quoted = (word: string) => (/^[\w@%+=:,./\\~-]+$/.test(word) ? word : `"${word}"`);

/** What to do with a new project. */
export function nextSteps(
  folder: string,
  { template, bin, manager, installed }: { template: string; bin: string; manager: PackageManager; installed: boolean },
): string {
  const { command, args } = clientSettings(folder, template);
  const steps = [
    `cd ${quoted(relative(process.cwd(), folder) || ".")}`,
    ...(installed ? [] : [`${manager} install`]),
    `${manager} run build`,
    `${manager} run test`,
  ];
  const json = JSON.stringify({ mcpServers: { [bin]: { command, args } } }, null, 2);
  return `Next:
${steps.map((step) => `  ${step}`).join("\n")}

Then connect a client. Claude Code:
  claude mcp add ${bin} -- ${[command, ...args].map(quoted).join(" ")}

Claude Desktop (Settings → Developer → Edit Config) and Cursor (~/.cursor/mcp.json):
${json.replaceAll(/^/gm, "  ")}

README.md says what the server does and what to change first.`;
}
