import { ErrorCode, ProtocolError } from "../../contract/errors.ts";
import type { Prompt, PromptReply } from "../../contract/prompt.ts";
import { describeIssues } from "../../contract/schema.ts";
import { checkSize } from "../compose.ts";
import { objectParam, parseWith } from "../normalize.ts";
import type { Normalize } from "../subject.ts";
import { findNamed } from "./find-named.ts";

/** A prompt as clients list it: made once. */
export const listedPrompt = ({ name, title, description, listed, icons }: Prompt): object => ({
  name,
  title,
  description,
  ...(listed.length === 0 ? {} : { arguments: listed }),
  ...(icons === undefined ? {} : { icons }),
});

/** `prompts/get` */
export function getPrompt(prompts: ReadonlyMap<string, Prompt>, timeoutMs: number): Normalize {
  return async (params, call) => {
    const prompt = findNamed(prompts, "prompt", params, call);
    const sent = objectParam(params, "arguments", call.method);
    const input =
      prompt.arguments === undefined ? { success: true as const, data: {} } : await parseWith(prompt.arguments, sent);
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
        const messages = (typeof reply === "string" ? [{ role: "user" as const, content: reply }] : reply).map(
          ({ role, content }) => ({
            role,
            content: typeof content === "string" ? { type: "text", text: content } : content,
          }),
        );
        checkSize(JSON.stringify(messages), prompt.name);
        return { description: prompt.description, messages };
      },
    };
  };
}
