import { fileURLToPath } from "node:url";
import type { CallContext } from "@offshoot/core";
import type { Files } from "../domain/files.ts";

/**
 * The same tools for clients that say which folders their user works in: only what lies in those is reached, too. A
 * client that says nothing gets all that the user has allowed.
 */
export const withinClientRoots = <Tool extends { handler: (input: never, call: CallContext) => unknown }>(
  files: Files,
  tools: readonly Tool[],
): Tool[] =>
  tools.map((tool) => ({
    ...tool,
    async handler(input: never, call: CallContext) {
      const answer = await call.roots();
      const folders = answer.action === "answered" ? answer.roots.flatMap(({ uri }) => folderOf(uri)) : [];
      return files.narrowed(folders, () => tool.handler(input, call));
    },
  }));

/** A root that is no folder of this machine narrows nothing. */
function folderOf(uri: string): string[] {
  try {
    return [fileURLToPath(uri)];
  } catch {
    return [];
  }
}
