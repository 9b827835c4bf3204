import { defineTool, explainUnapproved, withContent } from "@offshoot/core";
import { z } from "zod";
import type { Files } from "../domain/files.ts";
import { escapeName } from "../domain/misleading.ts";
import { IfSha256, Path, writes } from "./shared.ts";

const Overwrite = z
  .boolean()
  .default(false)
  .describe("Replace a file at the destination, which goes to the trash. A folder is never replaced.");

const what = {
  directory: "the folder and all it holds",
  file: "the file",
  link: "the link, not what it leads to,",
  other: "it",
};

const UndoneChange = z.object({
  action: z
    .enum(["write", "append", "edit", "move", "copy", "remove", "createDirectory"])
    .describe("What was taken back"),
  path: z.string().describe("What it was done to, as it was given then"),
  destination: z.string().optional().describe("Where a move had gone"),
});

export const arrangeTools = (files: Files) => [
  defineTool({
    name: "move_file",
    title: "Move or rename",
    description:
      "Move or rename a file or a folder. When the destination exists, it is refused unless overwrite says so.",
    inputSchema: z.object({
      source: Path("File or folder to move"),
      destination: Path("Where it goes, with its new name"),
      overwrite: Overwrite,
    }),
    outputSchema: z.object({
      source: z.string().describe("Where it was, as given"),
      destination: z.string().describe("Where it is, as given"),
    }),
    ...writes({ destructiveHint: true, idempotentHint: false }),
    toText: ({ source, destination }) => `Successfully moved ${escapeName(source)} to ${escapeName(destination)}`,
    handler: async ({ source, destination, overwrite }, { signal }) => {
      await files.move(source, destination, { overwrite, signal });
      return { source, destination };
    },
  }),
  defineTool({
    name: "copy",
    title: "Copy",
    description: "Copy a file, or a folder with all it holds. When the destination exists, it is refused.",
    inputSchema: z.object({
      source: Path("File or folder to copy"),
      destination: Path("Where the copy goes, with its name"),
      overwrite: Overwrite,
    }),
    outputSchema: z.object({
      files: z.int().describe("Files copied"),
      bytes: z.int().describe("Bytes copied"),
      skipped: z.int().describe("Links, devices and what the user denies, which are not copied"),
    }),
    ...writes({ destructiveHint: true, idempotentHint: false }),
    timeoutMs: 600_000,
    handler: ({ source, destination, overwrite }, { signal }) => files.copy(source, destination, { overwrite, signal }),
  }),
  defineTool({
    name: "delete",
    title: "Delete",
    description:
      "Move a file or a folder to the trash. The user is asked first where the client can ask. undo_last brings it back.",
    inputSchema: z.object({ path: Path("File or folder to delete"), if_sha256: IfSha256 }),
    outputSchema: z.object({
      path: z.string().describe("The path as it was given"),
      deleted: z.boolean().describe("False when the user did not agree: it is still there. Do not ask again."),
    }),
    ...writes({ destructiveHint: true, idempotentHint: false }),
    handler: async ({ path, if_sha256: ifSha256 }, call) => {
      const { type } = await files.stat(path, { follow: false });
      const answer = await call.elicit({
        message: `Move ${what[type]} to the trash? It can be undone.\n${JSON.stringify(path)}`,
        schema: z.object({ delete: z.boolean().describe("Move it to the trash") }),
      });
      // The trash can be undone: a client that cannot ask its user may go on.
      const agreed = answer.action === "unavailable" || (answer.action === "accept" && answer.content.delete);
      if (agreed) {
        await files.remove(path, { ifSha256, signal: call.signal });
        return { path, deleted: true };
      }
      const reason = explainUnapproved(answer, { state: "It is still there." });
      return withContent({ path, deleted: false }, { type: "text", text: reason });
    },
  }),
  defineTool({
    name: "undo_last",
    title: "Undo the last change",
    description:
      "Take back the newest change made through this server that is not taken back yet: a write, an edit, a move, a copy, a delete. One that others have overtaken since is passed over, and said.",
    inputSchema: z.object({}),
    outputSchema: UndoneChange.extend({
      passed_over: z
        .array(UndoneChange.extend({ reason: z.string().describe("What has come in between, and what would help") }))
        .optional()
        .describe("Newer changes that could not be taken back; the first twenty"),
    }),
    ...writes({ destructiveHint: true, idempotentHint: false }),
    toText: ({ passed_over: passedOver = [], ...done }) =>
      [
        `Took back ${describe(done)}.`,
        ...passedOver.map((change) => `Passed over ${describe(change)}: ${change.reason}`),
      ].join("\n"),
    handler: async (_input, { signal }) => {
      const { passedOver, ...undone } = await files.undo({ signal });
      return { ...undone, ...(passedOver.length > 0 && { passed_over: passedOver.slice(0, 20) }) };
    },
  }),
];

const describe = ({ action, path, destination }: z.output<typeof UndoneChange>): string =>
  `${action} of ${JSON.stringify(path)}${destination === undefined ? "" : ` to ${JSON.stringify(destination)}`}`;
