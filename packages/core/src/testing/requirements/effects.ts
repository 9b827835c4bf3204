import { isDeepStrictEqual } from "node:util";
import type { CallContext } from "../../contract/context.ts";
import { fail } from "../../contract/errors.ts";
import type { ServerDefinition } from "../../contract/server.ts";
import type { Tool } from "../../contract/tool.ts";
import { attempt, describe, tryCall } from "./attempt.ts";
import { type Input, notExercised, type Requirement, type Subject } from "./requirement.ts";
import { eachSampled, type Problems, showCall } from "./sampled.ts";

/** A call is stopped at each of its handler's looks at the signal, up to this many. */
const MAX_LOOKS = 12;

/** Time of a call that is to end after its work, in ms. Work that takes longer is late by itself. */
const SHORT_MS = 100;

type Handler = Tool["handler"];

/** Requirements on calls that end in the middle: an error has to mean that nothing was done. */
export const effectRequirements: readonly Requirement[] = [
  {
    id: "stopped-changes-nothing",
    because:
      "Who cancels, or reads that a call was stopped, calls again: what the first one left behind is then there twice, or half.",
    wire: "stdio-2026",
    async check(subject) {
      let look = 0;
      let looks = 0;
      const stopAtLook = (handler: Handler): Handler => {
        return async (input, call) => {
          looks = 0;
          const stopped = stoppedWhen(call, () => {
            looks += 1;
            return looks === look;
          });
          try {
            return await handler(input, stopped);
          } catch (error) {
            // What a handler throws then is expected here: nothing to mask and to log.
            return looks < look || look === 0 ? Promise.reject(error) : fail("The call was stopped.");
          }
        };
      };
      const client = await subject.connect({}, withHandlers(subject.definition, stopAtLook));
      await eachWrite(subject, async (name, input) => {
        const unchanged = await watch(subject);
        for (look = 1; look <= MAX_LOOKS; look += 1) {
          const answer = await tryCall(client, name, input);
          if (answer.result?.isError === false) return undefined;
          if (looks < look) return undefined;
          if (!(await unchanged()))
            return `${showCall(name, input)} was stopped when it looked at its signal for the ${look}. time, and had changed something; it answered ${describe(answer)}. Look before the change, or finish it.`;
        }
        look = 0;
        await tryCall(client, name, input);
        return undefined;
      });
    },
  },
  {
    id: "late-work-is-success",
    because:
      "A call whose work was done when its time ended has to say so: an error makes the model do it again, and then it is done twice.",
    wire: "stdio-2026",
    async check(subject) {
      const client = await subject.connect(
        {},
        withHandlers(
          subject.definition,
          (handler) => async (input, call) => {
            const { signal } = call;
            const value = await handler(input, call);
            if (!signal.aborted)
              await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
            return value;
          },
          SHORT_MS,
        ),
      );
      await eachWrite(subject, async (name, input) => {
        const unchanged = await watch(subject);
        const answer = await tryCall(client, name, input);
        if (answer.result?.isError === false || (await unchanged())) return undefined;
        return `${showCall(name, input)} had done its work when its time ended, and it got ${describe(answer)}.`;
      });
    },
  },
];

/** Runs a check for each sample of a tool that may write; the others are called for what later samples build on. */
async function eachWrite(
  subject: Subject,
  check: (name: string, input: Input) => Promise<string | undefined>,
): Promise<void> {
  let checked = 0;
  await eachSampled(subject, async (name, { valid }, { annotations }) => {
    const problems: Problems = [];
    for (const input of valid) {
      if (annotations?.readOnlyHint === true) continue;
      checked += 1;
      problems.push(await check(name, input));
    }
    return problems;
  });
  if (checked === 0) notExercised("no sample of a tool that writes");
}

/** The same server with other handlers for the tools that write, and another time for them. */
function withHandlers(definition: ServerDefinition, change: (handler: Handler) => Handler, timeoutMs?: number) {
  const tools = [...definition.tools].map(([name, tool]): [string, Tool] => {
    if (tool.annotations?.readOnlyHint === true) return [name, tool];
    return [name, { ...tool, handler: change(tool.handler), timeoutMs: timeoutMs ?? tool.timeoutMs }];
  });
  return { ...definition, tools: new Map(tools) };
}

/** The call with a signal that is aborted when its handler looks at it, once `now` says so. */
function stoppedWhen(call: CallContext, now: () => boolean): CallContext {
  const controller = new AbortController();
  const { signal } = controller;
  const look = (): void => {
    if (now()) controller.abort(new DOMException("The call was cancelled.", "AbortError"));
  };
  const { prototype } = AbortSignal;
  Object.defineProperties(signal, {
    aborted: {
      get: () => {
        look();
        return Reflect.get(prototype, "aborted", signal);
      },
    },
    throwIfAborted: {
      value: () => {
        look();
        prototype.throwIfAborted.call(signal);
      },
    },
    addEventListener: {
      value: (...listener: Parameters<AbortSignal["addEventListener"]>) => {
        prototype.addEventListener.apply(signal, listener);
        look();
      },
    },
  });
  return new Proxy(call, {
    get: (target, name) => (name === "signal" ? signal : Reflect.get(target, name, target)),
  });
}

/** Remembers the state; what comes of it tells whether it is still the same, but for what changes by being looked at. */
async function watch(subject: Subject): Promise<() => Promise<boolean>> {
  const first = await stateOf(subject);
  const before = await stateOf(subject);
  return async () => {
    const after = await stateOf(subject);
    return before.every((value, at) => isDeepStrictEqual(value, after[at]) || !isDeepStrictEqual(value, first[at]));
  };
}

/** What can be seen of the server: its own probe, what its read-only tools answer to their samples, its resources. */
async function stateOf({ client, definition, samples, state }: Subject): Promise<unknown[]> {
  const seen: unknown[] = [await state?.()];
  for (const [name, { valid, varies }] of Object.entries(samples.tools ?? {})) {
    if (varies || definition.tools.get(name)?.annotations?.readOnlyHint !== true) continue;
    for (const input of valid) seen.push((await tryCall(client, name, input)).result?.data);
  }
  if (definition.resources.size === 0) return seen;
  const listed = (await attempt(client.resources())).result ?? [];
  seen.push(listed);
  for (const { uri } of listed.slice(0, 20)) seen.push((await attempt(client.read(String(uri)))).result);
  return seen;
}
