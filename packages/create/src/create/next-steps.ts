import { join, relative } from "node:path";
import type { ServerEntry } from "../connect/clients.ts";
import { howToConnect } from "../connect/how-to-connect.ts";
import { shellWord } from "../connect/shell-word.ts";
import { exampleArguments, type Marker } from "../project.ts";
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

/** What to do with a new project. */
export function nextSteps(
  folder: string,
  {
    client,
    bin,
    manager,
    installed,
    builds,
  }: { client: ServerEntry; bin: string; manager: PackageManager; installed: boolean; builds: boolean },
): string {
  const steps = [
    `cd ${shellWord(relative(process.cwd(), folder) || ".")}`,
    ...(installed ? [] : [`${manager} install`]),
    ...(builds ? [`${manager} run build`] : []),
    `${manager} run test`,
  ];
  return `Next:
${steps.map((step) => `  ${step}`).join("\n")}

Then connect a client; \`offshoot connect <client> --write\` does it for you.

${howToConnect(bin, client)}

README.md says what the server does and what to change first.`;
}
