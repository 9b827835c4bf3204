import { homedir } from "node:os";
import { join } from "node:path";
import { shellWord } from "./shell-word.ts";

/** How a client starts a server. */
export interface ServerEntry {
  command: string;
  args: string[];
}

/** A client, and where its configuration is. */
export interface Client {
  title: string;
  /** Absolute, or relative to the project. */
  file(): string;
  format: "json" | "toml";
  /** Where the servers stand in the file. */
  key: string;
  entry(server: ServerEntry): object;
  /** How it names a file of the project, where its configuration is one too: everyone who clones it has both. */
  projectPath?(path: string): string;
  /** The client's own command that does the same for its user, where it has one. */
  command?(name: string, server: ServerEntry): string;
  /** What to do for the client to see it. */
  afterwards: string;
}

const plain = (server: ServerEntry): object => server;

/** The folder in which this system keeps an application's settings. */
function settings(): string {
  if (process.platform === "darwin") return join(homedir(), "Library", "Application Support");
  if (process.platform === "win32") return process.env.APPDATA ?? join(homedir(), "AppData", "Roaming");
  return process.env.XDG_CONFIG_HOME || join(homedir(), ".config");
}

export const clients: Record<string, Client> = {
  "claude-code": {
    title: "Claude Code",
    file: () => ".mcp.json",
    format: "json",
    key: "mcpServers",
    entry: plain,
    projectPath: (path) => path,
    command: (name, { command, args }) =>
      ["claude", "mcp", "add", name, "--", command, ...args].map(shellWord).join(" "),
    afterwards: "start `claude` in this folder and approve the server.",
  },
  "claude-desktop": {
    title: "Claude Desktop",
    file: () => join(settings(), "Claude", "claude_desktop_config.json"),
    format: "json",
    key: "mcpServers",
    entry: plain,
    afterwards: "restart Claude Desktop.",
  },
  vscode: {
    title: "VS Code",
    file: () => join(".vscode", "mcp.json"),
    format: "json",
    key: "servers",
    entry: (server) => ({ type: "stdio", ...server }),
    projectPath: (path) => `\${workspaceFolder}/${path}`,
    afterwards: "open the file in VS Code and choose Start above the server.",
  },
  cursor: {
    title: "Cursor",
    file: () => join(homedir(), ".cursor", "mcp.json"),
    format: "json",
    key: "mcpServers",
    entry: plain,
    afterwards: "switch the server on in Cursor's settings, under MCP.",
  },
  codex: {
    title: "Codex",
    file: () => join(process.env.CODEX_HOME || join(homedir(), ".codex"), "config.toml"),
    format: "toml",
    key: "mcp_servers",
    entry: plain,
    afterwards: "start `codex` again.",
  },
};
