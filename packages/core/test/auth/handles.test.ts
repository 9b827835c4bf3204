// What a caller holds of a server (a session, a question) cannot be guessed from one's own, nor used with a character changed.
import { expect, onTestFinished, test } from "vitest";
import { initialize, META, toolCall } from "../fixtures/raw.ts";
import { bearer, openServer, send } from "./endpoint.ts";
import { startIssuer } from "./issuer.ts";

async function open() {
  const issuer = await startIssuer();
  const server = await openServer({ auth: "oauth", authIssuer: issuer.url });
  onTestFinished(async () => {
    await server.close();
    issuer.close();
  });
  return { server, as: async (sub: string) => bearer(await issuer.sign({ claims: { sub } }, server.url)) };
}

test("a session's id is 128 random bits; its neighbours and every change of a character are no session", async () => {
  const { server, as } = await open();
  const ada = await as("ada");
  const ids = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const { headers } = await send(server.endpoint, { headers: [ada], body: initialize(0) });
      return headers["mcp-session-id"] as string;
    }),
  );
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  // Bits that were the same in all of fifty would be none.
  for (let bit = 0n; bit < 128n; bit += 1n)
    expect(new Set(ids.map((id) => (BigInt(`0x${id}`) >> bit) & 1n)).size).toBe(2);
  const [mine = ""] = ids;
  const status = async (id: string) =>
    (await send(server.endpoint, { headers: [["mcp-session-id", id], ada], body: toolCall(1, "guarded", {}) })).status;
  expect(await status(mine)).toBe(200);
  const near = [1n, -1n].map((step) => (BigInt(`0x${mine}`) + step).toString(16).padStart(32, "0"));
  const changed = [...mine].map((char, at) => mine.slice(0, at) + (char === "0" ? "1" : "0") + mine.slice(at + 1));
  for (const id of [...near, ...changed, mine.toUpperCase(), mine.slice(1), `${mine}0`])
    if (id !== mine) expect([id, await status(id)]).toEqual([id, 404]);
});

test("a question's state is refused with any character changed, and nothing runs", async () => {
  const { server, as } = await open();
  const asking = { ...META, "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {} } } };
  const headers: [string, string][] = [
    ["mcp-protocol-version", "2026-07-28"],
    ["mcp-method", "tools/call"],
    ["mcp-name", "remove"],
    await as("ada"),
  ];
  const first = toolCall(1, "remove", { id: "n1" }, asking);
  const { requestState, inputRequests } = (await send(server.endpoint, { headers, body: first })).json.result;
  const [key = ""] = Object.keys(inputRequests);
  const answer = { [key]: { action: "accept", content: { sure: true } } };
  const retry = async (state: string) => {
    const body = { ...first, params: { ...first.params, requestState: state, inputResponses: answer } };
    return (await send(server.endpoint, { headers, body })).json.error?.code;
  };
  const before = server.lab.events.filter((event) => event === "remove n1").length;
  for (let at = 0; at < requestState.length; at += 3) {
    const other = requestState[at] === "A" ? "B" : "A";
    expect([at, await retry(requestState.slice(0, at) + other + requestState.slice(at + 1))]).toEqual([at, -32_602]);
  }
  expect(server.lab.events.filter((event) => event === "remove n1")).toHaveLength(before);
  expect(await retry(requestState)).toBeUndefined();
});
