import type { Tool } from "../../contract/tool.ts";
import type { Call } from "../call.ts";
import type { Subject } from "../subject.ts";
import type { Once, OnceOptions } from "./once.ts";

/** Makes a call answer as its first did, where its tool takes a key and it carries one. */
export type Keyed = (subject: Subject, tool: Tool, sent: Record<string, unknown>, call: Call) => Subject;

/** The layer behind it loads with the first key that comes: most servers never see one. */
export function createKeyed(options: OnceOptions): Keyed {
  let once: Promise<Once> | undefined;
  return (subject, tool, sent, call) => {
    const { key: field, ttlMs, keptBy } = tool.idempotency ?? {};
    const key = field === undefined || keptBy === "handler" ? undefined : sent[field];
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
