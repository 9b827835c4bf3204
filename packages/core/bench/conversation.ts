import assert from "node:assert/strict";
import type { Arm } from "./arms.ts";
import type { Client, Message } from "./client.ts";

/** What a 2026 client puts into every request, and a 2025 client into none. */
export const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** Calls on their way at any moment. */
export const IN_FLIGHT = 16;

const withMeta = (era: Arm["era"], params: object): object => (era === "2026" ? { ...params, _meta: META } : params);

/** The way from nothing to the list of tools, as a client of the arm's era goes it. */
export async function listTools(client: Client, { era, small }: Arm): Promise<void> {
  if (era === "2025") {
    const clientInfo = { name: "bench", version: "1.0.0" };
    await client.request(1, "initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
    client.send({ method: "notifications/initialized" });
  } else {
    await client.request(1, "server/discover", withMeta(era, {}));
  }
  const { tools } = await client.request(2, "tools/list", withMeta(era, {}));
  assert.ok(Array.isArray(tools) && tools.length > 0, "tools/list lists no tool");
  for (const tool of tools) assert.equal(tool.inputSchema.type, "object", `${tool.name} has no input schema`);
  if (small) assert.deepEqual([tools[0].name, tools[0].outputSchema.type], ["repeat_text", "object"]);
}

/** One look at what the load does not touch, so that no arm is fast by leaving it out. */
export async function checkRest(client: Client, { era }: Arm): Promise<void> {
  const { contents } = await client.request(3, "resources/read", withMeta(era, { uri: "small://about" }));
  assert.equal(contents[0].text, "A small server.");
  const { messages } = await client.request(
    4,
    "prompts/get",
    withMeta(era, { name: "greet", arguments: { name: "Ada" } }),
  );
  assert.equal(messages[0].content.text, "Greet Ada.");
}

/**
 * Makes `count` tool calls with ids from `first` on, {@link IN_FLIGHT} at a time. Answers to a chunk of results leave
 * in one write, as a client's do that works through what it has read.
 *
 * @throws when an answer is missing, wrong, or comes twice
 */
export async function callTools(client: Client, { era }: Arm, first: number, count: number): Promise<void> {
  const call = (id: number): object => ({
    id,
    method: "tools/call",
    params: withMeta(era, { name: "repeat_text", arguments: inputOf(id) }),
  });
  const open = new Set<number>();
  let next = first;
  const send = (): void => {
    const requests: object[] = [];
    for (; open.size < IN_FLIGHT && next < first + count; next += 1) {
      open.add(next);
      requests.push(call(next));
    }
    if (requests.length > 0) client.send(...requests);
  };
  const finished = client.receive<void>((messages, done) => {
    for (const message of messages) {
      checkAnswer(message);
      assert.ok(open.delete(message.id as number), `an answer to ${message.id}, which is not open`);
    }
    if (open.size === 0 && next === first + count) done();
    else send();
  });
  send();
  await finished;
}

export const inputOf = (id: number): { text: string; times: number } => ({
  text: `call ${id} of many. `,
  times: (id % 3) + 1,
});

export function checkAnswer({ id, result, error }: Message): void {
  const { text, times } = inputOf(id as number);
  const repeated = text.repeat(times);
  const data = { text: repeated, length: repeated.length };
  // One comparison for what is nearly always right: the client must not be what limits the bench.
  const { structuredContent, content } = result ?? {};
  if (structuredContent?.text === data.text && structuredContent.length === data.length && content?.length === 1) {
    if (content[0].type === "text" && content[0].text === JSON.stringify(data)) return;
  }
  // What the 2026 era adds to every result.
  const { resultType: _t, _meta: _m, ...rest } = result ?? {};
  assert.deepEqual(error ?? rest, {
    content: [{ type: "text", text: JSON.stringify(data) }],
    structuredContent: data,
  });
}
