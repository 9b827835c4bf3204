// The handshake of the 2025 era with and without its SDK: the same answer, and the same connection after it, also when
// the SDK comes to it late.
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import type { createLab } from "../fixtures/lab.ts";
import type { Json } from "../fixtures/raw.ts";
import { sayToBoth } from "./both.ts";

const counts = { handshakes: 0, straight: 0 };
afterAll(() => {
  process.stdout.write(`handshakes: ${counts.handshakes} compared; ${counts.straight} made a client without an SDK\n`);
  expect(counts.straight).toBeGreaterThan(counts.handshakes / 4);
});

const clientInfo = { name: "raw", version: "1" };
const good = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
const bytes = (...messages: (Json | string)[]): Buffer =>
  Buffer.from(messages.map((one) => `${typeof one === "string" ? one : JSON.stringify(one)}\n`).join(""));
const initialize = (params: Json, id: Json = 0): Json => ({ jsonrpc: "2.0", id, method: "initialize", params });
const initialized = { jsonrpc: "2.0", method: "notifications/initialized" };
const request = (id: Json, method: string, params?: Json): Json => ({ jsonrpc: "2.0", id, method, params });
const call = (id: Json, name: string, args: Json = {}): Json =>
  request(id, "tools/call", { name, arguments: args, _meta: { progressToken: `of ${id}` } });

async function compare(chunks: Buffer[], after?: Parameters<typeof sayToBoth>[1]): Promise<Json[]> {
  const { own, expected } = await sayToBoth([chunks], after);
  expect(own.messages, String(chunks[0])).toEqual(expected.messages);
  expect(own.log).toEqual(expected.log);
  counts.handshakes += 1;
  counts.straight += own.count.straight > 0 ? 1 : 0;
  return own.messages;
}

const CAPABILITIES: Json[] = [
  {},
  { roots: {} },
  { roots: { listChanged: true } },
  { sampling: {} },
  { sampling: { tools: {}, context: {} } },
  { elicitation: {} },
  { elicitation: { form: { applyDefaults: true } } },
  { elicitation: { url: {} } },
  { elicitation: { form: {}, url: {} }, roots: { listChanged: false }, sampling: {} },
  { experimental: { a: {} } },
  { experimental: { a: 1 } },
  { extensions: { "a/b": { c: 1 } } },
  { tasks: {} },
  { unknown: {} },
  { roots: null },
  { roots: [] },
  { elicitation: 1 },
];
const VERSIONS: Json[] = [
  "2025-11-25",
  "2025-06-18",
  "2025-03-26",
  "2024-11-05",
  "2024-10-07",
  "2099-01-01",
  "",
  1,
  null,
];
const CLIENTS: Json[] = [
  clientInfo,
  { name: "", version: "" },
  { ...clientInfo, title: "T", websiteUrl: "https://example.com", description: "d" },
  { ...clientInfo, icons: [{ src: "https://example.com/i.png" }] },
  { ...clientInfo, more: 1 },
  { name: "only" },
  { version: "1" },
  { name: 1, version: "1" },
  {},
  [],
  null,
];

test("every revision, client and capability, good and bad", async () => {
  const variants = [
    ...CAPABILITIES.map((capabilities) => ({ ...good, capabilities })),
    ...VERSIONS.map((protocolVersion) => ({ ...good, protocolVersion })),
    ...CLIENTS.map((client) => ({ ...good, clientInfo: client })),
    { ...good, _meta: {} },
    { ...good, _meta: { progressToken: 1, "a/b": 2 } },
    { ...good, _meta: 1 },
    { ...good, more: 1 },
    { protocolVersion: "2025-11-25" },
    {},
    null,
    undefined,
    [],
  ];
  for (const params of variants)
    await compare([bytes(initialize(params)), bytes(initialized), bytes(call(1, "echo", { text: "x" }))]);
});

const piece = fc.constantFrom<Json>(
  initialize(good),
  initialize({ ...good, capabilities: { elicitation: {} } }, "again"),
  initialize({ ...good, protocolVersion: "2025-03-26" }, 77),
  initialized,
  { ...initialized, params: {} },
  { ...initialized, params: { _meta: {} } },
  { ...initialized, params: { more: 1 } },
  { ...initialized, id: 50 },
  request(51, "ping"),
  request(52, "tools/list"),
  request(53, "logging/setLevel", { level: "error" }),
  request(54, "logging/setLevel", { level: "loud" }),
  request(55, "resources/subscribe", { uri: "lab://nothing" }),
  request(56, "no/such"),
  call(57, "echo", { text: "x" }),
  call(58, "progresses"),
  call(59, "nope"),
  { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 57 } },
  { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "nobody" } },
  { jsonrpc: "2.0", method: "notifications/roots/list_changed" },
  { jsonrpc: "2.0", id: "question-1", result: {} },
  [request(60, "ping"), request(61, "tools/list")],
  "{",
);

test("whatever comes before, with and after it, in any order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 3 }), fc.array(piece, { maxLength: 7 }), async (before, after) => {
      // An id that is in use is refused whatever has it; here none is used twice, so that all of them are answered.
      const used = new Set<unknown>();
      const once = (message: Json): boolean =>
        message?.id === undefined || (!used.has(message.id) && !!used.add(message.id));
      const messages = [...before.slice(0, 1), initialize(good, "the first"), ...before.slice(1), ...after].filter(
        once,
      );
      await compare(messages.map((message) => bytes(message)));
    }),
    { numRuns: process.env.OFFSHOOT_LONG === "1" ? 1_000 : 60 },
  );
});

test("a change of a list is told, before the SDK has come to it and after", async () => {
  const tell = ({ emit }: ReturnType<typeof createLab>): void => {
    const { toolsChanged, resourcesChanged, promptsChanged, resourceUpdated } = emit();
    for (const changed of [toolsChanged, resourcesChanged, promptsChanged, toolsChanged]) changed();
    resourceUpdated("lab://nothing");
  };
  const begin = [bytes(initialize(good)), bytes(initialized)];
  const told = await compare(begin, tell);
  expect(told.flatMap(({ method }) => method ?? [])).toContain("notifications/tools/list_changed");
  await compare([...begin, bytes(request(1, "logging/setLevel", { level: "error" }))], tell);
  // Nobody has said who it is.
  await compare([bytes(request(1, "ping"))], tell);
});

test("a second handshake, after which it may send batches or not", async () => {
  for (const protocolVersion of ["2025-03-26", "2025-06-18"])
    await compare([
      bytes(initialize(good)),
      bytes(initialized),
      bytes(initialize({ ...good, protocolVersion }, "again")),
      bytes(initialized),
      bytes([request(60, "ping"), request(61, "tools/list")]),
      bytes(call(1, "echo", { text: "x" })),
    ]);
});

test("a level counts for the calls that run when it is set", async () => {
  for (const level of ["error", "debug"])
    await compare(
      [
        bytes(initialize(good)),
        bytes(initialized),
        bytes(call(1, "tells_late")),
        bytes(request(2, "logging/setLevel", { level })),
      ],
      ({ release }) => release(),
    );
});

test("log messages go by the level that was set, and until then all of them go", async () => {
  const begin = [bytes(initialize(good)), bytes(initialized), bytes(call(1, "progresses"))];
  const said = await compare(begin);
  expect(said.some(({ method }) => method === "notifications/message")).toBe(true);
  await compare([
    ...begin,
    bytes(request(2, "logging/setLevel", { level: "error" })),
    bytes(call(3, "progresses")),
    bytes(request(4, "logging/setLevel", { level: "debug" })),
    bytes(call(5, "progresses")),
  ]);
});
