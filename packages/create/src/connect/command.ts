import { relative, resolve } from "node:path";
import { exampleArguments } from "../marker.ts";
import { binName, builtBin, openProject } from "../project.ts";
import { defineCommand, Refusal } from "../terminal.ts";
import { changeConfig } from "./change-config.ts";
import { clients, type ServerEntry } from "./clients.ts";
import { mergeConfig } from "./merge-config.ts";

/** `offshoot connect`: the server in a client's configuration. */
export const connect = defineCommand({
  usage: `connect <${Object.keys(clients).join("|")}> [--write] [-- <the server's arguments>]`,
  summary: "Prints what a client needs to start this server, or writes it into the client's configuration.",
  options: {
    write: {
      type: "boolean",
      description: "Add it to the configuration; the rest stays, and a backup is kept beside it",
    },
    file: { type: "string", value: "path", description: "The configuration file, if it is not in its usual place" },
    name: { type: "string", value: "name", description: "What the client calls the server (default: the bin's name)" },
  },
  examples: [
    ["offshoot connect claude-desktop", "print it, to be pasted"],
    ["offshoot connect vscode --write", "into .vscode/mcp.json of this folder"],
    ["offshoot connect codex --write -- --profile read-only", "with arguments for the server"],
  ],
  async run({ words, options }) {
    const [chosen = "", ...args] = words;
    const client = Object.hasOwn(clients, chosen) ? clients[chosen] : undefined;
    if (client === undefined)
      throw new Refusal(
        chosen === "" ? "Which client?" : `There is no client "${chosen}".`,
        `choose one of: ${Object.keys(clients).join(", ")}.`,
      );
    const project = openProject();
    const main = builtBin(project);
    const shared =
      options.file === undefined && client.projectPath?.(relative(project.folder, main).replaceAll("\\", "/"));
    const server: ServerEntry = shared
      ? { command: "node", args: [shared, ...args] }
      : { command: process.execPath, args: [main, ...args] };
    const needed = exampleArguments(project.marker);
    if (args.length === 0 && needed.length > 0)
      throw new Refusal(
        "This server needs arguments.",
        `name them: \`offshoot connect ${chosen} -- ${needed.join(" ")}\`.`,
      );
    const name = options.name ?? binName(project.manifest);
    const file = resolve(project.folder, options.file ?? client.file());
    if (!options.write) {
      const text = mergeConfig("", client, name, server).trimEnd();
      return {
        data: { client: chosen, file, name, server, text },
        text: `${client.title}: ${file}\n\n${text}\n\nNext: paste it there, or run this with --write; then ${client.afterwards}`,
      };
    }
    const backup = changeConfig(file, project.folder, (before) => mergeConfig(before, client, name, server));
    return {
      data: { client: chosen, file, name, server, written: true, backup: backup ?? null },
      text: `"${name}" is in ${file}.${backup ? ` Backup: ${backup}` : ""}\nNext: ${client.afterwards}`,
    };
  },
});
