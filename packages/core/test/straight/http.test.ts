// The same requests over HTTP through the straight path and through the SDKs: the same status, headers, messages, log.
import { Agent } from "node:http";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { serveHttp } from "../../src/protocol/http/http.ts";
import type { HttpOptions } from "../../src/protocol/http/options.ts";
import { modernHeaders, openSession, type Reply, send } from "../field/field.ts";
import { createLab } from "../fixtures/lab.ts";
import type { Json } from "../fixtures/raw.ts";
import { byId, neutralMessage, openApp, sorted } from "./both.ts";
import { calls, metas, notMetas, withEnvelope } from "./corpus.ts";

const LONG = process.env.OFFSHOOT_LONG === "1";
const counts = { requests: 0, straight: 0, sdk: 0 };
afterAll(() => {
  process.stdout.write(
    `http: ${counts.requests} requests compared; ${counts.straight} calls went straight, ${counts.sdk} to the SDK\n`,
  );
  expect(counts.straight).toBeGreaterThan(counts.requests / 5);
});

const KINDS = ["sessions, 2025 era", "stateless, 2025 era", "2026 era"] as const;
type Kind = (typeof KINDS)[number];
type Headers = Record<string, string>;

async function openSide(kind: Kind, straight: boolean, capabilities: object) {
  const lab = createLab();
  const opened = openApp(lab.server, straight);
  const options: HttpOptions = kind.startsWith("stateless") ? { sessions: "stateless" } : {};
  const endpoint = await serveHttp(opened.app, options);
  const url = new URL(endpoint.url);
  const session = kind.startsWith("sessions") ? await openSession(url, { capabilities }) : {};
  const agent = new Agent({ keepAlive: true });
  return { ...opened, lab, endpoint, url, session: session as Headers, agent };
}
type Side = Awaited<ReturnType<typeof openSide>>;

async function openBoth(kind: Kind, capabilities: object = {}) {
  const sides = (await Promise.all([openSide(kind, true, capabilities), openSide(kind, false, capabilities)])) as [
    Side,
    Side,
  ];
  const [one, other] = sides;
  const headersOf = (side: Side, message: Json): Headers =>
    kind === "2026 era" ? modernHeaders(typeof message === "object" && message !== null ? message : {}) : side.session;
  return {
    sides,
    headersOf,
    /** What each side makes of it, `null` for a header that is not sent. */
    async compare(message: Json, changes: Record<string, string | null> = {}): Promise<[Reply, Reply]> {
      counts.requests += 1;
      const replies = (await Promise.all(
        sides.map((side) =>
          send(side.url, message, { headers: merged(headersOf(side, message), changes), agent: side.agent }),
        ),
      )) as [Reply, Reply];
      const [said, expected] = replies.map(seen);
      expect(said, JSON.stringify([message, changes]).slice(0, 2_000)).toEqual(expected);
      expect(sorted(one.log()).map(noPort)).toEqual(sorted(other.log()).map(noPort));
      expect(one.lab.events.splice(0)).toEqual(other.lab.events.splice(0));
      return replies;
    },
    async [Symbol.asyncDispose]() {
      expect(other.count.straight).toBe(0);
      counts.straight += one.count.straight;
      counts.sdk += one.count.sdk;
      for (const { endpoint, agent, app } of sides) {
        agent.destroy();
        await endpoint.drain(100);
        app.close();
      }
    },
  };
}

const merged = (headers: Headers, changes: Record<string, string | null>): Headers => {
  const all: Record<string, string | null> = { ...headers, ...changes };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null));
};
const noPort = (line: Json): Json => ({ ...line, ...(line.host && { host: "…" }) });

/**
 * A reply without what is deliberate: an answer that is there at once has a length and is not sent in chunks, and
 * `connection` says no more than HTTP/1.1 does.
 */
const seen = ({ status, headers, messages, text }: Reply): Json => {
  const {
    date: _d,
    "content-length": _l,
    "transfer-encoding": _t,
    connection: _c,
    "keep-alive": _k,
    ...rest
  } = headers;
  if (rest["mcp-session-id"] !== undefined) rest["mcp-session-id"] = "…";
  return { status, headers: rest, messages: byId(messages), text: messages.length === 0 ? text : "" };
};

let ids = 0;
const frame = (method: string, params: Json): Json => {
  ids += 1;
  const id = method.startsWith("notifications/") ? {} : { id: ids };
  return { jsonrpc: "2.0", ...id, method, ...(params !== undefined && { params }) };
};
const inEra = (kind: Kind, params: Json, meta: Json = {}): Json => {
  if (typeof params !== "object" || params === null || Array.isArray(params)) return params;
  if (kind === "2026 era") return { ...params, _meta: withEnvelope(meta) };
  return Object.keys(meta ?? {}).length === 0 ? params : { ...params, _meta: meta };
};
const ECHO = { name: "echo", arguments: { text: "x" } };

describe.each(KINDS)("HTTP, %s", (kind) => {
  test("every method, good and bad", async () => {
    await using both = await openBoth(kind);
    for (const [method, params] of calls) await both.compare(frame(method, inEra(kind, params)));
  });

  test("whatever stands in _meta", async () => {
    await using both = await openBoth(kind);
    for (const meta of metas)
      for (const params of [ECHO, { name: "progresses" }])
        await both.compare(frame("tools/call", inEra(kind, params, meta)));
    for (const _meta of notMetas) await both.compare(frame("tools/call", { ...ECHO, _meta }));
    await both.compare(frame("tools/call", ECHO));
  });

  test("headers that do not fit, are missing, or are written another way", async () => {
    await using both = await openBoth(kind);
    const message = () => frame("tools/call", inEra(kind, ECHO));
    const changes: Record<string, string | null>[] = [
      ...[
        "application/json",
        "text/event-stream",
        "*/*",
        "application/json;q=0.5, text/event-stream",
        "text/html",
        "",
        null,
      ].map((accept) => ({ accept })),
      ...["2025-11-25", "2025-03-26", "2026-07-28", " 2026-07-28", "2099-01-01", "1.0", "", null].map((version) => ({
        "mcp-protocol-version": version,
      })),
      ...["tools/call", "tools/list", "Tools/Call", "", null].map((method) => ({ "mcp-method": method })),
      ...["echo", "slow", "=?base64?ZWNobw==?=", "=?base64?!?=", " echo ", "", null].map((name) => ({
        "mcp-name": name,
      })),
      ...["nope", "", null].map((id) => ({ "mcp-session-id": id })),
      ...["text/plain", "application/json; charset=utf-8", "application/json; charset=latin1"].map((type) => ({
        "content-type": type,
      })),
      { origin: "http://evil.example" },
      { host: "evil.example" },
      { "content-encoding": "gzip" },
    ];
    for (const change of changes) {
      await both.compare(message(), change);
      await both.compare(frame("tools/list", inEra(kind, {})), change);
      await both.compare(frame("resources/read", inEra(kind, { uri: "item://1" })), change);
    }
  });

  test("envelopes that are generated", async () => {
    await using both = await openBoth(kind);
    const odd = fc.oneof(fc.constantFrom(null, true, 0, -1, 1.5, "", "x", [], {}, [1]), fc.jsonValue({ maxDepth: 2 }));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...calls.filter(([, params]) => (params?.arguments?.bytes ?? 0) < 1e6)),
        fc.constantFrom({}, ...metas),
        fc.dictionary(fc.constantFrom("extra", "Method", "result", "error", "_meta", ""), odd, {
          maxKeys: 2,
          noNullPrototype: true,
        }),
        fc.option(fc.tuple(fc.constantFrom("jsonrpc", "method", "params", "id"), odd), { nil: undefined, freq: 4 }),
        fc.option(fc.tuple(fc.constantFrom("name", "arguments", "uri", "cursor"), odd), { nil: undefined, freq: 3 }),
        async ([method, params], meta, extra, broken, member) => {
          const given = inEra(kind, member === undefined ? params : { ...params, [member[0]]: member[1] }, meta);
          const message = { ...extra, ...frame(method, given), ...(broken && { [broken[0]]: broken[1] }) };
          await both.compare(message);
        },
      ),
      { numRuns: LONG ? 1_000 : 60 },
    );
  });

  test("a call that is cancelled, one that is left, and an id that is used again", async () => {
    await using both = await openBoth(kind);
    const results = await Promise.all(
      both.sides.map(async (side) => {
        const outcome: Json[] = [];
        const slow = (id: Json): Json => ({
          ...frame("tools/call", inEra(kind, { name: "slow", arguments: { ms: 60_000 } })),
          id,
        });
        const post = (message: Json, options: object = {}) =>
          send(side.url, message, { headers: both.headersOf(side, message), ...options });
        const until = async (event: string): Promise<void> => {
          while (!side.lab.events.includes(event)) await new Promise((resolve) => setTimeout(resolve, 2));
          side.lab.events.length = 0;
        };
        const left = new AbortController();
        const call = post(slow(1), { signal: left.signal }).catch((error: Error) => error.name);
        await until("slow began");
        left.abort();
        outcome.push(await call);
        await until("slow aborted: AbortError");
        if (kind.startsWith("sessions"))
          for (const [index, id] of [1, "a", 0].entries()) {
            const early = 5_000_000 + index;
            const cancelled = post(slow(id));
            await until("slow began");
            outcome.push(seen(await post({ ...slow(id) })));
            outcome.push(
              seen(
                await post({
                  jsonrpc: "2.0",
                  method: "notifications/cancelled",
                  params: { requestId: id, reason: "enough" },
                }),
              ),
            );
            outcome.push(seen(await cancelled));
            outcome.push(seen(await post({ ...frame("tools/call", ECHO), id })));
            // One that overtakes its call.
            outcome.push(
              seen(await post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: early } })),
            );
            outcome.push(seen(await post(slow(early))));
          }
        while (side.app.gate.running > 0) await new Promise((resolve) => setTimeout(resolve, 2));
        return [outcome, sorted(side.log()).map(noPort)];
      }),
    );
    expect(results[0]).toEqual(results[1]);
  });

  test.runIf(kind !== "stateless, 2025 era")("a question to the user, answered and declined", async () => {
    const capabilities = { elicitation: {} };
    await using both = await openBoth(kind, capabilities);
    const meta = { "io.modelcontextprotocol/clientCapabilities": capabilities };
    const call = frame("tools/call", inEra(kind, { name: "remove", arguments: { id: "1" } }, meta));
    if (kind === "2026 era") {
      const [reply] = await both.compare(call);
      expect(reply.messages[0].result.resultType).toBe("input_required");
      return;
    }
    for (const result of [{ action: "accept", content: { sure: true } }, { action: "decline" }]) {
      const heard = await Promise.all(
        both.sides.map(async (side) => {
          let text = "";
          const reply = send(
            side.url,
            { ...call, id: ids + 1 },
            { headers: side.session, onText: (piece) => (text += piece) },
          );
          while (!text.includes("elicitation/create")) await new Promise((resolve) => setTimeout(resolve, 2));
          const question = JSON.parse(/^data: (.+)$/m.exec(text)?.[1] as string);
          await send(side.url, { jsonrpc: "2.0", id: question.id, result }, { headers: side.session });
          return (await reply).messages.map(({ id: _, ...message }) => neutralMessage(message));
        }),
      );
      ids += 1;
      expect(heard[0]).toHaveLength(2);
      expect(heard[0]).toEqual(heard[1]);
    }
    expect(both.sides.map((side) => sorted(side.log()).map(noPort))).toEqual([expect.anything(), expect.anything()]);
  });
});
