import { expect, test } from "vitest";
import { isToolError } from "../../src/contract/errors.ts";
import { dependency } from "../../src/resilience/dependency.ts";
import { transient } from "../../src/resilience/failure.ts";

const fails = (): Promise<never> => Promise.reject(transient(new Error("no answer"), { outcome: "failed" }));

async function codeOf(run: Promise<unknown>): Promise<string | undefined> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return isToolError(error) ? error.code : undefined;
}

test("twenty hosts that fail do not keep the good one from being asked, and each is told apart", async () => {
  const links = dependency("links", { retry: { attempts: 1 } });
  const events: string[] = [];
  links.onEvent(({ name, after }) => events.push(`${name} ${after}`));
  const bad = Array.from({ length: 20 }, (_, index) => `bad${index}.example`);
  for (let round = 0; round < 10; round += 1)
    for (const host of bad) expect(await codeOf(links.for(host).run({}, {}, fails))).toBe("dependency_unavailable");
  for (const host of bad) expect(await codeOf(links.for(host).run({}, {}, fails))).toBe("dependency_not_asked");
  expect((await links.for("good.example").run({}, {}, () => "here")).value).toBe("here");
  expect((await links.run({}, {}, () => "own")).value).toBe("own");
  expect(events.sort()).toEqual(bad.map((host) => `links:${host} open`).sort());
  expect(links.snapshot()).toMatchObject({ calls: 222, hits: 202, failures: 200, refused: 20, breaker: "closed" });
});

test("one host has one breaker whatever the case of its name, and keys of two hosts are two", async () => {
  const links = dependency("links", { cache: { ttlMs: 60_000 } });
  const read = (host: string, text: string) => links.for(host).run({}, { key: "/", shared: true }, () => text);
  expect((await read("A.example", "a")).value).toBe("a");
  expect((await read("a.EXAMPLE", "again")).value).toBe("a");
  expect((await read("b.example", "b")).value).toBe("b");
  links.for("a.example").invalidate("/");
  expect((await read("a.example", "new")).value).toBe("new");
  expect((await read("b.example", "new")).value).toBe("b");
});

test("retries of all hosts come out of one budget", async () => {
  const links = dependency("links", { retry: { budget: 20, baseMs: 0 }, breaker: { minCalls: 1_000 } });
  for (let index = 0; index < 10; index += 1) await codeOf(links.for(`h${index}`).run({}, { idempotent: true }, fails));
  expect(links.snapshot().retries).toBe(1);
});

test("an operator's hold is a hold on every host, and only so many hosts are remembered", async () => {
  const links = dependency("links");
  for (let index = 0; index < 1_000; index += 1) await links.for(`h${index}`).run({}, {}, () => index);
  expect(links.snapshot().calls).toBeLessThanOrEqual(256);
  links.force("open", { by: "ada" });
  expect(await codeOf(links.for("h999").run({}, {}, () => 1))).toBe("dependency_not_asked");
  // One that is named for the first time is held as well.
  expect(await codeOf(links.for("new.example").run({}, {}, () => 1))).toBe("dependency_not_asked");
  links.force("auto", { by: "ada" });
  expect((await links.for("newer.example").run({}, {}, () => 1)).value).toBe(1);
});
