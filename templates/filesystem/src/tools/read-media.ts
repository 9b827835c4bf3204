import { resolve } from "node:path";
import { audio, defineTool, embeddedResource, image, withContent } from "@offshoot/core";
import { z } from "zod";
import type { FileBytes, Files } from "../domain/files.ts";
import { uriOf } from "../uri.ts";
import { marked, Path, reads, untrusted } from "./shared.ts";

export const mediaTool = (files: Files) =>
  defineTool({
    name: "read_media_file",
    title: "Read an image, a sound or any bytes",
    description:
      "Read a file as it is: an image or a sound as such, anything else as an embedded resource with its bytes in base64.",
    inputSchema: z.object({ path: Path("File to read") }),
    outputSchema: z.object({
      content: z.array(z.union([Media, Resource])).describe("The file, as in the block beside this"),
      size: z.int().describe("Bytes of the file"),
      ...untrusted,
    }),
    ...reads,
    toText: () => "",
    handler: async ({ path }, { signal }) => {
      const file = await files.readBytes(path, { signal });
      const block = blockOf(file, uriOf(resolve(files.roots()[0] ?? "", path)));
      return withContent(marked({ content: [block], size: file.size }), block);
    },
  });

const Media = z.object({
  type: z.enum(["image", "audio"]).describe("What it is"),
  data: z.string().describe("The bytes in base64"),
  mimeType: z.string().describe("MIME type"),
});

const Resource = z.object({
  type: z.literal("resource").describe("Neither image nor sound"),
  resource: z
    .object({
      uri: z.string().describe("URI of the file"),
      mimeType: z.string().optional().describe("MIME type"),
      blob: z.string().describe("The bytes in base64"),
    })
    .describe("The file"),
});

/** The block, which is the structured data too: clients of the official server look for it there. */
function blockOf({ bytes, mimeType }: FileBytes, uri: string) {
  const kind = mimeType.split("/")[0];
  const block =
    kind === "image"
      ? image(bytes, mimeType)
      : kind === "audio"
        ? audio(bytes, mimeType)
        : embeddedResource({ uri, mimeType, blob: Buffer.from(bytes).toString("base64") });
  return block as typeof block & z.output<typeof Media | typeof Resource>;
}
