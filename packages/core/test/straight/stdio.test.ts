// The same bytes through the straight path and through the SDKs: the same answers, and the same lines in the log.
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { Era } from "../../src/contract/context.ts";
import { createLab } from "../fixtures/lab.ts";
import { initialize, type Json } from "../fixtures/raw.ts";
import { byId, openApp, openPipe, sorted } from "./both.ts";
import { calls, metas, notMetas, withEnvelope } from "./corpus.ts";

const LONG = process.env.OFFSHOOT_LONG === "1";
const counts = { frames: 0, straight: 0, sdk: 0 };
afterAll(() => {
  process.stdout.write(
    `stdio: ${counts.frames} frames compared; ${counts.straight} calls went straight, ${counts.sdk} to the SDK\n`,
  );
  // Were all of them the SDK's, the two sides would agree about nothing.
  expect(counts.straight).toBeGreaterThan(counts.frames / 4);
});

/** One lab behind two connections, one of which has no straight path. */
async function openBoth(era: Era, capabilities: object = {}) {
  const sides = [true, false].map((straight) => {
    const lab = createLab();
    const { app, count, log } = openApp(lab.server, straight);
    return { lab, count, log, pipe: openPipe(app), app };
  }) as [Side, Side];
  const [one, other] = sides;
  // Answers wait for a handshake of the 2025 era: the straight path only takes what comes after it.
  if (era === "2025")
    for (const { pipe } of sides)
      await pipe.speak([
        bytes(initialize(0, capabilities)),
        bytes({ jsonrpc: "2.0", method: "notifications/initialized" }),
      ]);
  return {
    sides,
    /** Sends chunks both ways and compares. */
    async compare(chunks: Buffer[]): Promise<void> {
      const [said, expected] = await Promise.all(sides.map(({ pipe }) => pipe.speak(chunks)));
      expect(byId(said as Json[]), String(chunks[0])).toEqual(byId(expected as Json[]));
      expect(sorted(one.log())).toEqual(sorted(other.log()));
      // Deliberate: of two calls of one chunk, one of which is the SDK's, either may begin first.
      expect(one.lab.events.splice(0).sort()).toEqual(other.lab.events.splice(0).sort());
    },
    async [Symbol.asyncDispose]() {
      expect(other.count.straight).toBe(0);
      counts.straight += one.count.straight;
      counts.sdk += one.count.sdk;
      for (const { pipe, app } of sides) {
        await pipe.connection.close();
        app.close();
      }
    },
  };
}
type Side = ReturnType<typeof openApp> & { lab: ReturnType<typeof createLab>; pipe: ReturnType<typeof openPipe> };

const bytes = (...messages: (Json | string)[]): Buffer => {
  counts.frames += messages.length;
  return Buffer.from(messages.map((one) => `${typeof one === "string" ? one : JSON.stringify(one)}\n`).join(""));
};
let ids = 0;
const frame = (method: string, params: Json, more: object = {}): Json => {
  ids += 1;
  const id = method.startsWith("notifications/") ? {} : { id: ids };
  return { jsonrpc: "2.0", ...id, method, ...(params !== undefined && { params }), ...more };
};
const inEra = (era: Era, params: Json, meta: Json = {}): Json => {
  if (typeof params !== "object" || params === null || Array.isArray(params)) return params;
  if (era === "2026") return { ...params, _meta: withEnvelope(meta) };
  return Object.keys(meta ?? {}).length === 0 ? params : { ...params, _meta: meta };
};

const SOME: typeof calls = [
  ["tools/call", { name: "echo", arguments: { text: "x" } }],
  ["tools/list", {}],
  ["tools/call", { name: "progresses" }],
];

describe.each(["2025", "2026"] as const)("stdio, %s era", (era) => {
  test("every method, good and bad", async () => {
    await using both = await openBoth(era);
    for (const [method, params] of calls) await both.compare([bytes(frame(method, inEra(era, params)))]);
  });

  test("whatever stands in _meta", async () => {
    await using both = await openBoth(era);
    for (const meta of metas)
      for (const [method, params] of SOME) await both.compare([bytes(frame(method, inEra(era, params, meta)))]);
    for (const _meta of notMetas) await both.compare([bytes(frame("tools/call", { name: "echo", _meta }))]);
    await both.compare([bytes(frame("tools/call", { name: "echo", arguments: { text: "no envelope" } }))]);
  });

  test("envelopes that are generated", async () => {
    await using both = await openBoth(era);
    await fc.assert(
      fc.asyncProperty(envelope, async (shape) => {
        const { method, params, extra, broken, meta, id } = shape;
        const message = {
          ...extra,
          ...frame(method, inEra(era, params, meta)),
          ...(broken && { [broken[0]]: broken[1] }),
        };
        if (id !== undefined) message.id = id;
        await both.compare([bytes(message)]);
      }),
      { numRuns: LONG ? 2_000 : 150 },
    );
  });

  test("lines cut anywhere, many to a chunk, with what is no message between them", async () => {
    await using both = await openBoth(era);
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 24 }),
        fc.array(fc.nat({ max: 4_000 }), { maxLength: 6 }),
        async (lines, cuts) => {
          const whole = bytes(
            ...lines.map((one) => (typeof one === "string" ? one : frame(one[0], inEra(era, one[1])))),
          );
          const at = [...new Set(cuts.map((cut) => cut % whole.length))].sort((a, b) => a - b);
          await both.compare([0, ...at].map((from, index) => whole.subarray(from, at[index] ?? whole.length)));
        },
      ),
      { numRuns: LONG ? 500 : 40 },
    );
  });

  test("cancelled in the chunk that it came in, a turn later, twice, with its id used again", async () => {
    await using both = await openBoth(era);
    const cancel = (requestId: unknown, reason?: string): Json => ({
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId, ...(reason && { reason }) },
    });
    for (const id of [900_001, 0, "", "a", -3]) {
      const slow = (ms = 30_000): Json => ({
        ...frame("tools/call", inEra(era, { name: "slow", arguments: { ms } })),
        id,
      });
      const echo = (): Json => ({
        ...frame("tools/call", inEra(era, { name: "echo", arguments: { text: "again" } })),
        id,
      });
      await both.compare([bytes(slow(), cancel(id, "enough"))]);
      await both.compare([bytes(slow()), bytes(cancel(id))]);
      await both.compare([bytes(slow(), cancel(id), cancel(id), echo())]);
      await both.compare([bytes(slow()), bytes(cancel(id), cancel(id)), bytes(), bytes(echo())]);
      await both.compare([bytes(slow(5), slow(5), echo())]);
      await both.compare([bytes(cancel(id), echo(), cancel("other"))]);
      await both.compare([
        bytes(...Array.from({ length: 20 }, () => frame("ping", inEra(era, {}))), slow(), cancel(id)),
      ]);
    }
  });

  test("a question to the user, answered, declined and cancelled", async () => {
    const capabilities = { elicitation: {} };
    await using both = await openBoth(era, capabilities);
    const meta = { "io.modelcontextprotocol/clientCapabilities": capabilities };
    for (const answer of [
      { result: { action: "accept", content: { sure: true } } },
      { result: { action: "decline" } },
      { error: { code: -1, message: "no" } },
      undefined,
    ]) {
      const call = frame("tools/call", inEra(era, { name: "remove", arguments: { id: "1" } }, meta));
      if (era === "2026") {
        await both.compare([bytes(call)]);
        continue;
      }
      for (const { pipe } of both.sides) {
        const asked = pipe.messages.length;
        void pipe.speak([bytes(call)]);
        while (pipe.messages.length === asked) await new Promise((resolve) => setTimeout(resolve, 1));
        const question = pipe.messages.at(-1);
        expect(question).toMatchObject({ method: "elicitation/create", id: expect.stringMatching(/^question-/) });
        const reply =
          answer === undefined
            ? { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: call.id } }
            : { jsonrpc: "2.0", id: question.id, ...answer };
        await pipe.speak([bytes(reply)]);
      }
      await both.compare([bytes(frame("ping", {}))]);
      const [said, expected] = both.sides.map(({ pipe }) =>
        byId(pipe.messages.splice(0)).map(({ id: _, ...rest }) => rest),
      );
      expect(said).toEqual(expected);
    }
  });
});

const odd = fc.oneof(
  fc.constantFrom(null, true, 0, -1, 1.5, "", "x", [], {}, [1], { a: 1 }, "\u0000", "é"),
  fc.jsonValue({ maxDepth: 2 }),
);
const envelope = fc.record({
  method: fc.oneof(
    { weight: 4, arbitrary: fc.constant("tools/call") },
    fc.constantFrom(...calls.map(([method]) => method)),
  ),
  params: fc.oneof(
    { weight: 3, arbitrary: fc.constant({ name: "echo", arguments: { text: "x" } } as Json) },
    fc.constantFrom(...calls.map(([, params]) => params)),
    fc.dictionary(fc.constantFrom("name", "arguments", "uri", "cursor", "ref", "argument", "extra", "toString"), odd, {
      noNullPrototype: true,
    }),
  ),
  meta: fc.oneof(
    { weight: 2, arbitrary: fc.constant({}) },
    fc.constantFrom(...metas),
    fc.dictionary(fc.constantFrom("progressToken", "a/b", "io.modelcontextprotocol/x", "constructor"), odd, {
      noNullPrototype: true,
    }),
  ),
  extra: fc.dictionary(fc.constantFrom("extra", "Method", "ID", "result", "error", "_meta", ""), odd, {
    maxKeys: 2,
    noNullPrototype: true,
  }),
  broken: fc.option(fc.tuple(fc.constantFrom("jsonrpc", "method", "params", "id"), odd), { nil: undefined, freq: 4 }),
  id: fc.option(fc.constantFrom<Json>("text", "", -5, 9_007_199_254_740_991, "0", "__proto__"), {
    nil: undefined,
    freq: 5,
  }),
});
const line = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...calls.filter(([, params]) => params?.name !== "big")) },
  fc.constantFrom("", " ", "\t", "{", "null", "[]", "hello", '{"jsonrpc":"2.0"}', "\ufeff", "é"),
  fc.string({ maxLength: 20 }).filter((text) => !/[\r\n]/.test(text)),
);

test("how long a list may be kept follows the policy, as it does through the SDK", async () => {
  const { sides, compare, [Symbol.asyncDispose]: close } = await openBoth("2026");
  const list = () => [bytes(frame("tools/list", inEra("2026", {})), frame("server/discover", inEra("2026", {})))];
  await compare(list());
  for (const { app } of sides)
    app.setAccess({
      label: "none",
      scopes: [],
      decide: () => ({ allow: false, scopes: [], roots: undefined }),
      rootsOf: () => undefined,
    });
  await compare(list());
  await compare([bytes(frame("tools/call", inEra("2026", { name: "echo", arguments: { text: "x" } })))]);
  await close();
});
