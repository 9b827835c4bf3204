import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createApp } from "../src/app.ts";
import { createUsedStates } from "../src/call/asking/used-states.ts";
import { type ClientRequest, quietWire, type WireRequest } from "../src/call/wire.ts";
import { type CallContext, defineServer, defineTool } from "../src/index.ts";
import { createLog } from "../src/telemetry/log.ts";
import { connect, WIRES } from "../src/testing/index.ts";

const Sure = z.object({ sure: z.boolean().describe("Whether to do it") });
const Said = z.object({ text: z.string().describe("What came of it") });

function serverWith(ask: (call: CallContext) => Promise<unknown>, more: object = {}) {
  const handler = async (_input: unknown, call: CallContext) => ({ text: JSON.stringify(await ask(call)) });
  const tool = { name: "ask", title: "Ask", description: "Asks.", inputSchema: z.object({}), outputSchema: Said };
  return defineServer({ name: "asking", version: "1.0.0", tools: [defineTool({ ...tool, handler, ...more })] });
}

/** One request of a client that answers by hand, without an SDK between. */
const requestOf = (changes: Partial<WireRequest>): WireRequest =>
  quietWire({ asks: { elicitation: true, sampling: true, roots: true }, ...changes });

// biome-ignore lint/suspicious/noExplicitAny: results of either shape
async function callOf(server: ReturnType<typeof serverWith>): Promise<(wire: Partial<WireRequest>) => Promise<any>> {
  const app = createApp(server, { log: createLog("silent") });
  return (wire) =>
    (app.methods.get("tools/call") as NonNullable<ReturnType<typeof app.methods.get>>)(
      { name: "ask" },
      requestOf(wire),
    );
}

describe.each(WIRES)("%s", (wire) => {
  test("questions asked together are answered in one round", async () => {
    let runs = 0;
    const server = serverWith((call) => {
      runs += 1;
      return Promise.all(["one", "two"].map((message) => call.elicit({ message, schema: Sure })));
    });
    const asked: unknown[] = [];
    const onElicit = ({ message }: Record<string, unknown>) => {
      asked.push(message);
      return { action: "accept", content: { sure: message === "two" } };
    };
    const client = await connect(server, { wire, onElicit });
    expect(JSON.parse((await client.call("ask")).data.text)).toEqual([
      { action: "accept", content: { sure: false } },
      { action: "accept", content: { sure: true } },
    ]);
    expect(asked.sort()).toEqual(["one", "two"]);
    expect(runs).toBe(2);
    await client.close();
  });

  test("an answer belongs to its question, also when the handler skips one on its second run", async () => {
    let exists = true;
    const server = serverWith(async (call) => {
      if (exists) await call.elicit({ message: "Overwrite the file?", schema: Sure });
      return await call.elicit({ message: "Delete the folder?", schema: Sure });
    });
    const onElicit = ({ message }: Record<string, unknown>) => {
      exists = false;
      return message === "Overwrite the file?" ? { action: "accept", content: { sure: true } } : { action: "decline" };
    };
    const client = await connect(server, { wire, onElicit });
    expect(JSON.parse((await client.call("ask")).data.text)).toEqual({ action: "decline" });
    await client.close();
  });

  test("a question that is put in other words each time ends", async () => {
    let asked = 0;
    const server = serverWith((call) => call.elicit({ message: `Sure? ${performance.now()}`, schema: Sure }));
    const onElicit = () => {
      asked += 1;
      return { action: "decline" };
    };
    const client = await connect(server, { wire, onElicit });
    const result = await client.call("ask").catch((error: unknown) => error as Error);
    expect(result).toMatchObject("isError" in result ? { isError: true } : { name: expect.any(String) });
    expect(asked).toBeLessThanOrEqual(10);
    await client.close();
  });

  test("a tool that needs a capability is refused with its name before it runs", async () => {
    let runs = 0;
    const server = serverWith(async () => (runs += 1), { requiredCapabilities: ["elicitation", "sampling"] });
    const client = await connect(server, { wire, onElicit: () => ({ action: "decline" }) });
    await expect(client.call("ask")).rejects.toMatchObject({
      code: -32_021,
      data: { requiredCapabilities: { sampling: {} } },
    });
    expect(runs).toBe(0);
    await client.close();
  });

  test("a form says only what clients understand", async () => {
    const titled = (value: string) => z.literal(value).meta({ title: value.toUpperCase() });
    const schema = z.object({
      id: z.uuid().describe("Id"),
      mail: z.email().optional().describe("Mail address"),
      count: z.int().min(1).max(9).default(3).describe("How many"),
      share: z.number().positive().max(1).default(0.5).describe("Share"),
      size: z
        .union([titled("s"), titled("m")])
        .default("m")
        .describe("Size"),
      colours: z.array(z.union([titled("red"), titled("blue")])).describe("Colours"),
    });
    let form: unknown;
    const onElicit = ({ requestedSchema }: Record<string, unknown>) => {
      form = requestedSchema;
      return { action: "accept", content: { id: "no uuid", count: 3, share: 0.5, size: "m", colours: ["red"] } };
    };
    const client = await connect(
      serverWith((call) => call.elicit({ message: "Which?", schema })),
      { wire, onElicit },
    );
    const result = await client.call("ask");
    expect(form).toEqual({
      type: "object",
      properties: {
        id: { type: "string", description: "Id" },
        mail: { type: "string", description: "Mail address", format: "email" },
        count: { type: "integer", description: "How many", default: 3, minimum: 1, maximum: 9 },
        share: { type: "number", description: "Share", default: 0.5, maximum: 1 },
        size: {
          type: "string",
          description: "Size",
          default: "m",
          oneOf: [
            { const: "s", title: "S" },
            { const: "m", title: "M" },
          ],
        },
        colours: {
          type: "array",
          description: "Colours",
          items: {
            anyOf: [
              { const: "red", title: "RED" },
              { const: "blue", title: "BLUE" },
            ],
          },
        },
      },
      required: ["id", "colours"],
    });
    // What the form could not say is checked all the same.
    expect(result).toMatchObject({ isError: true, text: expect.stringMatching(/does not fit[\s\S]*id:/) });
    await client.close();
  });

  test("a question that no form can put is not put", async () => {
    const log: string[] = [];
    const schema = z.object({ who: z.object({ name: z.string().describe("Name") }).describe("Who") });
    let asked = 0;
    const onElicit = () => {
      asked += 1;
      return { action: "decline" };
    };
    const client = await connect(
      serverWith((call) => call.elicit({ message: "Who?", schema })),
      { wire, onElicit, log },
    );
    expect(await client.call("ask")).toMatchObject({ isError: true });
    expect(asked).toBe(0);
    expect(log.join("")).toMatch(/no place for the field \\"who\\"/);
    await client.close();
  });
});

describe("without an SDK", () => {
  test("a question has the name that the handler gives it", async () => {
    const call = await callOf(
      serverWith((call) => Promise.all([call.elicit({ key: "sure", message: "?", schema: Sure }), call.roots()])),
    );
    const { resultType, inputRequests } = await call({});
    expect(resultType).toBe("input_required");
    expect(Object.keys(inputRequests)).toEqual(["sure", "q1"]);
  });

  test("a client is asked only for what it declared", async () => {
    const call = await callOf(
      serverWith((call) =>
        Promise.all([
          call.elicit({ message: "?", schema: Sure }),
          call.sample({ messages: [], maxTokens: 1 }),
          call.roots(),
        ]),
      ),
    );
    const { inputRequests } = await call({ asks: { elicitation: false, sampling: true, roots: false } });
    expect(Object.values(inputRequests).map((request) => (request as ClientRequest).method)).toEqual([
      "sampling/createMessage",
    ]);
  });

  const roots = [{ uri: "file:///home", name: "home" }, { name: "no uri" }, null];
  test.each([
    ["2025", { era: "2025" as const, ask: async () => ({ roots }) }],
    ["2026", {}],
  ])("roots come well-formed in the %s era", async (_era, wire: Partial<WireRequest>) => {
    const call = await callOf(serverWith((call) => call.roots()));
    const first = await call(wire);
    const result =
      first.requestState === undefined
        ? first
        : await call({ requestState: first.requestState, answers: { q0: { roots } } });
    expect(JSON.parse(result.structuredContent.text)).toEqual({
      action: "answered",
      roots: [{ uri: "file:///home", name: "home" }],
    });
  });

  test("answers without the requestState that was sealed for them count for nothing", async () => {
    const call = await callOf(serverWith((call) => call.elicit({ message: "?", schema: Sure })));
    expect(await call({ answers: { q0: { action: "accept", content: { sure: true } } } })).toMatchObject({
      resultType: "input_required",
    });
  });
});

test("a client that promised to ask and answers with an error is no bug of the server's", async () => {
  const call = await callOf(serverWith(({ elicit }) => elicit({ message: "Sure?", schema: Sure })));
  const result = await call({ era: "2025", ask: () => Promise.reject(new Error("-32601 at /home/u")) });
  expect(result).toMatchObject({
    isError: true,
    content: [{ text: expect.stringMatching(/^The client could not get an answer/) }],
  });
  expect(JSON.stringify(result)).not.toContain("/home");
});

test("the context's functions work when a handler takes them out of it", async () => {
  const call = await callOf(
    serverWith(async ({ progress, notify, elicit, sample, roots }) => {
      progress(1);
      notify("info", "x");
      const answers = [
        await elicit({ message: "Sure?", schema: Sure }),
        await sample({ messages: [], maxTokens: 1 }),
        await roots(),
      ];
      return answers.map(({ action }) => action);
    }),
  );
  const result = await call({ asks: { elicitation: false, sampling: false, roots: false } });
  expect(result.structuredContent).toEqual({ text: '["unavailable","unavailable","unavailable"]' });
});

describe("an answer is used once", () => {
  const asking = () => {
    const done: string[] = [];
    const server = serverWith(async (call) => {
      const answer = await call.elicit({ message: "Delete it?", schema: Sure });
      if (answer.action === "accept") done.push("deleted");
      return answer;
    });
    return { server, done };
  };
  const yes = { q0: { action: "accept", content: { sure: true } } };

  test("the same approval again deletes nothing again, also at the same time", async () => {
    const { server, done } = asking();
    const call = await callOf(server);
    const { requestState } = await call({});
    const answers = await Promise.allSettled([1, 2, 3].map(() => call({ requestState, answers: yes })));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await expect(call({ requestState, answers: yes })).rejects.toMatchObject({ code: -32_602 });
    expect(done).toEqual(["deleted"]);
  });

  test("two users who are asked the same at the same moment each have their say", async () => {
    const { server, done } = asking();
    const call = await callOf(server);
    const asked = await Promise.all([call({}), call({})]);
    for (const { requestState } of asked) await call({ requestState, answers: yes });
    expect(done).toEqual(["deleted", "deleted"]);
  });

  test("a call that was turned away before its handler ran may come again with its answers", async () => {
    const { server, done } = asking();
    const call = await callOf(server);
    const { requestState } = await call({});
    const gone = new AbortController();
    gone.abort();
    await call({ requestState, answers: yes, signal: gone.signal }).catch(() => {});
    expect(done).toEqual([]);
    await call({ requestState, answers: yes });
    expect(done).toEqual(["deleted"]);
  });

  test("whatever is forgotten to save memory counts as used", async () => {
    let now = 0;
    const used = createUsedStates(() => now, 3);
    expect(["a", "b", "c", "d"].map((id, at) => used.take(id, 100 + at))).toEqual([true, true, true, true]);
    expect(["a", "b", "c", "d"].map((id, at) => used.take(id, 100 + at))).toEqual([false, false, false, false]);
    expect(used.take("e", 200)).toBe(true);
    now = 500;
    expect(used.take("f", 1_000)).toBe(true);
  });
});
