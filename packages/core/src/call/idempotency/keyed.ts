import type { Tool } from "../../contract/tool.ts";
import type { Call } from "../call.ts";
import type { Subject } from "../subject.ts";
import type { Once, OnceOptions } from "./once.ts";

/**
 * Makes a call answer as its first did, where its tool takes a key and it carries one. The key stands in `current`, the
 * input as the tool's own schema has it; what names the request is what was sent.
 */
export type Keyed = (
  subject: Subject,
  tool: Tool,
  sent: Record<string, unknown>,
  call: Call,
  current?: Record<string, unknown>,
) => Subject;

/** The layer behind it loads with the first key that comes: most servers never see one. */
export function createKeyed(options: OnceOptions): Keyed {
  let once: Promise<Once> | undefined;
  return (subject, tool, sent, call, current = sent) => {
    const { key: field, ttlMs, keptBy } = tool.idempotency ?? {};
    const key = field === undefined || keptBy === "handler" ? undefined : current[field];
    if (field === undefined || typeof key !== "string") return subject;
    return {
      ...subject,
      run: async () => {
        once ??= import("./once.ts").then(({ createOnce }) => createOnce(options));
        const { [field]: _, ...input } = sent;
        return (await once)({ call, key, input, ttlMs, subject });
      },
      // Composed inside the run, so that what is kept is what was sent.
      compose: (result) => result as object,
    };
  };
}
