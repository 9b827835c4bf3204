import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createApp } from "../src/app.ts";
import { createMemoryIdempotencyStore } from "../src/call/idempotency/memory-store.ts";
import { createOnce } from "../src/call/idempotency/once.ts";
import { quietWire, type WireRequest } from "../src/call/wire.ts";
import {
  type CallContext,
  defineServer,
  defineTool,
  fail,
  type IdempotencyRecord,
  type IdempotencyStore,
} from "../src/index.ts";
import { createLog } from "../src/telemetry/log.ts";
import { connect, WIRES } from "../src/testing/index.ts";

const Input = z.object({
  to: z.string().describe("Whom to pay"),
  cents: z.int().default(1).describe("How much"),
  request_id: z.string().optional().describe("Names this one payment"),
});
type Input = z.output<typeof Input>;
type Pay = (input: Input, call: CallContext) => unknown;

const definition = (pay: Pay, more: object = {}) =>
  defineTool({
    name: "pay",
    title: "Pay",
    description: "Pays someone.",
    inputSchema: Input,
    outputSchema: z.object({ receipt: z.int().describe("Number of the receipt") }),
    idempotency: { key: "request_id" },
    handler: async (input, call) => ({ receipt: (await pay(input, call)) as number }),
    ...more,
  });

const bank = (pay: Pay, more: { tool?: object; idempotencyStore?: IdempotencyStore } = {}) => {
  const { tool, ...server } = more;
  return defineServer({ name: "bank", version: "1.0.0", tools: [definition(pay, tool)], ...server });
};

/** Calls without an SDK between, as any caller. */
function callsTo(server: ReturnType<typeof bank>) {
  const app = createApp(server, { log: createLog("silent") });
  const pay = app.methods.get("tools/call") as NonNullable<ReturnType<typeof app.methods.get>>;
  return async (input: object, wire: Partial<WireRequest> = {}) => {
    const result = (await pay({ name: "pay", arguments: input }, quietWire(wire))) as {
      isError?: boolean;
      content: { text: string }[];
      structuredContent?: { receipt: number };
      _meta?: { "offshoot/error"?: { code?: string } };
    };
    return result.isError ? (result._meta?.["offshoot/error"]?.code ?? "masked") : result.structuredContent?.receipt;
  };
}

describe.each(WIRES)("%s", (wire) => {
  test("a key gives the first answer again, and another input under it is a conflict", async () => {
    let receipts = 0;
    const client = await connect(
      bank(() => ++receipts),
      { wire },
    );
    const first = await client.call("pay", { to: "ada", request_id: "a" });
    expect(await client.call("pay", { request_id: "a", to: "ada" })).toEqual(first);
    expect(await client.call("pay", { to: "bob", request_id: "a" })).toMatchObject({
      isError: true,
      meta: { "offshoot/error": { code: "conflict" } },
      text: expect.stringContaining("Use a new key"),
    });
    expect((await client.call("pay", { to: "ada", request_id: "b" })).data).toEqual({ receipt: 2 });
    expect((await client.call("pay", { to: "ada" })).data).toEqual({ receipt: 3 });
    expect(receipts).toBe(3);
    await client.close();
  });

  test("a hundred calls with one key at once are one run and one answer", async () => {
    let runs = 0;
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const client = await connect(
      bank(async () => {
        await gate;
        return ++runs;
      }),
      { wire, log: [], limits: { waitMs: 20_000 } },
    );
    const calls = Array.from({ length: 100 }, () => client.call("pay", { to: "ada", request_id: "a" }));
    // Answered after all of them have come in: the one that runs is not done before.
    await client.tools();
    open();
    for (const { data } of await Promise.all(calls)) expect(data).toEqual({ receipt: 1 });
    expect(runs).toBe(1);
    await client.close();
  });

  test("a question to the user leaves the key free for the run with the answer", async () => {
    let runs = 0;
    const server = bank(async (_input, call) => {
      const question = { message: "Pay?", schema: z.object({ ok: z.boolean().describe("Yes") }) };
      // One that swallows what it must not: its first value is no answer.
      const answer = await call.elicit(question).catch(() => undefined);
      if (answer === undefined) return 0;
      if (answer.action !== "accept") fail("The user refused. Nothing was paid.");
      return ++runs;
    });
    let asked = 0;
    const onElicit = () => {
      asked += 1;
      return { action: "accept", content: { ok: true } };
    };
    const client = await connect(server, { wire, onElicit });
    for (let time = 0; time < 2; time += 1) {
      const { data } = await client.call("pay", { to: "ada", request_id: "a" });
      // The second time nobody is asked: the answer is there.
      expect(data).toEqual({ receipt: 1 });
    }
    expect({ runs, asked }).toEqual({ runs: 1, asked: 1 });
    await client.close();
  });
});

test("two callers, and two tools, have keys of their own", async () => {
  let receipts = 0;
  const call = callsTo(bank(() => ++receipts));
  expect(await call({ to: "ada", request_id: "a" }, { caller: { id: "one" } })).toBe(1);
  expect(await call({ to: "ada", request_id: "a" }, { caller: { id: "two" } })).toBe(2);
  expect(await call({ to: "bob", request_id: "a" }, { caller: { id: "two" } })).toBe("conflict");
  expect(await call({ to: "ada", request_id: "a" }, { caller: { id: "one" } })).toBe(1);
});

test("an expected failure changed nothing: its key is free, also for a mended input", async () => {
  let receipts = 0;
  const call = callsTo(bank(({ cents }) => (cents > 9 ? fail("Too much.", { code: "limit" }) : ++receipts)));
  expect(await call({ to: "ada", cents: 10, request_id: "a" })).toBe("limit");
  expect(await call({ to: "ada", cents: 9, request_id: "a" })).toBe(1);
  expect(await call({ to: "ada", cents: 10, request_id: "a" })).toBe("conflict");
});

test("after a failure that nobody expected the key says that the outcome is not known, and runs nothing", async () => {
  let runs = 0;
  const call = callsTo(
    bank(() => {
      runs += 1;
      throw new Error("the connection broke after the money had left");
    }),
  );
  expect(await call({ to: "ada", request_id: "a" })).toBe("masked");
  expect(await call({ to: "ada", request_id: "a" })).toBe("outcome_unknown");
  expect(await call({ to: "bob", request_id: "a" })).toBe("conflict");
  expect(runs).toBe(1);
});

test("a handler that outlives its call's deadline is listened to: the repetition gets its answer", async () => {
  let runs = 0;
  let pay: (receipt: number) => void = () => {};
  const slow = bank(
    () => {
      runs += 1;
      return new Promise((resolve) => {
        pay = resolve;
      });
    },
    { tool: { timeoutMs: 20 } },
  );
  const call = callsTo(slow);
  expect(await call({ to: "ada", request_id: "a" })).toBe("deadline_exceeded");
  const again = call({ to: "ada", request_id: "a" });
  pay(7);
  expect(await again).toBe(7);
  expect(await call({ to: "ada", request_id: "a" })).toBe(7);
  expect(runs).toBe(1);
});

/** A store whose records outlive the server, as one on disk would. */
function keeper(records = new Map<string, IdempotencyRecord>()) {
  const store: IdempotencyStore = {
    async begin({ key, input }) {
      const known = records.get(key);
      if (known === undefined) records.set(key, { input });
      return known;
    },
    async finish(key, answer) {
      records.set(key, { ...(records.get(key) as IdempotencyRecord), answer });
    },
    async release(key) {
      records.delete(key);
    },
  };
  return { records, store };
}

test("with a store that lasts, a restart changes no answer, and a call that a crash cut off is not run again", async () => {
  const { records, store } = keeper();
  const before = callsTo(bank(() => 1, { idempotencyStore: store }));
  expect(await before({ to: "ada", request_id: "a" })).toBe(1);
  const cutOff = callsTo(bank(() => new Promise(() => {}), { idempotencyStore: store }));
  void cutOff({ to: "ada", request_id: "b" });
  await new Promise(setImmediate);
  while (records.size < 2) await new Promise(setImmediate);
  const after = callsTo(bank(() => 2, { idempotencyStore: store }));
  expect(await after({ to: "ada", request_id: "a" })).toBe(1);
  expect(await after({ to: "ada", request_id: "b" })).toBe("outcome_unknown");
});

test("without its store nothing runs; a record that cannot be kept costs the caller nothing", async () => {
  let runs = 0;
  const down = () => {
    throw new Error("the disk is gone");
  };
  const { store } = keeper();
  const unopened = callsTo(bank(() => ++runs, { idempotencyStore: { ...store, begin: down } }));
  expect(await unopened({ to: "ada", request_id: "a" })).toBe("masked");
  expect(runs).toBe(0);
  const full = callsTo(bank(() => ++runs, { idempotencyStore: { ...store, finish: down } }));
  expect(await full({ to: "ada", request_id: "a" })).toBe(1);
  expect(await full({ to: "ada", request_id: "a" })).toBe("outcome_unknown");
});

/** The layer alone, on a clock and with a handler of the test's. */
function layer({ limits = {}, ttlMs = 1_000 } = {}) {
  const clock = { now: 0 };
  const log = createLog("silent");
  const options = { log, expected: undefined, store: createMemoryIdempotencyStore(limits) };
  const once = createOnce(options, () => clock.now);
  const call = async (key: string, input: object, run: () => unknown): Promise<unknown> => {
    const subject = { timeoutMs: 1, input, run, compose: (value: unknown) => ({ value }) };
    const named = { name: "pay", caller: { id: "local" }, questions: [] } as never;
    try {
      return ((await once({ call: named, key, input: { ...input }, ttlMs, subject })) as { value: unknown }).value;
    } catch (error) {
      return (error as { code?: string }).code ?? "masked";
    }
  };
  return { clock, call };
}

test("a key is free again when its time is over", async () => {
  const { clock, call } = layer();
  expect(await call("a", {}, () => 1)).toBe(1);
  clock.now = 999;
  expect(await call("a", {}, () => 2)).toBe(1);
  clock.now = 1_000;
  expect(await call("a", {}, () => 2)).toBe(2);
});

test("past its limits the memory forgets the oldest answers, by number and by size", async () => {
  for (const limits of [{ maxKeys: 3 }, { maxCharacters: 3 * '{"value":0}'.length }]) {
    const { call } = layer({ limits });
    for (const key of ["a", "b", "c", "d"]) await call(key, {}, () => 0);
    expect(await Promise.all(["d", "c", "b"].map((key) => call(key, {}, () => 1)))).toEqual([0, 0, 0]);
    expect(await call("a", {}, () => 1)).toBe(1);
  }
});

test("whatever the order of calls and of their ends, every call gets what a model of keys says", async () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constant("call" as const),
      key: fc.constantFrom("a", "b"),
      input: fc.constantFrom("x", "y"),
      end: fc.constantFrom("value", "refused", "broken"),
    }),
    fc.record({ do: fc.constant("end" as const), key: fc.constantFrom("a", "b") }),
    fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(400, 1_000) }),
  );
  const property = fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
    const { clock, call } = layer();
    let runs = 0;
    /** What the model knows of a key: whose run is open and who waits, or what is kept. */
    interface Known {
      input: string;
      until: number;
      kept?: unknown;
      open?: { end: string; run: number; finish: () => void; waiting: Promise<unknown>[] };
    }
    const known = new Map<string, Known>();
    const settle = async () => {
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    };
    const finish = async (key: string) => {
      const entry = known.get(key);
      if (entry?.open === undefined) return;
      const { end, run, waiting } = entry.open;
      entry.open.finish();
      const [first, ...others] = await Promise.all(waiting);
      expect(first).toBe(end === "value" ? run : end === "refused" ? "refused" : "masked");
      // Those who waited are told the same, or that it is not known.
      for (const other of others) expect(other).toBe(end === "broken" ? "outcome_unknown" : first);
      delete entry.open;
      if (end === "refused") known.delete(key);
      else entry.kept = end === "value" ? run : "outcome_unknown";
    };
    for (const one of steps) {
      if (one.do === "wait") {
        // A run that is open has its key whatever the clock says; the model lets it end first.
        for (const key of known.keys()) await finish(key);
        clock.now += one.ms;
      } else if (one.do === "end") {
        await finish(one.key);
      } else {
        const { key, input, end } = one;
        let entry = known.get(key);
        if (entry?.open === undefined && entry !== undefined && entry.until <= clock.now) entry = undefined;
        let started = false;
        let release = () => {};
        const answer = call(key, { input }, () => {
          started = true;
          const run = ++runs;
          return new Promise((resolve, reject) => {
            release = () => {
              if (end === "value") resolve(run);
              else if (end === "broken") reject(new Error("broken"));
              else {
                try {
                  fail("no", { code: "refused" });
                } catch (error) {
                  reject(error);
                }
              }
            };
          });
        });
        await settle();
        expect(started).toBe(entry === undefined);
        if (entry === undefined) {
          known.set(key, {
            input,
            until: clock.now + 1_000,
            open: { end, run: runs, finish: () => release(), waiting: [answer] },
          });
        } else if (entry.input !== input) expect(await answer).toBe("conflict");
        else if (entry.open !== undefined) entry.open.waiting.push(answer);
        else expect(await answer).toBe(entry.kept);
      }
    }
    for (const key of known.keys()) await finish(key);
  });
  await fc.assert(property, { numRuns: 150 });
});

test("a definition whose key no input can carry is refused by name", () => {
  const tool = (more: object) => () => definition(() => 1, more);
  expect(tool({ idempotency: { key: "missing" } })).toThrow('tool "pay": the idempotency key must be a field');
  expect(tool({ idempotency: { key: "cents" } })).toThrow('"cents" is not');
  expect(tool({ idempotency: { key: "request_id", ttlMs: 0 } })).toThrow("above 0, got 0");
  expect(tool({ annotations: { readOnlyHint: true } })).toThrow("read-only");
});
