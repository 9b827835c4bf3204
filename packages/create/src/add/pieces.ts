/** What `add` can write, as it is written. */
export interface Piece {
  /** Folder of its file, below src/. */
  folder: string;
  /** The list in which the server has it. */
  marker: string;
  source(names: PieceNames): string;
  test(names: PieceNames): string;
  /** A line for the samples of the contract suite, where the suite takes some. */
  sample?: (names: PieceNames) => string;
}

/** One thing under the names that code, files and models know it by. */
export interface PieceNames {
  /** `count_words` */
  name: string;
  /** `Count words` */
  title: string;
  /** `countWordsTool` */
  variable: string;
  /** From the test's folder to the source. */
  path: string;
}

const testOf = (
  { variable, path, name }: PieceNames,
  list: string,
  body: string,
): string => `import { defineServer } from "@offshoot/core";
import { connect, WIRES } from "@offshoot/core/testing";
import { expect, test } from "vitest";
import { ${variable} } from "${path}";

const server = defineServer({ name: "test", version: "1.0.0", ${list}: [${variable}] });

test.each(WIRES)("${name} answers over %s", async (wire) => {
  const client = await connect(server, { wire });
${body}
  await client.close();
});
`;

export const pieces: Record<"tool" | "resource" | "prompt", Piece> = {
  tool: {
    folder: "tools",
    marker: "offshoot:tools",
    source: ({ name, title, variable }) => `import { defineTool } from "@offshoot/core";
import { z } from "zod";

export const ${variable} = defineTool({
  name: "${name}",
  title: "${title}",
  description: "${title}.",
  inputSchema: z.object({ text: z.string().min(1).max(10_000).describe("The text to work on") }),
  outputSchema: z.object({ result: z.string().describe("The result") }),
  // It only reads. A tool that changes something says so: { destructiveHint: true } or { readOnlyHint: false }.
  annotations: { readOnlyHint: true },
  handler: ({ text }) => ({ result: text }),
});
`,
    test: (names) =>
      testOf(
        names,
        "tools",
        `  expect((await client.call("${names.name}", { text: "one" })).data).toEqual({ result: "one" });`,
      ),
    sample: ({ name }) => `${name}: { valid: [{ text: "one" }] },`,
  },
  resource: {
    folder: "resources",
    marker: "offshoot:resources",
    source: ({ name, title, variable }) => `import { defineResource } from "@offshoot/core";

export const ${variable} = defineResource({
  name: "${name}",
  title: "${title}",
  description: "${title}, as text.",
  uri: "${name.replaceAll("_", "-")}://current",
  mimeType: "text/plain",
  read: () => "${title}",
});
`,
    test: (names) =>
      testOf(
        names,
        "resources",
        `  const { contents } = await client.request("resources/read", { uri: "${names.name.replaceAll("_", "-")}://current" });
  expect(contents).toMatchObject([{ text: "${names.title}" }]);`,
      ),
  },
  prompt: {
    folder: "prompts",
    marker: "offshoot:prompts",
    source: ({ name, title, variable }) => `import { definePrompt } from "@offshoot/core";
import { z } from "zod";

export const ${variable} = definePrompt({
  name: "${name}",
  title: "${title}",
  description: "${title}.",
  arguments: z.object({ topic: z.string().describe("What it is about") }),
  handler: ({ topic }) => \`${title}: \${topic}\`,
});
`,
    test: (names) =>
      testOf(
        names,
        "prompts",
        `  const { messages } = await client.request("prompts/get", { name: "${names.name}", arguments: { topic: "tea" } });
  expect(messages).toMatchObject([{ role: "user", content: { text: "${names.title}: tea" } }]);`,
      ),
    sample: ({ name }) => `${name}: [{ topic: "tea" }],`,
  },
};
