import type { SchemaIssue } from "@offshoot/core";
import type { JsonSchema, Operation } from "../domain/operation.ts";
import { type Check, checker, type Verdict } from "../domain/schemas/check.ts";

/**
 * Values of an input against its schema. One that cannot be validated in time does not fit: nothing has been sent yet,
 * and what would become of it is unknown.
 */
export function inputCheck(schema: JsonSchema): (value: unknown) => SchemaIssue[] | Promise<SchemaIssue[]> {
  const check = checker(schema);
  const issuesOf = ({ issues, unchecked }: Verdict): SchemaIssue[] =>
    unchecked === undefined
      ? issues
      : [{ path: [], message: `cannot be validated: ${unchecked}. Send something smaller or simpler` }];
  return (value) => {
    const verdict = check(value);
    return verdict instanceof Promise ? verdict.then(issuesOf) : issuesOf(verdict);
  };
}

/**
 * How an answer differs from what the description says of its status, in one line; `undefined` where it does not. One
 * that cannot be validated in time is taken as it is: it has come, whatever it is.
 */
export function replyCheck({ replies, anyReply = {} }: Pick<Operation, "replies" | "anyReply">) {
  const checks = new Map<string, Check>(replies.map(({ status, schema }) => [status, checker(schema)]));
  const others = checker(anyReply);
  return (status: number, data: unknown): string | undefined | Promise<string | undefined> => {
    const check = checks.get(String(status)) ?? checks.get("2XX") ?? others;
    const verdict = check(data);
    return verdict instanceof Promise ? verdict.then(lineOf) : lineOf(verdict);
  };
}

function lineOf({ issues: [issue, ...more] }: Verdict): string | undefined {
  if (issue === undefined) return undefined;
  return `${issue.path.join(".") || "(root)"} ${issue.message}${more.length > 0 ? `, and ${more.length} more` : ""}`;
}
