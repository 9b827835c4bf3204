import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createApp } from "../src/app.ts";
import { quietWire } from "../src/call/wire.ts";
import { announceSunsets, pinsOf } from "../src/config/pins.ts";
import { defineServer, defineTool, fail, type Tool } from "../src/index.ts";
import { createLog } from "../src/telemetry/log.ts";
import { checkServer, connect, readContract, readContractOver, type TestClient, WIRES } from "../src/testing/index.ts";
import { recordVersions } from "../src/testing/record-versions.ts";
import { initialize, type Json, META } from "./fixtures/raw.ts";
import { byId, openApp, openPipe } from "./straight/both.ts";

const folder = mkdtempSync(join(tmpdir(), "offshoot-versions-"));
afterAll(() => rmSync(folder, { recursive: true }));

const text = (what: string) => z.string().describe(what);

/** Greets; it took `name` and answered `text` before it took `names` and answered a list. */
const greetNow = {
  name: "greet",
  title: "Greet",
  description: "Greets people.",
  inputSchema: z.object({ names: z.array(text("One name")).max(3).describe("Names") }),
  outputSchema: z.object({ greetings: z.array(text("One greeting")).describe("One for each name") }),
  annotations: { readOnlyHint: true },
};
const greetThen = {
  name: "greet",
  title: "Greet",
  description: "Greets people.",
  inputSchema: z.object({ name: text("Name"), loud: z.boolean().default(false).describe("In capitals") }),
  outputSchema: z.object({ text: text("Greeting") }),
  annotations: { readOnlyHint: true },
};
const greet = (more: { sunset?: string } = {}) =>
  defineTool({
    ...greetNow,
    handler: ({ names }) => ({ greetings: names.map((name) => `Hello, ${name}!`) }),
    toText: ({ greetings }) => greetings.join("\n"),
    versions: [
      {
        version: "1",
        inputSchema: greetThen.inputSchema,
        outputSchema: greetThen.outputSchema,
        toCurrent({ name, loud }) {
          if (name === "nobody") fail("Nobody cannot be greeted any more. Name someone.", { code: "gone" });
          if (name === "broken") throw new Error("password=secret");
          if (name === "four") return { names: ["a", "b", "c", "d"] };
          return { names: [loud ? name.toUpperCase() : name] };
        },
        fromCurrent: ({ greetings }) => ({ text: greetings[0] ?? "" }),
        ...more,
      },
    ],
  });
const server = (...tools: Tool[]) => defineServer({ name: "greeter", version: "1.0.0", tools });

const callAs = (client: TestClient, version: unknown, input: object, name = "greet"): Promise<Json> =>
  client.request("tools/call", { name, arguments: input, _meta: { "offshoot/version": version } });

describe.each(WIRES)("%s", (wire) => {
  const open = (log?: string[]) => connect(server(greet()), { wire, log, logLevel: log ? "info" : "silent" });

  test("a call that names no version gets the newest, in both channels", async () => {
    const client = await open();
    const { data, text } = await client.call("greet", { names: ["Ada", "Bo"] });
    expect([data, text]).toEqual([{ greetings: ["Hello, Ada!", "Hello, Bo!"] }, "Hello, Ada!\nHello, Bo!"]);
    await client.close();
  });

  test("a call that pins an earlier version is taken and answered as that one was, in both channels", async () => {
    const log: string[] = [];
    const client = await open(log);
    const { content, structuredContent } = await callAs(client, "1", { name: "Ada" });
    expect(structuredContent).toEqual({ text: "Hello, Ada!" });
    expect(content).toEqual([{ type: "text", text: '{"text":"Hello, Ada!"}' }]);
    expect((await callAs(client, "1", { name: "Ada", loud: true })).structuredContent.text).toBe("Hello, ADA!");
    // What clients do to inputs is undone by the schema of then.
    expect((await callAs(client, "1", { name: "Ada", loud: "true" })).structuredContent.text).toBe("Hello, ADA!");
    expect(log.filter((line) => line.includes('"msg":"call"')).every((line) => line.includes('"version":"1"'))).toBe(
      true,
    );
    await client.close();
  });

  test("the current version can be pinned too", async () => {
    const client = await open();
    expect((await callAs(client, "2", { names: ["Ada"] })).structuredContent).toEqual({ greetings: ["Hello, Ada!"] });
    await client.close();
  });

  test("a version that is not there is refused with the names of those there are", async () => {
    const client = await open();
    for (const version of ["3", "", "__proto__", 1, ["1"]]) {
      const { isError, content, _meta } = await callAs(client, version, { name: "Ada" });
      expect(isError).toBe(true);
      expect(content[0].text).toMatch(/There is "2".*earlier "1"/);
      expect(_meta["offshoot/error"]).toEqual({ code: "unknown_version", versions: ["2", "1"] });
    }
    await client.close();
  });

  test("an input that the earlier version refuses is the client's mistake, in the words of that version", async () => {
    const client = await open();
    const { isError, content } = await callAs(client, "1", { names: ["Ada"] });
    expect(isError).toBe(true);
    expect(content[0].text).toMatch(/^Invalid input for greet[\s\S]*name: /);
    await client.close();
  });

  test("a shim that refuses is read by the model; one that breaks is masked and logged", async () => {
    const log: string[] = [];
    const client = await open(log);
    const gone = await callAs(client, "1", { name: "nobody" });
    expect(gone.content[0].text).toBe("Nobody cannot be greeted any more. Name someone.");
    for (const [name, why] of [
      ["broken", "Error"],
      ["four", "toCurrent of version 1 made what inputSchema refuses"],
    ] as const) {
      const { isError, content, _meta } = await callAs(client, "1", { name });
      expect(isError).toBe(true);
      expect(content[0].text).not.toContain("secret");
      expect(content[0].text).not.toContain("names");
      expect(_meta["offshoot/error"].correlationId).toBeTypeOf("string");
      expect(log.some((line) => line.includes(_meta["offshoot/error"].correlationId) && line.includes(why))).toBe(true);
    }
    await client.close();
  });

  test("a list shows the current schemas, and those of the versions that its client speaks", async () => {
    const client = await open();
    const list = async (versions?: unknown): Promise<Json> =>
      (await client.request("tools/list", versions === undefined ? {} : { _meta: { "offshoot/versions": versions } }))
        .tools;
    const [now] = await list();
    expect(Object.keys(now.inputSchema.properties)).toEqual(["names"]);
    expect(now._meta).toEqual({ "offshoot/versions": { current: "2", earlier: [{ version: "1" }] } });
    const [then] = await list({ greet: "1" });
    expect(Object.keys(then.inputSchema.properties)).toEqual(["name", "loud"]);
    expect(Object.keys(then.outputSchema.properties)).toEqual(["text"]);
    await expect(list({ greet: "9" })).rejects.toThrow(/no version 9.*"1"/);
    await expect(list({ nope: "1" })).rejects.toThrow(/nope/);
    await expect(list("1")).rejects.toThrow(/must be an object/);
    await client.close();
  });

  test("a server that pins serves the earlier version to clients that name none, and lists it", async () => {
    const definition = server(greet());
    const client = await connect(definition, { wire, pins: pinsOf(["greet@1"], definition) });
    const [listed] = (await client.tools()) as Json[];
    expect(Object.keys(listed.inputSchema.properties)).toEqual(["name", "loud"]);
    // The SDKs' clients validate what comes against the list.
    expect((await client.call("greet", { name: "Ada" })).data).toEqual({ text: "Hello, Ada!" });
    expect((await callAs(client, "2", { names: ["Ada"] })).structuredContent).toEqual({ greetings: ["Hello, Ada!"] });
    await client.close();
  });

  test("what a running server says of its versions is what its definition says", async () => {
    const definition = server(greet({ sunset: "2027-06-01" }), plain("other"));
    const client = await connect(definition, { wire });
    expect(await readContractOver(client)).toEqual(readContract(definition));
    expect((readContract(definition).tools.greet as Json).versions["1"].sunset).toBe("2027-06-01");
    await client.close();
  });

  test("a version that ends says so in its answers", async () => {
    const client = await connect(server(greet({ sunset: "2027-06-01" })), { wire });
    const { _meta } = await callAs(client, "1", { name: "Ada" });
    expect(_meta["offshoot/version"]).toEqual({ version: "1", sunset: "2027-06-01" });
    await client.close();
  });

  test("a yes to one version's input is none to another's", async () => {
    const questions: string[] = [];
    const drop = defineTool({
      name: "drop",
      title: "Drop",
      description: "Drops a thing.",
      inputSchema: z.object({ id: text("Id"), all: z.boolean().default(true).describe("All of it") }),
      outputSchema: z.object({ dropped: text("What was dropped") }),
      async handler({ id, all }, call) {
        const answer = await call.elicit({ message: `Drop ${id}${all ? " and all" : ""}?`, schema: z.object({}) });
        return { dropped: answer.action === "accept" ? `${id} ${all}` : answer.action };
      },
      versions: [
        {
          version: "1",
          inputSchema: z.object({ id: text("Id") }),
          outputSchema: z.object({ gone: text("What is gone") }),
          toCurrent: ({ id }) => ({ id, all: false }),
          fromCurrent: ({ dropped }) => ({ gone: dropped }),
        },
      ],
    });
    const onElicit = ({ message }: Json) => {
      questions.push(message);
      return { action: "accept", content: {} };
    };
    const client = await connect(server(drop), { wire, onElicit });
    // The client's SDK sends the question's answer with the same `_meta`.
    const asked = wire.endsWith("2026")
      ? await answerByHand(client, { name: "drop", arguments: { id: "a" }, _meta: { "offshoot/version": "1" } })
      : await callAs(client, "1", { id: "a" }, "drop");
    expect(asked.structuredContent).toEqual({ gone: "a false" });
    await client.close();
  });
});

/** Takes a call's question and sends it again with a yes, first as another version. */
async function answerByHand(client: TestClient, params: Json): Promise<Json> {
  const asked: Json = await client.request("tools/call", params);
  if (asked.resultType !== "input_required") return asked;
  const again = {
    ...params,
    requestState: asked.requestState,
    inputResponses: Object.fromEntries(
      Object.keys(asked.inputRequests).map((key) => [key, { action: "accept", content: {} }]),
    ),
  };
  await expect(client.request("tools/call", { ...again, _meta: {} })).rejects.toThrow(/requestState/);
  return client.request("tools/call", again);
}

const plain = (name: string, more: object = {}) =>
  defineTool({
    name,
    title: "Plain",
    description: "Says a word.",
    inputSchema: z.object({}),
    outputSchema: z.object({ word: text("The word") }),
    annotations: { readOnlyHint: true },
    handler: () => ({ word: "yes" }),
    ...more,
  });

test("a tool without versions refuses a pin, and says that it has none", async () => {
  const client = await connect(server(plain("plain")), { wire: "stdio-2026" });
  const { isError, content } = await callAs(client, "1", {}, "plain");
  expect([isError, content[0].text]).toEqual([
    true,
    "plain has no version 1. Nothing was done. It has no versions: leave offshoot/version out.",
  ]);
  await client.close();
});

test("a version that cannot be shown fails after the work is done, and says that it is done", async () => {
  let done = 0;
  const add = defineTool({
    name: "add",
    title: "Add",
    description: "Adds.",
    inputSchema: z.object({}),
    outputSchema: z.object({ kind: text("Kind") }),
    handler: () => {
      done += 1;
      return { kind: "new" };
    },
    versions: [
      {
        version: "1",
        inputSchema: z.object({}),
        outputSchema: z.object({ kind: z.enum(["old"]).describe("Kind") }),
        toCurrent: () => ({}),
        fromCurrent: ({ kind }) =>
          kind === "old" ? { kind: "old" as const } : fail(`Version 1 cannot show ${kind}. Use version 2.`),
      },
    ],
  });
  const client = await connect(server(add), { wire: "stdio-2026" });
  const { content, _meta } = await callAs(client, "1", {}, "add");
  expect(done).toBe(1);
  expect(_meta["offshoot/error"].code).toBe("done_without_result");
  expect(content[0].text).toContain("has done its work");
  await client.close();
});

test.each<[string, object, RegExp]>([
  [
    "toCurrent",
    { toCurrent: async () => Promise.reject(new Error("late")) },
    /toCurrent of version 1 returned a promise/,
  ],
  [
    "fromCurrent",
    { fromCurrent: async () => Promise.reject(new Error("late")) },
    /fromCurrent of version 1 returned a promise/,
  ],
])(
  "a shim is not waited for: a promise from %s is a bug, even where the schema takes any object",
  async (_what, wrong, why) => {
    const loose = z.object({ word: text("Word").optional() });
    const log: string[] = [];
    const find = plain("find", {
      inputSchema: loose,
      outputSchema: loose,
      handler: ({ word }: { word?: string }) => ({ word: `all but ${word}` }),
      versions: [
        { ...shim("1"), inputSchema: loose, outputSchema: loose, toCurrent: (input: object) => input, ...wrong },
      ],
    });
    const client = await connect(server(find), { wire: "stdio-2026", log, logLevel: "error" });
    expect(await callAs(client, "1", { word: "a" }, "find")).toMatchObject({ isError: true });
    expect(log.join()).toMatch(why);
    await client.close();
  },
);

test("a key of one version is not answered with the shape of another, and its work is done once", async () => {
  let paid = 0;
  const pay = defineTool({
    name: "pay",
    title: "Pay",
    description: "Pays.",
    inputSchema: z.object({ cents: z.int().describe("How much"), key: text("Names the payment").optional() }),
    outputSchema: z.object({ receipt: z.int().describe("Receipt") }),
    idempotency: { key: "key" },
    handler: () => {
      paid += 1;
      return { receipt: paid };
    },
    versions: [
      {
        version: "1",
        inputSchema: z.object({ euros: z.int().describe("How much"), request: text("Names the payment") }),
        outputSchema: z.object({ number: text("Receipt") }),
        toCurrent: ({ euros, request }) => ({ cents: euros * 100, key: request }),
        fromCurrent: ({ receipt }) => ({ number: `#${receipt}` }),
      },
    ],
  });
  const client = await connect(server(pay), { wire: "http-2026" });
  const old = { euros: 1, request: "k" };
  for (const _ of [1, 2]) expect((await callAs(client, "1", old, "pay")).structuredContent).toEqual({ number: "#1" });
  const { _meta } = await callAs(client, "2", { cents: 100, key: "k" }, "pay");
  expect([_meta["offshoot/error"].code, paid]).toEqual(["conflict", 1]);
  await client.close();
});

test("pinned calls and lists are the same with and without an SDK, and need none", async () => {
  const frames = [
    { method: "tools/call", params: { name: "greet", arguments: { name: "Ada" }, _meta: { "offshoot/version": "1" } } },
    {
      method: "tools/call",
      params: { name: "greet", arguments: { names: ["Ada"] }, _meta: { "offshoot/version": "2" } },
    },
    {
      method: "tools/call",
      params: { name: "greet", arguments: { name: "four" }, _meta: { "offshoot/version": "1" } },
    },
    { method: "tools/call", params: { name: "greet", arguments: {}, _meta: { "offshoot/version": "9" } } },
    { method: "tools/list", params: { _meta: { "offshoot/versions": { greet: "1" } } } },
    { method: "tools/list", params: { _meta: { "offshoot/versions": { greet: "9" } } } },
  ];
  for (const era of ["2025", "2026"]) {
    const messages = frames.map(({ method, params }, index) => ({
      jsonrpc: "2.0",
      id: index + 1,
      method,
      params: era === "2025" ? params : { ...params, _meta: { ...META, ...params._meta } },
    }));
    const chunks = [...(era === "2025" ? [initialize(0)] : []), ...messages];
    const both = [];
    for (const straight of [true, false]) {
      const { app, count } = openApp(server(greet({ sunset: "2027-06-01" })), straight);
      const pipe = openPipe(app);
      const answers = await pipe.speak(chunks.map((message) => Buffer.from(`${JSON.stringify(message)}\n`)));
      await pipe.connection.close();
      both.push({ answers: byId(answers), straight: count.straight });
    }
    expect(both[0]?.answers).toHaveLength(chunks.length);
    expect(both[0]?.answers).toEqual(both[1]?.answers);
    expect(both.map((one) => one.straight)).toEqual([frames.length, 0]);
  }
});

test.each<[string, object, RegExp]>([
  ["no version in the list", { versions: [] }, /versions is an empty list\. Leave it out, or say/],
  ["two of one name", { versions: [shim("1"), shim("1")] }, /two versions are named "1"/],
  ["the name of the current one", { version: "1", versions: [shim("1")] }, /current one and an earlier one/],
  ["a name with a sign that pins have", { version: "2", versions: [shim("a@b")] }, /a version must be a text/],
  ["names that cannot be counted on", { versions: [shim("2024-01")] }, /Say how the current one is called/],
  ["no shim", { versions: [{ ...shim("1"), toCurrent: undefined }] }, /version 1 has no toCurrent/],
  ["a date that is none", { versions: [{ ...shim("1"), sunset: "2027-02-30" }] }, /sunset must be a day/],
  [
    "a schema without descriptions",
    { versions: [{ ...shim("1"), inputSchema: z.object({ x: z.string() }) }] },
    /version 1 inputSchema.*"x"/,
  ],
])("a definition with %s is refused", (_what, more, message) => {
  expect(() => plain("plain", more)).toThrow(message);
});

function shim(version: string) {
  return {
    version,
    inputSchema: z.object({}),
    outputSchema: z.object({ word: text("Word") }),
    toCurrent: () => ({}),
    fromCurrent: (output: { word: string }) => output,
  };
}

test("types of shims are inferred, and a shim that does not fit its schemas does not compile", () => {
  const options = { ...greetNow, handler: () => ({ greetings: [] }) };
  defineTool({
    ...options,
    versions: [
      {
        version: "2",
        inputSchema: z.object({ who: text("Who") }),
        outputSchema: z.object({ text: text("Greeting") }),
        toCurrent: ({ who }) => ({ names: [who.trim()] }),
        fromCurrent: ({ greetings }) => ({ text: greetings.join() }),
      },
      {
        version: "1",
        inputSchema: greetThen.inputSchema,
        outputSchema: z.object({ length: z.int().describe("Letters") }),
        toCurrent: ({ name, loud }) => ({ names: loud ? [name] : [] }),
        fromCurrent: ({ greetings }) => ({ length: greetings.length }),
      },
    ],
  });
  defineTool({
    ...options,
    versions: [
      {
        version: "1",
        inputSchema: greetThen.inputSchema,
        outputSchema: greetThen.outputSchema,
        // @ts-expect-error the handler takes names
        toCurrent: ({ name }) => ({ name }),
        // @ts-expect-error the earlier version answered with a text
        fromCurrent: ({ greetings }) => ({ text: greetings }),
      },
    ],
  });
});

test("--pin-versions names what there is when it names what is not", () => {
  const definition = server(greet(), plain("plain"));
  expect([...pinsOf(["greet@1"], definition)]).toEqual([["greet", "1"]]);
  const wrong: [string[], RegExp][] = [
    [["greet"], /no tool and version/],
    [["greet@3"], /It has 2, 1/],
    [["nope@1"], /no tool "nope".*greet@2, greet@1/],
    [["plain@1"], /no versions of "plain"/],
    [["greet@1", "greet@2"], /twice/],
  ];
  for (const [texts, why] of wrong) expect(() => pinsOf(texts, definition)).toThrow(why);
});

test("the log says which versions end, and warns when that is near", () => {
  const said: string[] = [];
  const log = {
    info: (_: object, text: string) => said.push(`info ${text}`),
    warn: (_: object, text: string) => said.push(`warn ${text}`),
  };
  const definition = server(greet({ sunset: "2027-06-01" }));
  for (const day of ["2026-06-01", "2027-05-01", "2027-06-02"]) announceSunsets(definition, log, Date.parse(day));
  expect(said).toEqual([
    "info an earlier version ends",
    "warn an earlier version ends",
    "warn an earlier version has reached its end and is still served",
  ]);
});

describe("recorded answers", () => {
  const file = join(folder, "versions.recorded.json");
  const samples = { tools: { greet: { valid: [{ name: "Ada" }, { name: "Bo", loud: true }] } } };
  /** The release before: version 1 was the current one. */
  const before = () =>
    server(
      defineTool({
        ...greetThen,
        version: "1",
        handler: ({ name, loud }) => ({ text: `Hello, ${loud ? name.toUpperCase() : name}!` }),
      }),
    );
  const check = async (made: ReturnType<typeof server>, wire: (typeof WIRES)[number] = "stdio-2025") =>
    (await checkServer({ server: () => made, wire, recorded: file })).find(
      ({ id }) => id === "recorded-versions",
    ) as Json;

  test("what the release before has answered, the shim answers on every wire; without the shim it is red", async () => {
    await recordVersions({ server: before, samples }, file);
    expect(Object.keys(JSON.parse(readFileSync(file, "utf8")))).toEqual(["greet@1"]);
    for (const wire of WIRES) expect(await check(server(greet()), wire)).toMatchObject({ status: "passed" });
    const gone = await check(
      server(defineTool({ ...greetNow, version: "2", handler: ({ names }) => ({ greetings: names }) })),
    );
    expect(gone).toMatchObject({ status: "failed", message: expect.stringMatching(/greet has no version 1 any more/) });
  });

  test("an answer that differs in one byte is red", async () => {
    const recorded = JSON.parse(readFileSync(file, "utf8"));
    recorded["greet@1"][0].answer.content[0].text = '{"text": "Hello, Ada!"}';
    writeFileSync(file, JSON.stringify(recorded));
    expect(await check(server(greet()))).toMatchObject({
      status: "failed",
      message: expect.stringMatching(/byte for byte/),
    });
  });

  const call = { name: "greet", version: "1", arguments: { name: "Ada" } };
  test.each<[string, unknown]>([
    ["nothing", {}],
    ["an empty session", { "greet@1": [] }],
    ["no answer", { "greet@1": [call] }],
    ["only another version's answer", { "greet@1": [{ ...call, version: "2", answer: {} }] }],
    ["no session", { "greet@1": 1 }],
    ["no object", null],
  ])("an earlier version of which %s is recorded is red", async (_what, recorded) => {
    writeFileSync(file, JSON.stringify(recorded));
    expect(await check(server(greet()))).toMatchObject({
      status: "failed",
      message: expect.stringMatching(/`npx vitest run --mode record`/),
    });
  });

  test("answers that are never the same twice are not recorded", async () => {
    let count = 0;
    const handler = () => {
      count += 1;
      return { word: String(count) };
    };
    const counts = () => server(plain("count", { version: "1", handler }));
    await expect(
      recordVersions({ server: counts, samples: { tools: { count: { valid: [{}] } } } }, file),
    ).rejects.toThrow(/count@1 does not answer the same/);
  });
});

test("without a pin, a call never loads what versions need", async () => {
  const app = createApp(server(greet()), { log: createLog("silent") });
  const call = app.methods.get("tools/call") as NonNullable<ReturnType<typeof app.methods.get>>;
  expect(await call({ name: "greet", arguments: { names: [] } }, quietWire())).toMatchObject({
    structuredContent: { greetings: [] },
  });
});
