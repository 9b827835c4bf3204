import { ErrorCode, ProtocolError } from "../../contract/errors.ts";
import type { Prompt } from "../../contract/prompt.ts";
import type { Resource } from "../../contract/resource.ts";
import { type AccessNow, isOffered } from "../access.ts";
import { checkSize } from "../compose.ts";
import { objectParam, stringParam } from "../normalize.ts";
import { plain } from "../output/plain.ts";
import type { Normalize } from "../subject.ts";

/** The specification's limit of values in one answer. */
const MAX_VALUES = 100;

/** `completion/complete`, for prompt arguments and the variables of URI templates. */
export function complete(
  prompts: ReadonlyMap<string, Prompt>,
  resources: readonly Resource[],
  timeoutMs: number,
  access: AccessNow,
): Normalize {
  return (params, call) => {
    const ref = objectParam(params, "ref", call.method);
    const argument = objectParam(params, "argument", call.method);
    const name = stringParam(argument, "name", call.method);
    const typed = stringParam(argument, "value", call.method);
    const source =
      ref.type === "ref/prompt" ? prompts.get(String(ref.name)) : resources.find(({ uri }) => uri === ref.uri);
    if (source === undefined || !isOffered(access(), call, source))
      throw new ProtocolError(
        ErrorCode.invalidParams,
        "completion/complete refers to no prompt or resource template of this server.",
      );
    call.name = source.name;
    // A name such as "constructor" must not find what every object inherits.
    const suggest =
      source.complete !== undefined && Object.hasOwn(source.complete, name) ? source.complete[name] : undefined;
    return {
      scopes: source.scopes,
      timeoutMs,
      input: params,
      run: () => suggest?.(typed, call) ?? [],
      compose: (value) => {
        // No total: this tells it from an argument that can be completed and has no values now.
        if (suggest === undefined) return { completion: { values: [] } };
        const values = plain(value as string[]);
        if (!Array.isArray(values) || values.some((item) => typeof item !== "string"))
          throw new Error(`${source.name} completes with what is no list of texts`);
        const first = values.slice(0, MAX_VALUES);
        checkSize(JSON.stringify(first), source.name);
        return { completion: { values: first, total: values.length, hasMore: values.length > MAX_VALUES } };
      },
    };
  };
}
