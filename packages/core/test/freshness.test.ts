import { describe, expect, test, vi } from "vitest";
import { createRefresher } from "../src/call/changes/refresh.ts";
import { defineResource, defineServer, type Resource, type ResourceOptions } from "../src/index.ts";
import { createLog } from "../src/telemetry/log.ts";
import { connect, WIRES } from "../src/testing/index.ts";

const resource = (name: string, more: Partial<ResourceOptions<string>> = {}): Resource =>
  defineResource({ name, title: name, description: `The ${name}.`, uri: `x://${name}`, read: () => "text", ...more });

const entries = Array.from({ length: 3 }, (_, index) => ({ uri: `item://${index}`, name: `${index}` }));
const family = (more: Partial<ResourceOptions<string>> = {}): Resource =>
  resource("item", {
    uri: "item://{id}",
    list: ({ cursor }) => {
      const at = Number(cursor ?? 0);
      return { resources: entries.slice(at, at + 1), ...(at < 2 && { nextCursor: String(at + 1) }) };
    },
    ...more,
  });

const server = (resources: Resource[], lists?: Parameters<typeof defineServer>[0]["lists"]) =>
  defineServer({ name: "fresh", version: "1.0.0", resources, ...(lists && { lists }) });

const hints = ({ ttlMs, cacheScope }: Record<string, unknown>) => [ttlMs, cacheScope];

describe.each(WIRES)("%s", (wire) => {
  const modern = wire.endsWith("2026");
  const said = (ttlMs: number, cacheScope: string) => (modern ? [ttlMs, cacheScope] : [undefined, undefined]);

  test("lists and discover say how long they hold, alike on all pages, where the era has words for it", async () => {
    const lists = { ttlMs: 60_000, cacheScope: "public", resources: { ttlMs: 5_000 } } as const;
    const client = await connect(server([family(), resource("fixed")], lists), { wire });
    expect(hints(await client.request("resources/templates/list"))).toEqual(said(60_000, "public"));
    let cursor: unknown;
    for (let page = 0; page < 3; page += 1) {
      const answer = await client.request("resources/list", cursor === undefined ? {} : { cursor });
      expect(hints(answer)).toEqual(said(5_000, "private"));
      cursor = answer.nextCursor;
    }
    expect(cursor).toBeUndefined();
    if (modern) expect(hints(await client.request("server/discover"))).toEqual([60_000, "public"]);
    await client.close();
  });

  test("a list of fixed resources holds as long as the other lists; nothing said means ask every time", async () => {
    const kept = await connect(server([resource("fixed")], { ttlMs: 7 }), { wire });
    expect(hints(await kept.request("resources/list"))).toEqual(said(7, "private"));
    await kept.close();
    const bare = await connect(server([family()]), { wire });
    for (const method of ["resources/list", "resources/templates/list"])
      expect(hints(await bare.request(method))).toEqual(said(0, "private"));
    expect(hints(await bare.request("resources/read", { uri: "item://1" }))).toEqual(said(0, "private"));
    await bare.close();
  });

  test("a read says how long it holds, less the age of what it gives", async () => {
    const resources = [
      resource("new", { ttlMs: 1_000, cacheScope: "public" }),
      resource("older", { ttlMs: 1_000, read: () => ({ contents: "text", ageMs: 400.5 }) }),
      resource("own", { ttlMs: 1_000, read: () => ({ contents: Buffer.from("text"), ttlMs: 50 }) }),
    ];
    const client = await connect(server(resources), { wire });
    const read = (uri: string) => client.request("resources/read", { uri });
    expect(hints(await read("x://new"))).toEqual(said(1_000, "public"));
    expect(hints(await read("x://older"))).toEqual(said(599, "private"));
    expect(hints(await read("x://own"))).toEqual(said(50, "private"));
    expect((await client.read("x://older"))[0]).not.toHaveProperty("_meta");
    await client.close();
  });

  test("what is past its time is marked stale in both eras and held by nobody, said or not", async () => {
    const contents = [{ uri: "x://said", text: "text", _meta: { own: 1 } }];
    const resources = [
      resource("said", { ttlMs: 1_000, read: () => ({ contents, stale: true, ageMs: 90 }) }),
      resource("found", { ttlMs: 60, read: () => ({ contents: "text", ageMs: 61 }) }),
    ];
    const client = await connect(server(resources), { wire });
    expect((await client.read("x://said"))[0]?._meta).toEqual({ own: 1, "offshoot/stale": { ageMs: 90 } });
    expect((await client.read("x://found"))[0]?._meta).toEqual({ "offshoot/stale": { ageMs: 61 } });
    for (const uri of ["x://said", "x://found"])
      expect(hints(await client.request("resources/read", { uri }))).toEqual(said(0, "private"));
    await client.close();
  });
});

test.concurrent.each(WIRES)(
  "over %s who subscribes is told by the refresh, and nothing looks when the last has gone",
  async (wire) => {
    let version = 1;
    let looked = 0;
    let resolve = (_uri: unknown) => {};
    const told = new Promise((done) => {
      resolve = done;
    });
    const rates = resource("rates", {
      ttlMs: 1_000,
      subscribe: true,
      read: () => `${version}`,
      refresh: () => {
        looked += 1;
        version += 1;
        return true;
      },
    });
    const client = await connect(server([rates]), {
      wire,
      onNotification: (method, params) => method === "notifications/resources/updated" && resolve(params.uri),
    });
    expect((await client.read("x://rates"))[0]).toMatchObject({ text: "1" });
    await client.subscribe(["x://rates"]);
    expect(looked).toBe(0);
    expect(await told).toBe("x://rates");
    expect((await client.read("x://rates"))[0]).toMatchObject({ text: "2" });
    await client.close();
    const before = looked;
    await new Promise((later) => setTimeout(later, 1_100));
    expect(looked).toBe(before);
  },
);

test("a TTL, scope or refresh that cannot work is refused where it is defined", () => {
  for (const ttlMs of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => resource("bad", { ttlMs })).toThrow('resource "bad": ttlMs must be a whole number');
  expect(() => resource("bad", { cacheScope: "shared" as never })).toThrow('"public" or "private", got "shared"');
  expect(() => resource("bad", { cacheScope: "public", scopes: ["read"] })).toThrow("a shared cache asks for no scope");
  const refresh = () => true;
  expect(() => resource("bad", { refresh, ttlMs: 5_000 })).toThrow("needs subscribe true");
  expect(() => resource("bad", { refresh, subscribe: true, ttlMs: 999 })).toThrow("ttlMs of 1000 or more, got 999");
  expect(() => server([resource("x1")], { ttlMs: -1 })).toThrow('The lists of server "fresh": ttlMs');
  expect(() => server([resource("x1")], { resources: { ttlMs: -1 } })).toThrow("The resource list");
});

describe("a refresh", () => {
  const timers = async (run: (log: string[]) => Promise<void>) => {
    vi.useFakeTimers();
    try {
      await run([]);
    } finally {
      vi.useRealTimers();
    }
  };
  const watcherOf = (log: string[], refresh: Resource["refresh"] & object, more: object = {}) => {
    const item = resource("item", { uri: "item://{id}", subscribe: true, ttlMs: 1_000, refresh, ...more });
    const begin = createRefresher({ log: createLog("info", { write: (line) => log.push(line) }), timeoutMs: 5_000 });
    return (uri: string, changed: () => void) => begin(item, item.template.match(uri) ?? {}, uri, changed);
  };

  test("runs each time the TTL has passed while anyone is subscribed, and tells what changed", () =>
    timers(async (log) => {
      const ran: string[] = [];
      const watch = watcherOf(log, ({ id }) => ran.push(id as string) % 2 === 0);
      let told = 0;
      const stop = watch("item://7", () => {
        told += 1;
      });
      await vi.advanceTimersByTimeAsync(999);
      expect(ran).toEqual([]);
      await vi.advanceTimersByTimeAsync(3_001);
      expect({ ran, told }).toEqual({ ran: ["7", "7", "7", "7"], told: 2 });
      stop();
      stop();
      await vi.advanceTimersByTimeAsync(10_000);
      expect(ran).toHaveLength(4);
      expect(vi.getTimerCount()).toBe(0);
    }));

  test("never overlaps itself, is told when its time is over or nobody listens, and tells nobody then", () =>
    timers(async (log) => {
      let running = 0;
      let most = 0;
      const signals: AbortSignal[] = [];
      const watch = watcherOf(log, async (_variables, { signal }) => {
        signals.push(signal);
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 7_000));
        running -= 1;
        return true;
      });
      let told = 0;
      const stop = watch("item://1", () => {
        told += 1;
      });
      await vi.advanceTimersByTimeAsync(1_000 + 7_000 + 1_000);
      expect({ most, runs: signals.length, told }).toEqual({ most: 1, runs: 2, told: 1 });
      expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
      expect(log.filter((line) => line.includes("refresh too slow"))).toHaveLength(1);
      stop();
      expect(signals[1]?.aborted).toBe(true);
      await vi.advanceTimersByTimeAsync(20_000);
      expect(told).toBe(1);
    }));

  test("that fails is logged without its secret, and has its next turn", () =>
    timers(async (log) => {
      let runs = 0;
      const stop = watcherOf(log, () => {
        runs += 1;
        throw new Error("refused: password=hunter2secret");
      })("item://1", () => {});
      await vi.advanceTimersByTimeAsync(2_000);
      stop();
      expect(runs).toBe(2);
      expect(log.filter((line) => line.includes("refresh failed"))).toHaveLength(2);
      expect(log.join("")).not.toContain("hunter2secret");
    }));

  test("of a hundred URIs at once has at most eight running, and all come to their turn", () =>
    timers(async (log) => {
      let running = 0;
      let most = 0;
      const done = new Set<string>();
      const watch = watcherOf(
        log,
        async (_variables, { uri }) => {
          running += 1;
          most = Math.max(most, running);
          await new Promise((resolve) => setTimeout(resolve, 100));
          running -= 1;
          done.add(uri);
          return false;
        },
        { ttlMs: 60_000 },
      );
      const stops = Array.from({ length: 100 }, (_, index) => watch(`item://${index}`, () => {}));
      await vi.advanceTimersByTimeAsync(60_000 + 20_000);
      expect({ most, done: done.size }).toEqual({ most: 8, done: 100 });
      for (const stop of stops) stop();
      expect(vi.getTimerCount()).toBe(0);
    }));
});
