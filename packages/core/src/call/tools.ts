import type { z } from "zod";
import { ErrorCode, ProtocolError, ToolError } from "../contract/errors.ts";
import { describeIssues } from "../contract/schema.ts";
import type { Tool } from "../contract/tool.ts";
import { composeTool, toolFailure } from "./compose.ts";
import { objectParam, stringParam } from "./normalize.ts";
import type { Normalize } from "./pipeline.ts";

/** A tool as clients list it: made once. */
export function listedTool({ name, title, description, icons, annotations, json }: Tool): object {
  return {
    name,
    title,
    description,
    inputSchema: json.input,
    outputSchema: json.output,
    ...(annotations === undefined ? {} : { annotations }),
    ...(icons === undefined ? {} : { icons }),
  };
}

/** `tools/call` */
export function callTool(tools: ReadonlyMap<string, Tool>, timeoutMs: number): Normalize {
  return async (params, call) => {
    const name = stringParam(params, "name", call.method);
    const tool = tools.get(name);
    if (tool === undefined)
      throw new ProtocolError(
        ErrorCode.invalidParams,
        `Unknown tool: ${name.slice(0, 64)}. Call tools/list to see the names.`,
      );
    call.name = name;
    const sent = objectParam(params, "arguments", call.method);
    const input = await parseInput(tool.inputSchema, sent);
    return {
      scopes: tool.scopes,
      requiredCapabilities: tool.requiredCapabilities,
      timeoutMs: tool.timeoutMs ?? timeoutMs,
      input: sent,
      run: () => {
        // Reported from inside the tool: the specification has input errors read by the model, which can mend them.
        if (!input.success) throw invalidInput(name, input.error);
        return tool.handler(input.data, call);
      },
      compose: (value) => composeTool(tool, value),
      failure: toolFailure,
    };
  };
}

/** Parses in sync form, which is several times faster; a schema that turns out to be async is parsed again as such. */
export async function parseInput(schema: z.ZodType, sent: unknown): Promise<z.ZodSafeParseResult<unknown>> {
  try {
    return schema.safeParse(sent);
  } catch {
    return await schema.safeParseAsync(sent);
  }
}

const invalidInput = (name: string, error: z.ZodError): ToolError =>
  new ToolError(`Invalid input for ${name}. Nothing was done. Correct this and call again:\n${describeIssues(error)}`, {
    code: "invalid_input",
  });
