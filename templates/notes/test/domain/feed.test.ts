import { expect, test } from "vitest";
import { createNotes } from "../../src/domain/notes.ts";
import { createMemoryStore } from "../../src/domain/store/memory.ts";

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
