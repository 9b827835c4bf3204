import { z } from "zod";
import { type CallContext, type ClientCapability, defineTool, type Tool } from "../../src/index.ts";

/** The input of a tool that takes none. */
export const Nothing = z.object({});
const Said = z.object({ text: z.string().describe("What the tool has to say") });

/** A tool that answers with text, which is what the suite looks at in most of them. */
export function textTool<Input extends z.ZodObject>(
  name: string,
  description: string,
  inputSchema: Input,
  say: (input: z.output<Input>, call: CallContext) => string | Promise<string>,
  requiredCapabilities: readonly ClientCapability[] = [],
): Tool {
  return defineTool({
    name,
    title: name.replaceAll("_", " "),
    description,
    inputSchema,
    outputSchema: Said,
    requiredCapabilities,
    toText: ({ text }) => text,
    handler: async (input, call) => ({ text: await say(input, call) }),
  });
}
