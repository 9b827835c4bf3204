import { setTimeout as sleep } from "node:timers/promises";
import { fail } from "../../../src/index.ts";
import { type Sabotage, tool } from "./sabotage.ts";

/** On calls that end in the middle. */
export const effectSabotages: readonly Sabotage[] = [
  {
    id: "stopped-changes-nothing",
    how: "a handler that looks whether it was stopped when the book is there already",
    wire: "stdio-2026",
    server: tool("add_book", ({ handler }) => ({
      handler: async (input, call) => {
        const added = await handler(input, call);
        call.signal.throwIfAborted();
        return added;
      },
    })),
  },
  {
    id: "late-work-is-success",
    how: "a handler that fails when its time is over, whatever it has done",
    wire: "stdio-2026",
    server: tool("add_book", ({ handler }) => ({
      handler: async (input, call) => {
        const added = await handler(input, call);
        if (call.deadline.remainingMs() > 1_000) return added;
        await sleep(call.deadline.remainingMs());
        return fail("It took too long. Call again.");
      },
    })),
  },
];
