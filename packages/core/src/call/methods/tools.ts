import type { z } from "zod";
import { ToolError } from "../../contract/errors.ts";
import { describeIssues } from "../../contract/schemas/schema.ts";
import type { Tool } from "../../contract/tool.ts";
import type { AccessNow } from "../access.ts";
import { composeTool, toolFailure } from "../compose.ts";
import type { Keyed } from "../idempotency/keyed.ts";
import { parseInput } from "../input/parse-input.ts";
import { objectParam } from "../normalize.ts";
import type { Normalize, Subject } from "../subject.ts";
import { findNamed } from "./find-named.ts";

/** A tool as clients list it: made once. */
export function listedTool({ name, title, description, icons, _meta, annotations, json }: Tool): object {
  return {
    name,
    title,
    description,
    inputSchema: json.input,
    outputSchema: json.output,
    annotations,
    icons,
    _meta,
  };
}

/** `tools/call` */
export function callTool(
  tools: ReadonlyMap<string, Tool>,
  timeoutMs: number,
  keyed: Keyed,
  access: AccessNow,
): Normalize {
  return (params, call) => {
    const tool = findNamed(tools, "tool", params, call, access());
    const sent = objectParam(params, "arguments", call.method);
    return parseInput(tool.inputSchema, tool.json.input, sent, call, (input, taken) => {
      const subject: Subject = {
        scopes: tool.scopes,
        requiredCapabilities: tool.requiredCapabilities,
        lane: tool.lane,
        timeoutMs: tool.timeoutMs ?? timeoutMs,
        writes: tool.annotations?.readOnlyHint !== true,
        input: taken,
        run: () => {
          // Reported from inside the tool: the specification has input errors read by the model, which can mend them.
          if (!input.success) throw invalidInput(tool.name, input.error);
          return tool.handler(input.data, call);
        },
        compose: (value) => composeTool(tool, value),
        failure: toolFailure,
      };
      return tool.idempotency === undefined || !input.success ? subject : keyed(subject, tool, taken, call);
    });
  };
}

const invalidInput = (name: string, error: z.ZodError): ToolError =>
  new ToolError(`Invalid input for ${name}. Nothing was done. Correct this and call again:\n${describeIssues(error)}`, {
    code: "invalid_input",
  });
