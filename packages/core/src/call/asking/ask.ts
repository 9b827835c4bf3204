import type { z } from "zod";
import type { CallContext, ElicitAnswer, RootsAnswer, SampleAnswer } from "../../contract/context.ts";
import { fail } from "../../contract/errors.ts";
import { describeIssues } from "../../contract/schemas/schema.ts";
import type { ClientRequest, WireRequest } from "../wire.ts";
import { formOf } from "./form.ts";

/** A call as far as its questions go. */
export interface Asking {
  readonly wire: WireRequest;
  /** @throws Question while there is no answer */
  ask(request: ClientRequest, key?: string): Record<string, unknown>;
  /** Uses up what {@link Asking.ask} gave. @throws ProtocolError where that was done before */
  answered(): Promise<void> | undefined;
}

/** {@link CallContext.elicit} */
export async function elicit<Schema extends z.ZodObject>(
  call: Asking,
  { key, message, schema }: { key?: string | undefined; message: string; schema: Schema },
): Promise<ElicitAnswer<z.output<Schema>>> {
  if (!call.wire.asks.elicitation) return { action: "unavailable" };
  const params = { mode: "form", message, requestedSchema: formOf(schema) };
  const answer = call.ask({ method: "elicitation/create", params }, key);
  await call.answered();
  if (answer.action === "decline" || answer.action === "cancel") return { action: answer.action };
  const content = await schema.safeParseAsync(answer.content ?? {});
  if (answer.action !== "accept" || !content.success) {
    const why = content.success ? "" : `\n${describeIssues(content.error)}`;
    fail(`The answer to "${message}" does not fit the question. Call again and answer again.${why}`, {
      code: "invalid_answer",
    });
  }
  return { action: "accept", content: content.data as z.output<Schema> };
}

/** {@link CallContext.sample} */
export async function sample(call: Asking, request: Parameters<CallContext["sample"]>[0]): Promise<SampleAnswer> {
  if (!call.wire.asks.sampling) return { action: "unavailable" };
  const answer = call.ask({ method: "sampling/createMessage", params: { ...request } });
  await call.answered();
  return { action: "answered", role: String(answer.role), model: String(answer.model), content: answer.content };
}

/** {@link CallContext.roots} */
export async function roots(call: Asking): Promise<RootsAnswer> {
  if (!call.wire.asks.roots) return { action: "unavailable" };
  const { roots } = call.ask({ method: "roots/list", params: {} });
  await call.answered();
  const listed = Array.isArray(roots) ? (roots as { uri: string; name?: string | undefined }[]) : [];
  return { action: "answered", roots: listed.filter((root) => typeof root?.uri === "string") };
}
