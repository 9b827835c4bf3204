import { join, relative } from "node:path";
import { clients, type ServerEntry } from "../connect/clients.ts";
import { shellWord } from "../connect/shell-word.ts";
import { exampleArguments, type Marker } from "../marker.ts";
import type { PackageManager } from "./package-manager.ts";

/** The settings with which a client starts the project's server. */
export function clientSettings(
  folder: string,
  { bin }: { bin: Record<string, string> },
  marker: Pick<Marker, "needs">,
): ServerEntry {
  return {
    command: process.execPath,
    args: [join(folder, Object.values(bin)[0] as string), ...exampleArguments(marker)],
  };
}

/** What to do with a new project. The last step is the client: its settings are printed when they are asked for. */
export function nextSteps(
  folder: string,
  {
    marker,
    manager,
    installed,
    builds,
  }: { marker: Pick<Marker, "needs">; manager: PackageManager; installed: boolean; builds: boolean },
): string {
  const args = exampleArguments(marker);
  const steps = [
    `cd ${shellWord(relative(process.cwd(), folder) || ".")}`,
    ...(installed ? [] : [`${manager} install`]),
    ...(builds ? [`${manager} run build`] : []),
    `${manager} run test`,
    ["offshoot connect <client> --write", ...(args.length === 0 ? [] : ["--", ...args])].join(" "),
  ];
  return `Next:
${steps.map((step) => `  ${step}`).join("\n")}

<client> is ${Object.keys(clients).join(", ")}; without --write, its settings are printed.
Claude Code and VS Code also find the server by themselves when they open the folder.
A tool of your own: offshoot add tool <name>.
README.md says what to change first.`;
}
