import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createNotes, openNotes } from "../../src/domain/notes.ts";
import { createMemoryStore } from "../../src/domain/store/memory.ts";
import { emptySchema } from "../fixtures/stores.ts";

test("a change does not wait for a queue of readings, however often the store is woken while one goes on", async () => {
  const store = createMemoryStore();
  const { promise: slow, resolve: goOn } = Promise.withResolvers<void>();
  let readings = 0;
  let wake = () => {};
  const notes = createNotes({
    ...store,
    activity: async (query) => {
      readings += 1;
      await slow;
      return store.activity(query);
    },
    watch: (callback) => {
      wake = callback;
      return () => {};
    },
  });
  const heard: string[] = [];
  notes.onChange(({ id }) => heard.push(id));
  const first = notes.create({ title: "A", body: "" });
  await expect.poll(() => readings).toBe(1);
  for (let time = 0; time < 1_000; time++) wake();
  goOn();
  await first;
  await notes.create({ title: "B", body: "" });
  expect(heard).toEqual(["n1", "n2"]);
  // The one that went on, the one that all the others share, and that of the second change.
  expect(readings).toBeLessThanOrEqual(3);
});

describe("who follows", () => {
  test("is told of every change after that, however late the place in the feed is read", async () => {
    const store = createMemoryStore();
    const { promise: slow, resolve: goOn } = Promise.withResolvers<void>();
    const here = createNotes({ ...store, head: () => slow.then(() => store.head()), watch: () => () => {} });
    const elsewhere = createNotes(store);
    const heard: string[] = [];
    here.onChange(({ id }) => heard.push(id));
    const followed = here.follow("").then(() => elsewhere.create({ title: "A", body: "" }));
    goOn();
    await followed;
    await here.create({ title: "B", body: "" });
    expect(heard).toEqual(["n1", "n2"]);
  });

  test("is told of a change that another instance makes to an owner's notes, without a call of its own", async () => {
    const databaseUrl = await emptySchema();
    const open = () => openNotes({ store: "postgres", databaseUrl });
    const [here, elsewhere] = [await open(), await open()];
    onTestFinished(async () => void (await Promise.all([here.close(), elsewhere.close()])));
    const heard: string[] = [];
    here.onChange(({ id }, owner) => heard.push(`${owner} ${id}`));
    await here.follow("alice");
    await (await elsewhere.of("alice")).create({ title: "A", body: "" });
    await expect.poll(() => heard).toEqual(["alice n1"]);
  });

  test("keeps an owner's notes open, and no longer", async () => {
    const closed: string[] = [];
    const store = createMemoryStore();
    const notes = createNotes({
      ...store,
      of: async (owner) => ({ ...createMemoryStore(), close: async () => void closed.push(owner) }),
    });
    const clock = vi.spyOn(performance, "now").mockReturnValue(0);
    onTestFinished(() => clock.mockRestore());
    const leave = await notes.follow("alice");
    await notes.of("bob");
    clock.mockReturnValue(3_600_000);
    await notes.of("carol");
    await expect.poll(() => closed).toEqual(["bob"]);
    leave();
    await notes.of("carol");
    await expect.poll(() => closed).toEqual(["bob", "alice"]);
  });
});
