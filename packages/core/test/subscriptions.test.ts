import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { PassThrough } from "node:stream";
import { StreamableHTTPClientTransport as ModernHttp } from "@modelcontextprotocol/client";
import { StreamableHTTPClientTransport as LegacyHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { createApp } from "../src/app.ts";
import { createChanges } from "../src/call/changes/changes.ts";
import { type ChangeEmitter, defineResource, defineServer, fail } from "../src/index.ts";
import { serveHttp } from "../src/protocol/http/http.ts";
import { serveStdioConnection } from "../src/protocol/stdio/stdio.ts";
import { createLog } from "../src/telemetry/log.ts";
import { openClient } from "../src/testing/clients/open-client.ts";
import { connect, WIRES } from "../src/testing/index.ts";
import { initialize, Lines, META } from "./fixtures/raw.ts";

/** A server that says what it watches, and whose resources others may change. */
function createWatched() {
  const events: string[] = [];
  const watches = new Map<string, () => void>();
  const watch = (uri: string, changed: () => void): (() => void) => {
    if (uri === "item://full") fail("Too much is watched.");
    if (uri === "item://broken") throw new Error("password=hunter2");
    if (watches.has(uri)) events.push(`TWICE ${uri}`);
    watches.set(uri, changed);
    events.push(`watch ${uri}`);
    return () => {
      if (!watches.delete(uri)) events.push(`ENDED TWICE ${uri}`);
      events.push(`end ${uri}`);
    };
  };
  const server = defineServer({
    name: "watched",
    version: "1.0.0",
    resources: [
      defineResource({
        name: "item",
        title: "Item",
        description: "A thing.",
        uri: "item://{id}",
        subscribe: true,
        watch: ({ id }, changed) => watch(`item://${id}`, changed),
        scopes: ["items:read"],
        read: ({ id }) => id,
      }),
      defineResource({ name: "still", title: "Still", description: "A fact.", uri: "still://it", read: () => "" }),
    ],
  });
  return { server, events, watches, watch };
}

const quiet = createLog("silent", { write() {} });

describe.each(WIRES)("%s", (wire) => {
  test("a watch begins with the first subscriber, tells of changes, and ends once with the last", async () => {
    const { server, events, watches } = createWatched();
    const heard: string[] = [];
    const client = await connect(server, { wire, onNotification: (_method, { uri }) => heard.push(String(uri)) });
    onTestFinished(() => client.close());
    const unsubscribe = await client.subscribe(["item://a", "item://b"]);
    const again = wire.endsWith("2026") ? await client.subscribe(["item://a"]) : undefined;
    expect(events).toEqual(["watch item://a", "watch item://b"]);
    watches.get("item://a")?.();
    await expect.poll(() => heard).toContain("item://a");
    await unsubscribe();
    await expect.poll(() => watches.has("item://b")).toBe(false);
    expect(watches.has("item://a")).toBe(again !== undefined);
    await again?.();
    await expect.poll(() => watches.size).toBe(0);
    await client.close();
    expect(events.filter((event) => event.startsWith("end"))).toHaveLength(2);
  });

  test("a client that closes without unsubscribing has unsubscribed", async () => {
    const { server, events } = createWatched();
    const client = await connect(server, { wire });
    await client.subscribe(["item://a"]);
    await client.close();
    expect(events).toEqual(["watch item://a", "end item://a"]);
  });

  test("subscriptions begun and ended over each other leave nothing behind", async () => {
    const { server, events, watches } = createWatched();
    const client = await connect(server, { wire });
    onTestFinished(() => client.close());
    await Promise.all(
      Array.from({ length: 24 }, async (_, round) => {
        const unsubscribe = await client.subscribe([`item://${round % 3}`]);
        if (round % 2 === 0) await client.read("item://0");
        await unsubscribe();
      }),
    );
    await expect.poll(() => watches.size).toBe(0);
    expect(events.filter((event) => /TWICE/.test(event))).toEqual([]);
  });

  test("what cannot be subscribed to is refused, and a watch that fails is masked", async () => {
    const { server, watches } = createWatched();
    const log: string[] = [];
    const client = await connect(server, { wire, log });
    onTestFinished(() => client.close());
    for (const uri of ["still://it", "other://1", "item://full", "item://broken"]) {
      const refused = await client.subscribe([uri]).catch((error: Error) => error.message);
      expect(refused).toMatch(
        wire.endsWith("2026") ? uri : uri === "item://full" ? /Too much is watched/ : /subscribed to|correlation id/,
      );
      expect(refused).not.toContain("hunter2");
    }
    expect(watches.size).toBe(0);
    expect(log.filter((line) => line.includes("internal_error"))).toHaveLength(1);
    const unsubscribe = await client.subscribe(["item://a"]);
    expect([...watches.keys()]).toEqual(["item://a"]);
    await unsubscribe();
  });
});

test.each(["http-2025", "http-2026"] as const)("%s: a watch is shared by all connections", async (wire) => {
  const { server, events, watches } = createWatched();
  const endpoint = await serveHttp(createApp(server, { log: quiet }));
  onTestFinished(() => endpoint.drain(0));
  const url = new URL(endpoint.url);
  const heard: string[] = [];
  const open = (name: string) =>
    openClient(wire, wire === "http-2025" ? new LegacyHttp(url) : new ModernHttp(url), {
      onNotification: () => heard.push(name),
    });
  const [one, other] = [await open("one"), await open("other")];
  onTestFinished(async () => void (await Promise.allSettled([one.close(), other.close()])));
  const end = await one.subscribe(["item://a"]);
  await other.subscribe(["item://a"]);
  watches.get("item://a")?.();
  await expect.poll(() => heard.toSorted()).toEqual(["one", "other"]);
  await end();
  await one.read("item://a");
  expect(events).toEqual(["watch item://a"]);
});

test.each(["http-2025", "http-2026"] as const)("%s: a caller without the scope hears of nothing", async (wire) => {
  const { server, watches } = createWatched();
  const authenticate = () => ({ id: "reader", scopes: ["other:read"] });
  const client = await connect(server, { wire, http: { authenticate } });
  onTestFinished(() => client.close());
  await expect(client.subscribe(["item://a"])).rejects.toThrow(/scopes items:read|not grant/);
  expect(watches.size).toBe(0);
});

test.each(["http-2025", "http-2026"] as const)(
  "%s: a change that is for one caller is heard by no other",
  async (wire) => {
    let emit: ChangeEmitter | undefined;
    const server = defineServer({
      name: "owned",
      version: "1.0.0",
      resources: [
        defineResource({
          name: "own",
          title: "Own",
          description: "Each caller's own.",
          uri: "own://it",
          subscribe: true,
          read: (_, { caller }) => caller.id,
        }),
      ],
      changes: (emitter) => {
        emit = emitter;
        return () => {};
      },
    });
    const heard: string[] = [];
    const client = await connect(server, {
      wire,
      http: { authenticate: () => ({ id: "reader", scopes: [] }) },
      onNotification: (method) => heard.push(method),
    });
    onTestFinished(() => client.close());
    await client.subscribe(["own://it"]);
    emit?.resourceUpdated("own://it", ({ id }) => id === "another");
    emit?.resourcesChanged(({ id }) => id === "another");
    emit?.resourceUpdated("own://it", ({ id }) => id === "reader");
    await expect.poll(() => heard).toEqual(["notifications/resources/updated"]);
  },
);

/** A server whose changes are followed when a test says so. */
function createFollowed() {
  const events: string[] = [];
  let emit: ChangeEmitter | undefined;
  const waiting: PromiseWithResolvers<void>[] = [];
  const server = defineServer({
    name: "followed",
    version: "1.0.0",
    resources: [
      defineResource({
        name: "item",
        title: "Item",
        description: "A thing.",
        uri: "item://{id}",
        subscribe: true,
        read: ({ id }) => id,
      }),
    ],
    changes: (emitter) => {
      emit = emitter;
      return () => {};
    },
    follow: async () => {
      const one = Promise.withResolvers<void>();
      waiting.push(one);
      await one.promise;
      events.push("followed");
      return () => void events.push("left");
    },
  });
  return { server, events, waiting, emit: (uri: string) => emit?.resourceUpdated(uri) };
}

describe.each(WIRES)("%s, where it takes time until changes are followed", (wire) => {
  test("a subscription is acknowledged when no later change is missed, and ends what it followed", async () => {
    const { server, events, waiting, emit } = createFollowed();
    const heard: unknown[] = [];
    const client = await connect(server, { wire, onNotification: (_method, { uri }) => heard.push(uri) });
    onTestFinished(() => client.close());
    const subscribed = client.subscribe(["item://a"]).then(() => events.push("subscribed"));
    await expect.poll(() => waiting.length).toBe(1);
    await client.read("item://a");
    expect(events).toEqual([]);
    waiting[0]?.resolve();
    await subscribed;
    expect(events).toEqual(["followed", "subscribed"]);
    emit("item://a");
    await expect.poll(() => heard).toEqual(["item://a"]);
    await client.close();
    await expect.poll(() => events.at(-1)).toBe("left");
  });

  test("a client that leaves meanwhile leaves nothing followed", async () => {
    const { server, events, waiting } = createFollowed();
    const client = await connect(server, { wire });
    client.subscribe(["item://a"]).catch(() => {});
    await expect.poll(() => waiting.length).toBe(1);
    const closed = client.close();
    waiting[0]?.resolve();
    await closed;
    await expect.poll(() => events).toEqual(["followed", "left"]);
  });

  test("what cannot be followed is no subscription, and the next one tries again", async () => {
    const { server, events, waiting } = createFollowed();
    const log: string[] = [];
    const client = await connect(server, { wire, log });
    onTestFinished(() => client.close());
    const refused = client.subscribe(["item://a"]).catch((error: Error) => error.message);
    await expect.poll(() => waiting.length).toBe(1);
    waiting[0]?.reject(new Error("password=hunter2"));
    expect(await refused).toMatch(/item:\/\/a|correlation id/);
    expect(await refused).not.toContain("hunter2");
    expect(log.some((line) => line.includes("internal_error"))).toBe(true);
    const again = client.subscribe(["item://a"]);
    await expect.poll(() => waiting.length).toBe(2);
    waiting[1]?.resolve();
    await again;
    expect(events).toEqual(["followed"]);
  });
});

const listen = (id: number, uris: unknown) => ({
  jsonrpc: "2.0",
  id,
  method: "subscriptions/listen",
  params: { notifications: { resourceSubscriptions: uris, resourcesListChanged: true }, _meta: META },
});

/** A stream for item://a on a socket of its own. */
function listenOn(url: string) {
  const body = JSON.stringify(listen(1, ["item://a"]));
  const socket = connectSocket(Number(new URL(url).port), "127.0.0.1").on("error", () => {});
  socket.write(
    `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\nmcp-protocol-version: 2026-07-28\r\nmcp-method: subscriptions/listen\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  return socket;
}

test("http-2026: a client that is killed has unsubscribed, and the endpoint goes on", async () => {
  const { server, events, watches } = createWatched();
  const endpoint = await serveHttp(createApp(server, { log: quiet }));
  onTestFinished(() => endpoint.drain(0));
  const sockets = Array.from({ length: 5 }, () => listenOn(endpoint.url));
  await Promise.all(sockets.map((socket) => once(socket, "data")));
  expect([...watches.keys()]).toEqual(["item://a"]);
  for (const socket of sockets) socket.destroy();
  await expect.poll(() => events).toEqual(["watch item://a", "end item://a"]);
});

test.each(["drained", "killed"])(
  "http-2026: a stream that is %s before changes are followed leaves nothing",
  async (how) => {
    const { server, events, waiting } = createFollowed();
    const endpoint = await serveHttp(createApp(server, { log: quiet }));
    onTestFinished(() => endpoint.drain(0));
    const socket = listenOn(endpoint.url);
    await expect.poll(() => waiting.length).toBe(1);
    if (how === "killed") socket.destroy();
    else await endpoint.drain(0);
    waiting[0]?.resolve();
    await expect.poll(() => events).toEqual(["followed", "left"]);
  },
);

test("http-2026: a stream that the SDK refuses leaves no watch", async () => {
  const { server, watches } = createWatched();
  const endpoint = await serveHttp(createApp(server, { log: quiet }));
  onTestFinished(() => endpoint.drain(0));
  const headers = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
  };
  for (const [uris, method] of [
    [["item://a"], "tools/list"],
    [["item://a", 1], "subscriptions/listen"],
    ["item://a", "subscriptions/listen"],
  ]) {
    const answer = await fetch(endpoint.url, {
      method: "POST",
      headers: { ...headers, "mcp-method": method as string },
      body: JSON.stringify(listen(1, uris)),
    });
    expect(await answer.text()).toContain('"error"');
  }
  expect(watches.size).toBe(0);
});

test("http-2025: a session that is left ends after its idle time, and with it what it was subscribed to", async () => {
  const { server, events } = createWatched();
  const endpoint = await serveHttp(createApp(server, { log: quiet }), { sessionIdleMs: 2_000 });
  onTestFinished(() => endpoint.drain(0));
  const client = await openClient("http-2025", new LegacyHttp(new URL(endpoint.url)));
  await client.subscribe(["item://a"]);
  await expect.poll(() => events, { timeout: 20_000 }).toEqual(["watch item://a", "end item://a"]);
});

describe.each(["2025", "2026"] as const)("stdio-%s, raw", (era) => {
  const open = () => {
    const watched = createWatched();
    const [input, output] = [new PassThrough(), new PassThrough()];
    const app = createApp(watched.server, { log: quiet });
    const connection = serveStdioConnection(app, input, output);
    const lines = new Lines();
    output.setEncoding("utf8").on("data", (chunk: string) => lines.take(chunk));
    const send = (message: object): void => void input.write(`${JSON.stringify(message)}\n`);
    const subscribe = async (id: number): Promise<void> => {
      if (era === "2026") {
        send(listen(id, ["item://a"]));
        await lines.next(
          ({ method, params }) =>
            method?.endsWith("acknowledged") && params._meta["io.modelcontextprotocol/subscriptionId"] === id,
        );
      } else {
        send(initialize(100));
        await lines.id(100);
        send({ jsonrpc: "2.0", id, method: "resources/subscribe", params: { uri: "item://a" } });
        await lines.id(id);
      }
    };
    return { ...watched, connection, input, send, subscribe, lines };
  };

  test("a pipe that breaks ends the watch, and an open stream is no call to wait for", async () => {
    const { connection, events, input, subscribe } = open();
    await subscribe(1);
    expect(connection.inFlight).toBe(0);
    input.destroy();
    expect(await connection.closed).toBe("eof");
    await connection.close();
    expect(events).toEqual(["watch item://a", "end item://a"]);
  });

  test.runIf(era === "2026")("a cancellation right behind its request leaves no watch", async () => {
    const { connection, events, send, watches, lines } = open();
    onTestFinished(() => connection.close());
    for (let id = 1; id <= 20; id += 1) {
      send(listen(id, ["item://a"]));
      send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } });
    }
    send({ jsonrpc: "2.0", id: 99, method: "resources/read", params: { uri: "item://a", _meta: META } });
    await lines.id(99);
    expect(watches.size).toBe(0);
    const count = (kind: string) => events.filter((event) => event.startsWith(kind)).length;
    expect(count("end")).toBe(count("watch"));
  });
});

test("whatever the order, exactly the URIs that have subscribers are watched", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ uri: fc.constantFrom("item://a", "item://b"), end: fc.nat(9) })), (steps) => {
      const { server, events, watches, watch } = createWatched();
      const changes = createChanges(server);
      const open: { uri: string; end: () => void }[] = [];
      for (const { uri, end } of steps) {
        open.push({ uri, end: changes.subscribe(uri, (changed) => watch(uri, changed)) });
        const [left] = end < 7 ? open.splice(end % open.length, 1) : [];
        left?.end();
        left?.end();
        expect(new Set(watches.keys())).toEqual(new Set(open.map((one) => one.uri)));
      }
      changes.close();
      for (const { end } of open) end();
      expect(watches.size).toBe(0);
      expect(events.filter((event) => /TWICE/.test(event))).toEqual([]);
    }),
  );
});
