import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { limits } from "../../src/domain/note.ts";
import { createNotes, openNotes } from "../../src/domain/notes.ts";
import { createMemoryStore } from "../../src/domain/store/memory.ts";
import { databaseName } from "../../src/domain/store/open.ts";
import { startChild } from "../fixtures/child.ts";
import { temporaryFolder } from "../fixtures/folder.ts";
import { manualClock, notesOn, stores } from "../fixtures/stores.ts";

const append = (text: string, key: string) => ({ id: "n1", operation: "append", text, idempotency_key: key }) as const;

describe.each(stores)("keys on $name", (store) => {
  test("a repeated edit answers as it did and edits no more, whatever became of the note", async () => {
    const notes = await notesOn(store);
    await notes.create({ title: "A", body: "" });
    const first = await notes.edit(append("one", "k"));
    expect(await notes.edit(append("one", "k"))).toEqual(first);
    await notes.update({ id: "n1", body: "changed" });
    expect(await notes.edit(append("one", "k"))).toEqual(first);
    await notes.remove("n1");
    expect(await notes.edit(append("one", "k"))).toEqual(first);
    await expect(notes.edit(append("two", "k"))).rejects.toMatchObject({ code: "conflict" });
    expect((await notes.activity()).activity).toHaveLength(4);
  });

  test("an edit that fits no more, because it is done, is answered all the same", async () => {
    const notes = await notesOn(store);
    await notes.create({ title: "A", body: "old" });
    const edit = { id: "n1", operation: "find_replace", find: "old", text: "new", if_version: 1 } as const;
    const first = await notes.edit({ ...edit, idempotency_key: "k" });
    expect(await notes.edit({ ...edit, idempotency_key: "k" })).toEqual(first);
    await expect(notes.edit({ ...edit, idempotency_key: "other" })).rejects.toMatchObject({ code: "conflict" });
  });

  test("a hundred repeats at once are one edit", async () => {
    const notes = await notesOn(store);
    await notes.create({ title: "A", body: "old" });
    const edit = { id: "n1", operation: "find_replace", find: "old", text: "new", idempotency_key: "k" } as const;
    const edits = await Promise.all(Array.from({ length: 100 }, () => notes.edit(edit)));
    expect(new Set(edits.map(({ version }) => version))).toEqual(new Set([2]));
    expect((await notes.get("n1")).version).toBe(2);
  });

  test("an edit that another call with its key overtakes is answered like that one", async () => {
    const opened = await store.open();
    const first = createNotes(opened);
    onTestFinished(() => first.close());
    await first.create({ title: "A", body: "old" });
    const edit = { id: "n1", operation: "find_replace", find: "old", text: "new", idempotency_key: "k" } as const;
    let overtaken = false;
    const second = createNotes({
      ...opened,
      async used(key) {
        const found = await opened.used(key);
        if (!overtaken) await first.edit(edit);
        overtaken = true;
        return found;
      },
    });
    expect((await second.edit(edit)).version).toBe(2);
  });

  test("a repeated edit that has nothing to change now answers with the version it made", async () => {
    const notes = await notesOn(store);
    await notes.create({ title: "A", body: "# H\none" });
    const section = (text: string) => ({ id: "n1", operation: "replace_section", heading: "H", text }) as const;
    const first = await notes.edit({ ...section("two"), idempotency_key: "k" });
    await notes.edit(section("three"));
    await notes.edit(section("two"));
    expect(await notes.edit({ ...section("two"), idempotency_key: "k" })).toEqual(first);
  });

  test("a refused edit leaves its key free", async () => {
    const notes = await notesOn(store);
    await notes.create({ title: "A", body: "" });
    const edit = { id: "n1", operation: "find_replace", find: "old", text: "new", idempotency_key: "k" } as const;
    await expect(notes.edit(edit)).rejects.toThrow();
    await notes.update({ id: "n1", body: "old" });
    expect((await notes.edit(edit)).body).toBe("new");
  });

  test("each caller and each operation has keys of its own", async () => {
    const notes = await notesOn(store);
    const draft = { title: "A", body: "", idempotency_key: "k" };
    expect((await notes.create(draft, { by: "ada" })).id).toBe("n1");
    expect((await notes.create(draft, { by: "bob" })).id).toBe("n2");
    expect((await notes.create(draft, { by: "ada" })).id).toBe("n1");
    expect(await notes.createMany([{ title: "A", body: "" }], { key: "k", by: "ada" })).toMatchObject([
      { note: { id: "n3" } },
    ]);
    expect((await notes.edit(append("one", "k"), { by: "ada" })).body).toBe("one");
  });

  test("an answer whose version is no longer kept says so instead of another", async () => {
    const notes = await notesOn(store);
    await notes.create({ title: "A", body: "" });
    await notes.edit(append("one", "k"));
    for (let index = 0; index <= limits.revisions; index++) await notes.update({ id: "n1", body: `${index}` });
    await expect(notes.edit(append("one", "k"))).rejects.toMatchObject({ code: "conflict", message: /no longer kept/ });
  });

  test("an import that was cut off goes on with the same key, and makes no note twice", async () => {
    const exchange = await temporaryFolder();
    await mkdir(join(exchange, "trip"));
    const names = Array.from({ length: 60 }, (_, index) => `${String(index).padStart(2, "0")}.md`);
    for (const name of names) await writeFile(join(exchange, "trip", name), name);
    const notes = await notesOn(store, { exchange });
    const cut = new AbortController();
    const first = notes.importFolder("trip", { key: "k", signal: cut.signal, progress: () => cut.abort() });
    await expect(first).rejects.toThrow();
    expect((await notes.list({ limit: 100 })).notes).toHaveLength(25);
    const whole = await notes.importFolder("trip", { key: "k" });
    expect(whole).toMatchObject({ created: 60, refused: [] });
    expect(await notes.importFolder("trip", { key: "k" })).toEqual(whole);
    expect((await notes.list({ limit: 100 })).notes.map(({ title }) => `${title}.md`).sort()).toEqual(names);
    await writeFile(join(exchange, "trip", "00.md"), "another text");
    await expect(notes.importFolder("trip", { key: "k" })).rejects.toMatchObject({ code: "conflict" });
  });
});

test("calls with keys in any order, over all stores, do what a model of keys says", async () => {
  const key = fc.constantFrom("a", "b", undefined);
  const step = fc.record({ key, by: fc.constantFrom("ada", "bob"), text: fc.constantFrom("x", "y") });
  const property = fc.asyncProperty(
    fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 8 }),
    async (rounds) => {
      for (const store of stores) {
        const notes = createNotes(await store.open());
        await notes.create({ title: "A", body: "" });
        const known = new Map<string, { text: string; version: number }>();
        let lines = 0;
        for (const round of rounds) {
          // A round's calls run at once: one of them is first, and which one is read off the answers.
          const answers = await Promise.allSettled(
            round.map(({ key, by, text }) =>
              notes.edit({ id: "n1", operation: "append", text, idempotency_key: key }, { by }),
            ),
          );
          for (const [index, answer] of answers.entries()) {
            const { key, by, text } = round[index] as (typeof round)[number];
            const name = `${by} ${key}`;
            if (answer.status === "fulfilled") {
              const { version } = answer.value;
              if (key === undefined || !known.has(name)) {
                lines += 1;
                if (key !== undefined) known.set(name, { text, version });
              } else expect({ text, version }).toEqual(known.get(name));
            }
          }
          for (const [index, answer] of answers.entries()) {
            const { key, by, text } = round[index] as (typeof round)[number];
            if (answer.status === "fulfilled") continue;
            expect(answer.reason).toMatchObject({ code: "conflict" });
            expect(known.get(`${by} ${key}`)?.text).not.toBe(text);
          }
        }
        const { body, version } = await notes.get("n1");
        expect(version).toBe(1 + lines);
        expect(body === "" ? 0 : body.split("\n").length).toBe(lines);
        await notes.close();
      }
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

test("past ten thousand keys the oldest are forgotten, on disk as in memory", async () => {
  const data = await temporaryFolder();
  const disk = await openNotes({ store: "sqlite", data });
  const memory = createNotes(createMemoryStore());
  onTestFinished(() => memory.close());
  await disk.create({ title: "A", body: "", idempotency_key: "first" });
  await disk.close();
  // As many rows as there may be: to make them by calls would take a minute.
  const db = new DatabaseSync(join(data, databaseName));
  const row = db.prepare(
    "INSERT INTO idempotency (key, input, at, numbers, answer) VALUES (?, '', '9999-01-01T00:00:00.000Z', '[]', 'null')",
  );
  db.exec("BEGIN");
  for (let index = 1; index < limits.keys; index++) row.run(`${index}`);
  db.exec("COMMIT");
  const count = () => Number(db.prepare("SELECT count(*) AS n FROM idempotency").get()?.n);
  expect(count()).toBe(limits.keys);
  const again = await openNotes({ store: "sqlite", data });
  expect((await again.create({ title: "A", body: "", idempotency_key: "first" })).id).toBe("n1");
  await again.create({ title: "B", body: "", idempotency_key: "one more" });
  expect(count()).toBe(limits.keys);
  expect((await again.create({ title: "A", body: "", idempotency_key: "first" })).id).toBe("n3");
  await again.close();
  db.close();
});

test("keys of edits are free again after seven days", async () => {
  const clock = manualClock();
  const notes = createNotes(createMemoryStore(), { now: clock.now });
  await notes.create({ title: "A", body: "" });
  await notes.edit(append("one", "k"));
  clock.advance(7 * 24 * 60 * 60 * 1000);
  expect((await notes.edit(append("one", "k"))).version).toBe(2);
  clock.advance(1);
  expect((await notes.edit(append("one", "k"))).version).toBe(3);
  await notes.close();
});

test("with keys: after kill -9 in the middle, repeating everything makes every line once", async () => {
  const data = await temporaryFolder();
  let notes = await openNotes({ store: "sqlite", data });
  await notes.create({ title: "A", body: "" });
  await notes.close();
  let acknowledged = 0;
  for (let round = 0; round < 4; round++) {
    const child = startChild("appender.ts", [data, String(acknowledged)]);
    await child.started;
    await new Promise((resolve) => setTimeout(resolve, 50 + 60 * round));
    await child.kill();
    acknowledged = Number(child.lines().at(-1)) + 1;
  }
  notes = await openNotes({ store: "sqlite", data });
  // The call after the last acknowledged one may have reached the disk or not; nobody was told.
  // Answers of more than 200 versions ago are no longer kept.
  for (let line = Math.max(0, acknowledged - 150); line <= acknowledged; line++)
    await notes.edit(append(`line ${line}`, `${line}`));
  const { body } = await notes.get("n1");
  expect(body.split("\n")).toEqual(Array.from({ length: acknowledged + 1 }, (_, line) => `line ${line}`));
  await notes.close();
});
