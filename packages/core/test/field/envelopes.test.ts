// The same answer on every wire, and never silence. Envelopes are generated; the four wires are each other's judges.
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { initialize, type Json, META, toolCall } from "../fixtures/raw.ts";
import { type Field, type FieldWire, metaOf, modernHeaders, openSession, send, startField, WIRES } from "./field.ts";

/** What a wire made of one message: its answers, in order of nothing, and whether a line was logged. */
interface Heard {
  answers: Json[];
  /** Waits for a line that is not of a call. */
  logged: () => Promise<void>;
}
type Speak = (message: Json) => Promise<Heard>;

const LONG = process.env.OFFSHOOT_LONG === "1";
const fields: Field[] = [];
const speakers = new Map<FieldWire, Speak>();

beforeAll(async () => {
  await Promise.all(
    WIRES.map(async (wire) => {
      const field = startField(wire.startsWith("stdio") ? "stdio" : "http", 256);
      fields.push(field);
      speakers.set(wire, await speaker(wire, field));
    }),
  );
});
afterAll(() => Promise.all(fields.map((field) => field[Symbol.asyncDispose]())));

/** Sends one message, and then one that is surely answered: what has come by then is all that will come. */
async function speaker(wire: FieldWire, field: Field): Promise<Speak> {
  let probes = 0;
  const loggedAfter = (at: number) => () =>
    field.until((stderr) =>
      stderr
        .slice(at)
        .split("\n")
        .slice(0, -1)
        .some((line) => !line.includes('"msg":"call"')),
    );
  const probe = () => {
    probes += 1;
    return toolCall(`probe-${probes}`, "echo", { text: "x" }, metaOf(wire));
  };
  if (wire.startsWith("stdio")) {
    if (metaOf(wire) === undefined) {
      field.write(initialize(0), { jsonrpc: "2.0", method: "notifications/initialized" });
      await field.lines.id(0);
    } else {
      field.write(probe());
      await field.lines.id(`probe-${probes}`);
    }
    return async (message) => {
      const before = field.lines.all.length;
      const log = field.stderr().length;
      const last = probe();
      field.child.stdin?.write(`${typeof message === "string" ? message : JSON.stringify(message)}\n`);
      field.write(last);
      await field.lines.id(last.id);
      const answers = field.lines.all.slice(before).filter((line) => line.id !== last.id && line.method === undefined);
      return { answers, logged: loggedAfter(log) };
    };
  }
  const url = await field.url();
  const session = metaOf(wire) === undefined ? await openSession(url) : undefined;
  return async (message) => {
    const log = field.stderr().length;
    const headers = session ?? modernHeaders(parsed(message));
    const { messages } = await send(url, typeof message === "string" ? message : JSON.stringify(message), { headers });
    const last = probe();
    await send(url, last, { headers: session ?? modernHeaders(last) });
    return { answers: messages.filter(({ method }) => method === undefined), logged: loggedAfter(log) };
  };
}

/** What a text says, where it is a message. */
function parsed(message: Json): Json {
  try {
    return (typeof message === "string" ? JSON.parse(message) : message) ?? {};
  } catch {
    return {};
  }
}

let ids = 1;
/** What each wire says to a message, which is made for it. Its id is one that was never used. */
async function hear(make: (wire: FieldWire, id: number) => Json): Promise<[FieldWire, Heard, number][]> {
  ids += 1;
  const id = ids;
  return Promise.all(
    WIRES.map(
      async (wire): Promise<[FieldWire, Heard, number]> => [
        wire,
        await (speakers.get(wire) as Speak)(make(wire, id)),
        id,
      ],
    ),
  );
}

const withMeta = (message: Json, wire: FieldWire): Json =>
  metaOf(wire) === undefined ||
  typeof message.params !== "object" ||
  message.params === null ||
  Array.isArray(message.params)
    ? message
    : { ...message, params: { ...message.params, _meta: META } };

const odd = fc.oneof(
  fc.constantFrom(null, true, 0, -1, 1.5, "", "x", [], {}, [1], { a: 1 }, "\u0000", "é", "\ud83d\ude00"),
  fc.string({ maxLength: 8 }),
  fc.jsonValue({ maxDepth: 2 }),
);
const extraKey = fc.constantFrom(
  "extra",
  "Method",
  "ID",
  "result",
  "error",
  "_meta",
  "toString",
  "params2",
  "jsonRPC",
  "",
);

/** Changes to a good request of one tool: more keys, and members that are not what they should be. */
const envelope = fc.record({
  extra: fc.dictionary(extraKey, odd, { maxKeys: 2, noNullPrototype: true }),
  method: fc.oneof(
    { weight: 4, arbitrary: fc.constant("tools/call") },
    fc.constantFrom(
      "ping",
      "tools/list",
      "no/such",
      "initialize",
      "",
      "__proto__",
      "constructor",
      "toString",
      "rpc.x",
      "tools/call ",
    ),
  ),
  params: fc.oneof(
    { weight: 4, arbitrary: fc.constant({ name: "echo", arguments: { text: "x" } }) },
    fc.constantFrom(
      {},
      { name: "echo" },
      { name: "nope" },
      { name: 1 },
      { name: "echo", arguments: [] },
      { name: "echo", arguments: "x" },
      { name: "echo", arguments: null },
    ),
  ),
  broken: fc.option(fc.tuple(fc.constantFrom("jsonrpc", "method", "params"), odd), { nil: undefined, freq: 3 }),
});

const codeOf = (answer: Json): string =>
  answer.error === undefined ? (answer.result?.isError ? "isError" : "result") : String(answer.error.code);

describe("odd envelopes", () => {
  test("each request has exactly one answer, with its own id, and the four wires agree on what it is", async () => {
    await fc.assert(
      fc.asyncProperty(envelope, async ({ extra, method, params, broken }) => {
        const heard = await hear((wire, id) => {
          const message = withMeta({ jsonrpc: "2.0", id, method, params }, wire);
          return { ...extra, ...message, ...(broken && { [broken[0]]: broken[1] }) };
        });
        for (const [wire, { answers }, id] of heard) {
          expect(answers, wire).toHaveLength(1);
          expect([id, null], wire).toContain(answers[0].id);
        }
        // What a request lacks that only one era asks for, and what only one era has, is for that era to say.
        const eras = ["2025", "2026"].map((era) => heard.filter(([wire]) => wire.endsWith(era)));
        // Over HTTP the headers say method and era too: one that they cannot carry, or that the body has lost, is refused.
        const said = heard.find(([wire]) => wire === "http-2026")?.[1].answers[0];
        if (codeOf(said) === "-32020" || broken?.[0] === "params") eras.pop();
        for (const [one, other] of eras as [(typeof heard)[number], (typeof heard)[number]][])
          expect(codeOf(one[1].answers[0]), `${one[0]} and ${other[0]}`).toBe(codeOf(other[1].answers[0]));
      }),
      { numRuns: LONG ? 1_000 : 120, ...(process.env.FC_SEED && { seed: Number(process.env.FC_SEED) }) },
    );
  }, 90_000);

  test.each([
    ["one more key at the top", (id: number) => ({ ...toolCall(id, "echo", { text: "x" }), extra: 1 }), "result"],
    ["params: null", (id: number) => ({ jsonrpc: "2.0", id, method: "ping", params: null }), undefined],
    ["a tool that is not there", (id: number) => toolCall(id, "nope"), "-32602"],
  ])("%s: one answer on every wire", async (_title, make, code) => {
    for (const [wire, { answers }, id] of await hear((at, one) => withMeta(make(one), at))) {
      expect(answers, wire).toHaveLength(1);
      expect(answers[0].id, wire).toBe(id);
      if (code !== undefined) expect(codeOf(answers[0]), wire).toBe(code);
    }
  });

  test.each(WIRES.filter((wire) => wire.startsWith("stdio")))(
    "%s: the first message of a connection may have one more key",
    async (wire) => {
      await using field = startField("stdio", 256);
      field.write({ ...toolCall(1, "echo", { text: "x" }, metaOf(wire)), extra: true });
      expect(await field.lines.id(1)).toMatchObject({ result: { structuredContent: { text: "x" } } });
    },
  );

  test("a key that occurs twice counts as its last value on every wire, as in both SDKs", async () => {
    for (const [wire, { answers }, id] of await hear((at, one) => {
      const [before, after] = JSON.stringify(withMeta(toolCall(one, "echo", { text: "last" }), at)).split('"text":');
      return `${before}"text":"first","text":${after}` as never;
    }))
      expect(answers, wire).toMatchObject([{ id, result: { structuredContent: { text: "last" } } }]);
  });

  test.each([5, "x", true, [], [{}]])("a _meta that is %j is refused on every wire", async (_meta) => {
    for (const [wire, { answers }, id] of await hear((_at, one) => ({
      jsonrpc: "2.0",
      id: one,
      method: "tools/call",
      params: { name: "echo", arguments: { text: "x" }, _meta },
    })))
      expect(answers, wire).toMatchObject([{ id, error: { code: -32_602 } }]);
  });

  test("what cannot be read at all is answered without an id, or logged", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.constantFrom(
            "{",
            "[",
            "[]",
            "[[]]",
            "[1]",
            "null",
            "{}",
            '"x"',
            "1",
            '{"jsonrpc":"2.0"}',
            '{"jsonrpc":"2.0","id":null,"method":"ping"}',
            '{"jsonrpc":"2.0","id":{},"method":"ping"}',
            '{"jsonrpc":"2.0","id":1e999,"method":"ping"}',
            '{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}',
            '{"jsonrpc":"2.0","id":"\\ud800","method":"tools/call","params":{"name":"echo","arguments":{"text":"x"}}}',
          ),
        ),
        async (text) => {
          fc.pre(!/[\n\r]/.test(text) && text.trim() !== "");
          for (const [wire, { answers, logged }] of await hear(() => text)) {
            expect(answers.length, wire).toBeLessThanOrEqual(1);
            if (answers.length === 0) await logged();
            for (const answer of answers)
              expect(answer, wire).toMatchObject({ id: null, error: { code: expect.any(Number) } });
          }
        },
      ),
      { numRuns: LONG ? 300 : 40 },
    );
  }, 90_000);

  test("names that are not there are echoed cut between characters, with what is invisible spelled out", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: "grapheme", minLength: 1, maxLength: 90 }),
          fc.constantFrom(
            `${"x".repeat(63)}\u{1f600}`,
            `${"x".repeat(127)}\u{1f600}y`,
            "\u202eabc",
            "a\u200bb",
            "a\nb",
            "\u001b[2J",
            "\u2028",
            "a\u00adb",
            "\u{e0041}",
            "\u{1f600}".repeat(64),
          ),
        ),
        fc.constantFrom("tools/call", "method", "resources/read"),
        async (name, where) => {
          fc.pre(
            name.isWellFormed() &&
              !["echo", "slow", "big", "progress", "say", "nan", "ask", "touch", "heap"].includes(name),
          );
          const heard = await hear((wire, id) => {
            if (where === "method") return withMeta({ jsonrpc: "2.0", id, method: `x/${name}`, params: {} }, wire);
            const params = where === "tools/call" ? { name } : { uri: `nope:${name}` };
            return withMeta({ jsonrpc: "2.0", id, method: where, params }, wire);
          });
          for (const [wire, { answers }] of heard) {
            // A header cannot carry every name: then HTTP has refused the request for that.
            const text: string = answers[0]?.error?.message ?? answers[0]?.result?.content?.[0]?.text ?? "";
            expect(text, wire).not.toBe("");
            expect(text.isWellFormed(), wire).toBe(true);
            expect(text, wire).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
            expect(text.length, wire).toBeLessThan(1_200);
          }
        },
      ),
      { numRuns: LONG ? 500 : 60 },
    );
  }, 90_000);
});

describe("answers that no one asked for, and answers that are no answer", () => {
  const hostile: [string, Json][] = [
    ["a result that is a text", { result: "yes" }],
    ["a result that is null", { result: null }],
    ["a result that is a list", { result: [1] }],
    ["an error that is a text", { error: "no" }],
    ["an error without a code", { error: { message: "no" } }],
    ["an error with a code that is a text", { error: { code: "1", message: "no" } }],
    ["both", { result: {}, error: { code: 1, message: "no" } }],
    ["a key that reaches a prototype", JSON.parse('{"result":{"action":"accept","content":{"__proto__":{"x":1}}}}')],
    ["a lone surrogate", { result: { action: "accept", content: { sure: "\ud800" } } }],
    ["nesting without end", { result: JSON.parse(`${'{"a":'.repeat(200)}1${"}".repeat(200)}`) }],
    ["no jsonrpc", { jsonrpc: undefined, result: { action: "accept", content: { sure: true } } }],
  ];

  describe("stdio-2025", () => {
    let field: Field;
    let calls = 0;
    beforeAll(() => {
      field = startField("stdio", 256);
      field.write(initialize(0, { elicitation: {} }), { jsonrpc: "2.0", method: "notifications/initialized" });
    });
    afterAll(() => field[Symbol.asyncDispose]());

    test.each(hostile)("%s ends the question, and is not answered", async (_title, answer) => {
      const asked = field.lines.all.length;
      calls += 2;
      field.write(toolCall(calls, "ask"));
      const question = await field.lines.next(
        (line) => line.method === "elicitation/create" && field.lines.all.indexOf(line) >= asked,
      );
      // No id that a client would use for its own.
      expect(question.id).not.toEqual(expect.any(Number));
      field.write({ jsonrpc: "2.0", id: question.id, ...answer });
      const result = await field.lines.id(calls);
      expect(result).toMatchObject({ result: { isError: true, _meta: { "offshoot/error": { code: "unanswered" } } } });
      field.write(toolCall(calls + 1, "echo", { text: "x" }));
      await field.lines.id(calls + 1);
      expect(field.lines.all.filter(({ id, method }) => id === question.id && method === undefined)).toEqual([]);
    });
  });

  test("http-2025: a hostile answer ends the question too, and the POST it came in is accepted or refused", async () => {
    await using field = startField("http", 256);
    const url = await field.url();
    for (const [title, answer] of hostile) {
      const headers = await openSession(url, { capabilities: { elicitation: {} } });
      let seen = "";
      const call = send(url, toolCall(1, "ask"), {
        headers,
        onText: (piece) => {
          seen += piece;
        },
      });
      while (!seen.includes("elicitation/create")) await sleep(5);
      const question = JSON.parse(/^data: (.+)$/m.exec(seen)?.[1] as string);
      await send(url, { jsonrpc: "2.0", id: question.id, ...answer }, { headers });
      const { messages } = await call;
      expect(messages.at(-1), title).toMatchObject({
        id: 1,
        result: { isError: true, _meta: { "offshoot/error": { code: "unanswered" } } },
      });
    }
  }, 60_000);

  test.each([["stdio-2025"], ["stdio-2026"]] as const)(
    "%s: answers to no question are logged, and not answered",
    async (wire) => {
      await using field = startField("stdio", 256);
      if (wire === "stdio-2025") field.write(initialize(0), { jsonrpc: "2.0", method: "notifications/initialized" });
      field.write(toolCall(1, "echo", { text: "x" }, metaOf(wire)));
      await field.lines.id(1);
      for (const id of [1, 0, "x", "question-1", null, 1.5, undefined]) {
        field.write({ jsonrpc: "2.0", id, result: {} }, { jsonrpc: "2.0", id, error: { code: -1, message: "no" } });
      }
      field.write(toolCall(2, "echo", { text: "y" }, metaOf(wire)));
      await field.lines.id(2);
      expect(field.lines.all.filter(({ method }) => method === undefined).map(({ id }) => id)).toEqual(
        wire === "stdio-2025" ? [0, 1, 2] : [1, 2],
      );
      await field.until((stderr) => stderr.includes("message refused") || stderr.includes("connection error"));
    },
  );
});

describe("the end of a pipe", () => {
  test.each([
    ["a request", JSON.stringify(toolCall(7, "echo", { text: "last" })), 7],
    ["a broken line", '{"jsonrpc":"2.0","id":7,', null],
    ["bytes that are no text", Buffer.from([0x7b, 0xff, 0xfe]), null],
  ])("%s without a line end, and then the end: answered", async (_title, last, id) => {
    await using field = startField("stdio", 256);
    field.write(initialize(0), { jsonrpc: "2.0", method: "notifications/initialized" });
    await field.lines.id(0);
    field.child.stdin?.end(last);
    expect(await field.exited).toEqual([0, null]);
    expect(field.lines.all.at(-1)).toMatchObject({ id });
  });
});

describe("what is wrong with a request of the SDK's own is said in short", () => {
  test.each(["stdio-2025", "http-2025"] as const)("%s: logging/setLevel and initialize", async (wire) => {
    const speak = speakers.get(wire) as Speak;
    for (const params of [{ level: "nope" }, { level: 1 }, {}, undefined, { level: "__proto__" }]) {
      const { answers } = await speak({ jsonrpc: "2.0", id: 900_000 + ids++, method: "logging/setLevel", params });
      expect(answers).toMatchObject([{ error: { code: -32_602 } }]);
      expect(answers[0].error.message.length).toBeLessThan(200);
    }
    if (wire === "http-2025") return;
    for (const params of [undefined, {}, { protocolVersion: 1 }, { protocolVersion: "2025-11-25", capabilities: {} }]) {
      const { answers } = await speak({ jsonrpc: "2.0", id: 900_000 + ids++, method: "initialize", params });
      expect(answers).toMatchObject([{ error: { code: -32_602 } }]);
    }
  });
});
