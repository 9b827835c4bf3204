import { type CallContext, defineTool } from "@offshoot/core";
import { z } from "zod";
import { LookAlikeError } from "../domain/errors.ts";
import type { Edited, Files } from "../domain/files.ts";
import { escapeName } from "../domain/misleading.ts";
import { diffView } from "../views.ts";
import { Encoding, IfSha256, optional, Path, Sha256, writes } from "./shared.ts";

const Written = z.object({
  path: z.string().describe("The path as it was given"),
  created: z.boolean().describe("True when there was no such file before"),
  size: z.int().describe("Bytes of the file now"),
  sha256: Sha256,
});

const LookAlike = z
  .boolean()
  .default(false)
  .describe("Make a new file although its name looks the same as another one in its folder");

/** What edit_file takes and answers; its view is typed by it, too. */
export const EditFile = {
  input: z.object({
    path: Path("File to edit"),
    edits: z
      .array(
        z.object({
          oldText: z.string().describe("Text to search for - must match exactly"),
          newText: z.string().describe("Text to replace with"),
          replace_all: z.boolean().optional().describe("Replace every occurrence, however many there are"),
          expected_replacements: z
            .int()
            .min(1)
            .optional()
            .describe("How often oldText must occur; every occurrence is replaced. Without it, once."),
        }),
      )
      .min(1)
      .max(1_000)
      .describe("The replacements. Each is looked for in the file as it is before this call; they must not overlap."),
    dryRun: z.boolean().default(false).describe("Preview changes using git-style diff format"),
    if_sha256: IfSha256,
    encoding: Encoding,
  }),
  output: z.object({
    diff: z.string().optional().describe("Unified diff. Absent where the texts differ too much for one."),
    diff_cut: z.literal(true).optional().describe("The diff is long, and does not show everything"),
    replacements: z.int().describe("How many pieces were replaced"),
    applied: z.boolean().describe("False after a dry run"),
    size_before: z.int().describe("Bytes before"),
    size: z.int().describe("Bytes now, or as they would be after a dry run"),
    sha256_before: z.string().describe("SHA-256 before. To apply a dry run to the same content, pass it as if_sha256."),
    sha256: z.string().describe("SHA-256 now, or as it would be after a dry run"),
  }),
};

/** A second file of the same looks is rarely meant: the user is asked where the client can ask, otherwise it is refused. */
async function askAboutLookAlike<Result>(
  call: CallContext,
  asked: boolean,
  change: (lookAlike: boolean) => Promise<Result>,
): Promise<Result> {
  try {
    return await change(asked);
  } catch (error) {
    if (!(error instanceof LookAlikeError)) throw error;
    const answer = await call.elicit({
      message: `${error.message}\nMake a second file?`,
      schema: z.object({ second: z.boolean().describe("Make a second file that looks the same") }),
    });
    if (answer.action === "accept" && answer.content.second) return change(true);
    throw error;
  }
}

export const writeTools = (files: Files) => [
  // #region write_file
  defineTool({
    name: "write_file",
    title: "Write a file",
    description:
      "Create a file or replace its whole content. What was there goes to the trash (undo_last). To change a part of a file use edit_file.",
    inputSchema: z.object({
      path: Path("File to write"),
      content: z.string().describe("The whole new content"),
      if_sha256: IfSha256,
      encoding: Encoding,
      overwrite: z.boolean().default(true).describe("False refuses when there is such a file already"),
      look_alike: LookAlike,
    }),
    outputSchema: Written,
    ...writes({ destructiveHint: true, idempotentHint: true }),
    toText: ({ path }) => `Successfully wrote to ${escapeName(path)}`,
    handler: async ({ path, content, if_sha256: ifSha256, look_alike: asked, ...rest }, call) => {
      const options = { ...rest, ifSha256, signal: call.signal };
      const write = (lookAlike: boolean) => files.write(path, content, { ...options, lookAlike });
      return { path, ...(await askAboutLookAlike(call, asked, write)) };
    },
  }),
  // #endregion
  defineTool({
    name: "append_file",
    title: "Append to a file",
    description: "Put text behind the end of a file, in the file's own encoding. Makes the file where there is none.",
    inputSchema: z.object({
      path: Path("File to append to"),
      content: z.string().describe("The text to add, with its line breaks"),
      if_sha256: IfSha256,
      encoding: Encoding,
      look_alike: LookAlike,
    }),
    outputSchema: Written.extend({ sha256: Sha256.optional() }),
    ...writes({ destructiveHint: false, idempotentHint: false }),
    toText: ({ path, size }) => `Successfully appended to ${escapeName(path)}, which has ${size} bytes now`,
    handler: async ({ path, content, if_sha256: ifSha256, encoding, look_alike: asked }, call) => {
      const options = { ifSha256, encoding, signal: call.signal };
      const append = (lookAlike: boolean) => files.append(path, content, { ...options, lookAlike });
      return { path, ...(await askAboutLookAlike(call, asked, append)) };
    },
  }),
  defineTool({
    name: "edit_file",
    title: "Edit a file",
    description:
      "Replace exact pieces of a text file and get the difference as a diff. Each oldText must occur once, unless replace_all or expected_replacements says otherwise; where it does not, nothing changes. Line endings and encoding stay. With dryRun nothing is written.",
    inputSchema: EditFile.input,
    outputSchema: EditFile.output,
    view: diffView,
    ...writes({ destructiveHint: true, idempotentHint: false }),
    toText: (data) => fence(data),
    handler: async ({ path, edits, dryRun, if_sha256: ifSha256, encoding }, { signal }) => {
      const wanted = edits.map(({ oldText, newText, replace_all: replaceAll, expected_replacements: expected }) => {
        return { oldText, newText, replaceAll, expectedReplacements: expected };
      });
      const edited = await files.edit(path, wanted, { dryRun, ifSha256, encoding, signal });
      return {
        ...optional("diff", edited.diff),
        ...(edited.diffCut && { diff_cut: true as const }),
        replacements: edited.replacements,
        applied: edited.applied,
        size_before: edited.sizeBefore,
        size: edited.size,
        sha256_before: edited.sha256Before,
        sha256: edited.sha256,
      };
    },
  }),
  defineTool({
    name: "create_directory",
    title: "Create a folder",
    description: "Create a folder, with those above it where they are missing. One that exists already is fine.",
    inputSchema: z.object({ path: Path("Folder to create") }),
    outputSchema: z.object({
      path: z.string().describe("The path as it was given"),
      created: z.boolean().describe("False when it was there already"),
    }),
    ...writes({ destructiveHint: false, idempotentHint: true }),
    toText: ({ path }) => `Successfully created directory ${escapeName(path)}`,
    handler: async ({ path }, { signal }) => ({ path, ...(await files.createDirectory(path, { signal })) }),
  }),
];

/** The diff in a fence that its own backticks cannot end. */
export function fence({
  diff,
  replacements,
  applied,
}: Pick<Edited, "replacements" | "applied"> & { diff?: string | undefined }): string {
  if (diff === undefined) {
    return `${applied ? "Replaced" : "Would replace"} ${replacements} pieces. The texts differ too much to show a diff.`;
  }
  const longest = (diff.match(/`+/g) ?? []).reduce((most, { length }) => Math.max(most, length), 2);
  const fence = "`".repeat(longest + 1);
  return `${fence}diff\n${diff}${diff.endsWith("\n") ? "" : "\n"}${fence}\n\n`;
}
