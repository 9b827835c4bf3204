import { z } from "zod";
import type { ContentBlock } from "../../contract/content.ts";
import { ErrorCode, ProtocolError } from "../../contract/errors.ts";
import type { Prompt, PromptMessage, PromptReply } from "../../contract/prompt.ts";
import { describeIssues, toJsonSchema } from "../../contract/schemas/schema.ts";
import type { AccessNow } from "../access.ts";
import type { Call } from "../call.ts";
import { checkBlocks, checkLength } from "../compose.ts";
import { parseInput } from "../input/parse-input.ts";
import { objectParam } from "../normalize.ts";
import { plainBlock } from "../output/blocks.ts";
import type { Normalize, Subject } from "../subject.ts";
import { findNamed } from "./find-named.ts";

/** A prompt as clients list it: made once. */
export const listedPrompt = ({ name, title, description, listed, icons, _meta }: Prompt): object => ({
  name,
  title,
  description,
  ...(listed.length === 0 ? {} : { arguments: listed }),
  icons,
  _meta,
});

/** `prompts/get` */
export function getPrompt(prompts: ReadonlyMap<string, Prompt>, timeoutMs: number, access: AccessNow): Normalize {
  return (params, call) => {
    const prompt = findNamed(prompts, "prompt", params, call, access());
    const sent = objectParam(params, "arguments", call.method);
    const schema = prompt.arguments ?? NO_ARGUMENTS;
    const json = toJsonSchema(schema, "input", `prompt "${prompt.name}" arguments`);
    return parseInput(schema, json, sent, call, (input) => subjectOf(prompt, sent, input, call));
  };

  function subjectOf(prompt: Prompt, sent: object, input: z.ZodSafeParseResult<unknown>, call: Call): Subject {
    if (!input.success)
      throw new ProtocolError(
        ErrorCode.invalidParams,
        `Invalid arguments for the prompt ${prompt.name}:\n${describeIssues(input.error)}`,
      );
    return {
      scopes: prompt.scopes,
      timeoutMs: prompt.timeoutMs ?? timeoutMs,
      input: sent,
      run: () => prompt.handler(input.data, call),
      compose: (value) => {
        const reply = value as PromptReply;
        checkLength(reply, prompt.name);
        const messages = Array.from(
          typeof reply === "string" ? [{ role: "user" as const, content: reply }] : reply,
          messageOf,
        );
        const blocks = messages.map(({ content }) => content);
        checkBlocks(blocks, prompt.name);
        return { description: prompt.description, messages };
      },
    };
  }
}

const NO_ARGUMENTS = z.object({});

/** A message of a prompt as plain data. @throws Error for one that would have a client refuse the whole prompt */
function messageOf({ role, content }: PromptMessage): { role: string; content: ContentBlock } {
  if (role !== "user" && role !== "assistant") throw new Error("a message of a prompt has no known role");
  return { role, content: plainBlock(typeof content === "string" ? { type: "text", text: content } : content) };
}
