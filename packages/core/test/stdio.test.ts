// What a client can do to the stdio wire byte by byte. After each refusal a normal call must succeed.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createLab } from "./fixtures/lab.ts";
import { initialize, META, rawConnection, toolCall } from "./fixtures/raw.ts";

const lines = (log: string[]) => log.map((line) => JSON.parse(line) as Record<string, unknown>);

/** A connection on which a 2025 client has said hello. */
async function opened(options: Parameters<typeof rawConnection>[1] = {}) {
  const lab = createLab();
  const raw = rawConnection(lab.server, options);
  raw.write(initialize(0), { jsonrpc: "2.0", method: "notifications/initialized" });
  await raw.lines.id(0);
  const alive = async (): Promise<void> => {
    raw.write(toolCall("alive", "echo", { text: "alive" }));
    expect(await raw.lines.id("alive")).toMatchObject({ result: { structuredContent: { text: "alive" } } });
  };
  return { ...raw, lab, alive };
}

describe("a malformed line, batch, fractional id, id above 2^53 on stdio: an answer, one log line, and serving goes on", () => {
  const cases: [title: string, line: string | Buffer, code: number, id: string | number | null, reason: string][] = [
    ["a word", "hello", -32_700, null, "parse"],
    ["half a message", '{"jsonrpc":"2.0","id":5,', -32_700, null, "parse"],
    ["null", "null", -32_600, null, "invalid_request"],
    ["a number", "42", -32_600, null, "invalid_request"],
    ["a string", '"x"', -32_600, null, "invalid_request"],
    ["no jsonrpc", '{"id":7,"method":"server/discover"}', -32_600, 7, "invalid_request"],
    ["jsonrpc 1.0", '{"jsonrpc":"1.0","id":7,"method":"tools/list"}', -32_600, 7, "invalid_request"],
    [
      "members in capitals",
      '{"jsonrpc":"2.0","ID":1,"Method":"tools/call","params":{"name":"echo"}}',
      -32_600,
      null,
      "invalid_request",
    ],
    ["a batch", '[{"jsonrpc":"2.0","id":7,"method":"tools/list"}]', -32_600, null, "invalid_request"],
    ["a fractional id", '{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}', -32_600, null, "invalid_request"],
    [
      "an id above 2^53",
      '{"jsonrpc":"2.0","id":9007199254740993,"method":"tools/list"}',
      -32_600,
      null,
      "invalid_request",
    ],
    [
      "params that are a list",
      '{"jsonrpc":"2.0","id":7,"method":"tools/list","params":[]}',
      -32_602,
      7,
      "invalid_params",
    ],
    [
      "a __proto__ key",
      '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"text":"x","__proto__":{"polluted":1}}}}',
      -32_602,
      7,
      "invalid_params",
    ],
    [
      "a constructor.prototype key",
      '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"constructor":{"prototype":{"p":1}}}}}',
      -32_602,
      7,
      "invalid_params",
    ],
    [
      "200 000 nested lists",
      `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":${"[".repeat(200_000)}${"]".repeat(200_000)}}}`,
      -32_602,
      7,
      "invalid_params",
    ],
    [
      "a lone surrogate",
      '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"text":"\\ud800"}}}',
      -32_602,
      7,
      "invalid_params",
    ],
    ["bytes that are no UTF-8", Buffer.from([0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x0a]), -32_700, null, "parse"],
  ];
  test.each(cases)("%s", async (_title, line, code, id, reason) => {
    const raw = await opened();
    raw.write(line);
    expect(await raw.lines.next((answer) => answer.error?.code === code)).toMatchObject({
      jsonrpc: "2.0",
      id,
      error: { message: expect.any(String) },
    });
    expect(lines(raw.log).filter((entry) => entry.msg === "message refused")).toMatchObject([{ reason }]);
    await raw.alive();
    expect(raw.lab.events).toEqual(["echo alive"]);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    await raw.connection.close();
  });

  test("a flood of garbage is answered but logged only to a limit", async () => {
    const raw = await opened();
    raw.write(...Array.from({ length: 300 }, () => "garbage"));
    await raw.alive();
    expect(lines(raw.log).filter(({ msg }) => String(msg).startsWith("message refused"))).toHaveLength(100);
    await raw.connection.close();
  });
});

test("a byte order mark, CRLF and empty lines are no errors", async () => {
  const raw = await opened();
  raw.write(Buffer.from(`\uFEFF${JSON.stringify(toolCall(1, "echo", { text: "a\u0000b" }))}\r\n\r\n\n`));
  expect(await raw.lines.id(1)).toMatchObject({ result: { structuredContent: { text: "a\u0000b" } } });
  expect(raw.log.filter((line) => line.includes("refused"))).toEqual([]);
  await raw.connection.close();
});

test("a message that arrives byte by byte is one message", async () => {
  const raw = await opened();
  for (const byte of Buffer.from(`${JSON.stringify(toolCall(1, "echo", { text: "ä€𐍈" }))}\n`))
    raw.write(Buffer.from([byte]));
  expect(await raw.lines.id(1)).toMatchObject({ result: { structuredContent: { text: "ä€𐍈" } } });
  await raw.connection.close();
});

test("a line over 10 MiB on stdio is refused with a reason at 4 MiB, without holding it, and the next line is served", async () => {
  const raw = await opened();
  const piece = Buffer.alloc(1_048_576, "x");
  for (let part = 0; part < 12; part += 1) raw.write(piece);
  raw.write("");
  expect(await raw.lines.next((answer) => answer.error?.code === -32_600)).toMatchObject({
    id: null,
    error: { message: expect.stringContaining("4194304 bytes") },
  });
  await raw.alive();
  await raw.connection.close();
});

test("two in-flight requests with one id: the second is refused, the first answered", async () => {
  const raw = await opened();
  raw.write(toolCall(1, "slow", { ms: 100 }), toolCall(1, "echo", { text: "second" }));
  const answers = [
    await raw.lines.next((line) => line.id === 1 && line.error),
    await raw.lines.next((line) => line.id === 1 && line.result),
  ];
  expect(answers).toMatchObject([
    { error: { code: -32_600, message: expect.stringMatching(/Duplicate id/) } },
    { result: { structuredContent: {} } },
  ]);
  expect(raw.lab.events).not.toContain("echo second");
  raw.write(toolCall(1, "echo", { text: "free again" }));
  await raw.lines.next((line) => line.result?.structuredContent?.text === "free again");
  await raw.connection.close();
});

test.each(["admin", '"; DROP TABLE notes;--', 'x\n{"level":"error","msg":"forged"}'])(
  "what a client calls itself (%j) decides nothing and stays inside its field of the log",
  async (name) => {
    const lab = createLab();
    const raw = rawConnection(lab.server);
    const hello = initialize(0);
    hello.params.clientInfo.name = name;
    raw.write(hello, { jsonrpc: "2.0", method: "notifications/initialized" }, toolCall(1, "echo", { text: "x" }));
    expect(await raw.lines.id(1)).toMatchObject({ result: { structuredContent: { text: "x" } } });
    expect(lines(raw.log).filter(({ msg }) => msg === "call")).toMatchObject([{ client: name, caller: "local" }]);
    await raw.connection.close();
  },
);

test("a key that occurs twice counts as its last value, for the check and for the call", async () => {
  const raw = await opened();
  raw.write(
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"throws_secret","name":"echo","arguments":{"text":"last"}}}',
  );
  expect(await raw.lines.id(1)).toMatchObject({ result: { structuredContent: { text: "last" } } });
  await raw.connection.close();
});

test("cancelling what is unknown or finished is ignored without a flood", async () => {
  const raw = await opened();
  for (const requestId of [99, "never", null, { a: 1 }])
    raw.write({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } });
  await raw.alive();
  expect(raw.log.length).toBeLessThan(8);
  await raw.connection.close();
});

describe.each([
  ["2025", undefined],
  ["2026", META],
] as const)("%s", (_era, meta) => {
  test("a cancel in the same chunk as its request stops the handler before it starts", async () => {
    const lab = createLab();
    const own = rawConnection(lab.server);
    if (meta === undefined) {
      own.write(initialize(0), { jsonrpc: "2.0", method: "notifications/initialized" });
      await own.lines.id(0);
    }
    own.write(toolCall(1, "echo", { text: "never" }, meta), {
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId: 1, ...(meta && { _meta: meta }) },
    });
    own.write(toolCall(2, "echo", { text: "after" }, meta));
    await own.lines.id(2);
    expect(lab.events).toEqual(["echo after"]);
    await own.connection.close();
  });

  test("10,000 calls at once: every id is answered once, what does not fit is refused, and the rest runs within the limit", async () => {
    const lab = createLab();
    const raw = rawConnection(lab.server, { initialRunning: 8, minRunning: 8, maxRunning: 8, maxWaiting: 100 });
    if (meta === undefined) {
      raw.write(initialize(0), { jsonrpc: "2.0", method: "notifications/initialized" });
      await raw.lines.id(0);
    }
    const most = { running: 0, waiting: 0 };
    const watch = setInterval(() => {
      const { running, waiting } = raw.app.gate;
      Object.assign(most, { running: Math.max(most.running, running), waiting: Math.max(most.waiting, waiting) });
    }, 1);
    raw.write(...Array.from({ length: 10_000 }, (_item, index) => toolCall(index + 1, "slow", { ms: 5 }, meta)));
    await raw.lines.count((meta === undefined ? 1 : 0) + 10_000);
    clearInterval(watch);
    const answers = raw.lines.all.filter(({ id }) => typeof id === "number" && id > 0);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(10_000);
    expect(answers).toHaveLength(10_000);
    const refused = answers.filter(({ error }) => error !== undefined);
    expect(refused.length).toBeGreaterThan(0);
    expect(lab.events.filter((event) => event === "slow done")).toHaveLength(10_000 - refused.length);
    for (const { error } of refused)
      expect(error).toMatchObject({ code: 4290, data: { retryAfterMs: expect.any(Number) } });
    expect(most.running).toBe(8);
    // As many as get a place within the wait, but no fewer than twice the limit and no more than may.
    expect(most.waiting).toBeGreaterThanOrEqual(16);
    expect(most.waiting).toBeLessThanOrEqual(100);
    await raw.connection.close();
  }, 30_000);
});

test("a client that does not read: nothing new is begun while answers pile up", async () => {
  const lab = createLab();
  const raw = rawConnection(lab.server);
  raw.output.pause();
  raw.output.removeAllListeners("data");
  raw.write(initialize(0), { jsonrpc: "2.0", method: "notifications/initialized" });
  raw.write(...Array.from({ length: 100 }, (_item, index) => toolCall(index + 1, "big", { bytes: 1_000_000 })));
  await sleep(300);
  // Two turns of 16: the stream in this process takes the first whole, whatever its size. The rest has not been made.
  expect(raw.output.writableLength + raw.output.readableLength).toBeLessThan(36_000_000);
  raw.output.on("data", (chunk: string) => raw.lines.take(chunk)).resume();
  const answers = await Promise.all(Array.from({ length: 100 }, (_item, index) => raw.lines.id(index + 1)));
  expect(answers.filter(({ error }) => error !== undefined)).toEqual([]);
  await raw.connection.close();
});

describe("the era of a connection", () => {
  test("initialize after server/discover on one pipe is served: a client may probe first", async () => {
    const raw = rawConnection(createLab().server);
    raw.write({ jsonrpc: "2.0", id: 1, method: "server/discover", params: { _meta: META } });
    expect(await raw.lines.id(1)).toMatchObject({ result: { supportedVersions: ["2026-07-28"] } });
    raw.write(
      initialize(2),
      { jsonrpc: "2.0", method: "notifications/initialized" },
      toolCall(3, "echo", { text: "2025" }),
    );
    expect(await raw.lines.id(2)).toMatchObject({ result: { protocolVersion: "2025-11-25" } });
    expect(await raw.lines.id(3)).toMatchObject({ result: { structuredContent: { text: "2025" } } });
    await raw.connection.close();
  });

  test("a 2026 request needs no handshake, and one without its capabilities is -32602", async () => {
    const raw = rawConnection(createLab().server);
    raw.write(toolCall(1, "echo", { text: "2026" }, META));
    expect(await raw.lines.id(1)).toMatchObject({
      result: { resultType: "complete", structuredContent: { text: "2026" } },
    });
    raw.write(toolCall(2, "echo", { text: "x" }, { "io.modelcontextprotocol/protocolVersion": "2026-07-28" }));
    expect(await raw.lines.id(2)).toMatchObject({ error: { code: -32_602 } });
    await raw.connection.close();
  });

  test("an unknown method is -32601 in both", async () => {
    const raw = await opened();
    raw.write(
      { jsonrpc: "2.0", id: 1, method: "no/such" },
      { jsonrpc: "2.0", id: 2, method: "no/such", params: { _meta: META } },
    );
    expect(await raw.lines.id(1)).toMatchObject({ error: { code: -32_601 } });
    expect(await raw.lines.id(2)).toMatchObject({ error: { code: -32_601 } });
    await raw.connection.close();
  });
});

describe("a requestState is the server's own, or nothing happens", () => {
  const withAsking = { ...META, "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {} } } };
  const ask = async () => {
    const lab = createLab();
    const raw = rawConnection(lab.server);
    raw.write(toolCall(1, "remove", { id: "n1" }, withAsking));
    const { result } = await raw.lines.id(1);
    expect(result).toMatchObject({
      resultType: "input_required",
      inputRequests: { q0: { method: "elicitation/create" } },
    });
    const retry = async (id: number, changes: { requestState?: string; name?: string; arguments?: object } = {}) => {
      const { requestState = result.requestState, ...params } = changes;
      raw.write({
        jsonrpc: "2.0",
        id,
        method: "tools/call",
        params: {
          name: "remove",
          arguments: { id: "n1" },
          ...params,
          requestState,
          inputResponses: { q0: { action: "accept", content: { sure: true } } },
          _meta: withAsking,
        },
      });
      return raw.lines.id(id);
    };
    return { lab, raw, retry, requestState: result.requestState as string };
  };

  test("as it was sent, with the answer, it completes the call", async () => {
    const { lab, raw, retry } = await ask();
    expect(await retry(2)).toMatchObject({ result: { structuredContent: { text: "removed: true" } } });
    expect(lab.events).toContain("removed n1");
    await raw.connection.close();
  });

  test.each([
    [
      "with one bit changed",
      (state: string) => ({ requestState: `${state.slice(0, 10)}${state[10] === "A" ? "B" : "A"}${state.slice(11)}` }),
    ],
    [
      "with its last character changed",
      (state: string) => ({ requestState: `${state.slice(0, -1)}${state.endsWith("A") ? "B" : "A"}` }),
    ],
    ["without its seal", (state: string) => ({ requestState: state.split(".")[0] as string })],
    ["for another tool", () => ({ name: "echo", arguments: { text: "x" } })],
    ["for another input", () => ({ arguments: { id: "n2" } })],
    ["made up", () => ({ requestState: "e30.e30" })],
    ["that is a number", () => ({ requestState: 7 as never })],
    ["that is an object", () => ({ requestState: { toString: 1 } as never })],
  ])("%s it is refused", async (_how, change) => {
    const { lab, raw, retry, requestState } = await ask();
    expect(await retry(2, change(requestState))).toMatchObject({
      error: { code: -32_602, data: { reason: "invalid_request_state" } },
    });
    expect(lab.events.filter((event) => event.startsWith("removed") || event.startsWith("echo"))).toEqual([]);
    await raw.connection.close();
  });
});

describe("the envelope of every 2026 request is checked, and not only of the first", () => {
  const version = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };
  test.each([
    ["without capabilities", version],
    ["with capabilities that are none", { ...META, "io.modelcontextprotocol/clientCapabilities": "all" }],
    ["with a client that is none", { ...META, "io.modelcontextprotocol/clientInfo": { name: 1 } }],
    ["with a log level that is none", { ...META, "io.modelcontextprotocol/logLevel": "loud" }],
  ])("%s it is refused", async (_what, meta) => {
    const lab = createLab();
    const raw = rawConnection(lab.server);
    raw.write(toolCall(1, "echo", { text: "one" }, META));
    expect(await raw.lines.id(1)).toMatchObject({ result: { resultType: "complete" } });
    raw.write(toolCall(2, "echo", { text: "two" }, meta));
    expect(await raw.lines.id(2)).toMatchObject({ error: { code: -32_602 } });
    expect(lab.events).not.toContain("echo two");
    await raw.connection.close();
  });
});
