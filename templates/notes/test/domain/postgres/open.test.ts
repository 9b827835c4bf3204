import { randomBytes } from "node:crypto";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { limits } from "../../../src/domain/note.ts";
import { createNotes } from "../../../src/domain/notes.ts";
import { openPostgresStore } from "../../../src/domain/store/postgres/open.ts";
import { emptySchema, newSchema } from "../../fixtures/stores.ts";

async function query(url: string, text: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client.query(text).finally(() => client.end());
}

test("six servers that start at once on an empty database make its tables once", async () => {
  const url = await newSchema();
  const stores = await Promise.all(Array.from({ length: 6 }, () => openPostgresStore(url, { connections: 1 })));
  const ids = await Promise.all(
    stores.map(async (store) => (await createNotes(store).create({ title: "A", body: "" })).id),
  );
  expect(ids.sort()).toEqual(["n1", "n2", "n3", "n4", "n5", "n6"]);
  await Promise.all(stores.map((store) => store.close()));
});

test("a database of a newer server is refused, at the start and in the middle", async () => {
  const url = await newSchema();
  const notes = createNotes(await openPostgresStore(url));
  await notes.create({ title: "A", body: "" });
  await query(url, "UPDATE meta SET schema = 99");
  await expect(notes.create({ title: "B", body: "" })).rejects.toMatchObject({ code: "refused" });
  expect(await notes.problem()).toContain("schema 99");
  expect((await notes.get("n1")).title).toBe("A");
  await notes.close();
  await expect(openPostgresStore(url)).rejects.toMatchObject({ code: "refused", message: /start a newer server/ });
});

test("a database with tables of another application is refused, and left as it is", async () => {
  const url = await newSchema();
  await query(url, "CREATE TABLE notes (theirs text)");
  await expect(openPostgresStore(url)).rejects.toMatchObject({ code: "refused", message: /another application/ });
  const { rows } = await query(url, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()");
  expect(rows).toEqual([{ tablename: "notes" }]);
});

test("a damaged note is told, and others are not affected", async () => {
  const url = await emptySchema();
  const notes = createNotes(await openPostgresStore(url));
  onTestFinished(() => notes.close());
  await notes.create({ title: "A", body: "one" });
  await notes.create({ title: "B", body: "two" });
  await query(url, "UPDATE notes SET body = 'other' WHERE number = 1");
  await expect(notes.get("n1")).rejects.toMatchObject({ code: "damaged" });
  expect((await notes.get("n2")).body).toBe("two");
});

test("takes what is longer than an index does: titles, paths, links, words, and more words than an index holds", async () => {
  const url = await emptySchema();
  const notes = createNotes(await openPostgresStore(url));
  onTestFinished(() => notes.close());
  // Random, because what repeats is stored shorter than it is.
  const letters = (count: number) =>
    Array.from({ length: count }, () => String.fromCodePoint(0x4e00 + Math.floor(Math.random() * 20_000))).join("");
  const folder = Array.from({ length: 12 }, () => letters(80)).join("/");
  const [title, target] = [letters(limits.titleCharacters), letters(8_000)];
  const word = randomBytes(4_000).toString("hex");
  const { id } = await notes.create({ title, body: `[[${target}]] ${word}`, folder });
  expect((await notes.list({ folder })).notes).toHaveLength(1);
  expect((await notes.search({ query: word.slice(0, 300) })).notes).toHaveLength(1);
  expect((await notes.search({ query: word.slice(0, 450) })).notes).toHaveLength(1);
  expect((await notes.search({ query: `${word.slice(0, 450)}zz` })).notes).toEqual([]);
  expect((await notes.brokenLinks()).links).toHaveLength(1);
  expect((await notes.get(id)).title).toBe(title);

  const many = Array.from({ length: 80_000 }, () => randomBytes(6).toString("hex"));
  const large = await notes.create({ title: "Large", body: `${many.join(" ")} c++` });
  for (const query of [many[0], many[79_999], many[40_000]?.slice(0, 11), "c++", "large"])
    expect((await notes.search({ query: String(query) })).notes.map((note) => note.id)).toEqual([large.id]);
  expect((await notes.search({ query: "absent" })).notes).toEqual([]);
});

test("no question that it is asked reads a whole table", async () => {
  const url = new URL(await newSchema());
  const options = url.searchParams.get("options");
  url.searchParams.set("options", `${options} -c enable_seqscan=off`);
  const notes = createNotes(await openPostgresStore(url.href, { connections: 1 }));
  for (let batch = 0; batch < 3; batch++)
    await notes.createMany(
      Array.from({ length: 100 }, (_, at) => ({
        title: `T ${batch} ${at}`,
        body: `word${at} [[T ${batch} ${(at + 1) % 100}]] [[absent ${at}]]`,
        tags: [`tag${at % 7}`],
        folder: `f${at % 5}`,
      })),
    );
  await query(url.href, "ANALYZE");
  const scans = async () => {
    const { rows } = await query(
      url.href,
      "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE schemaname = current_schema() AND relname NOT IN ('meta', 'owners') AND seq_scan > 0",
    );
    return Object.fromEntries(rows.map((row) => [row.relname, Number(row.seq_scan)]));
  };
  await notes.close();
  await query(url.href, "SELECT pg_stat_reset()");
  const again = createNotes(await openPostgresStore(url.href, { connections: 1 }));
  await again.search({ query: "word7" });
  await again.search({ query: "word7 word8", match: "any", tag: "tag1" });
  await again.search({ query: '"word7 t"' });
  for (const sort of ["updated_desc", "created_asc", "title_asc"] as const) await again.list({ sort });
  await again.list({ tag: "tag3" });
  await again.list({ folder: "f2" });
  await again.list({ trashed: true });
  await again.backlinks("n5");
  await again.orphans();
  await again.brokenLinks();
  await again.tags();
  await again.folders();
  await again.revisions({ id: "n1" });
  await again.activity();
  await again.attachments();
  await again.edit({ id: "n3", operation: "append", text: "x", idempotency_key: "k" });
  await again.update({ id: "n4", title: "Another" });
  await again.remove("n9");
  await again.close();
  // A backend hands its counts in when it ends.
  await expect
    .poll(
      async () =>
        (
          await query(
            url.href,
            "SELECT sum(idx_scan)::int AS sum FROM pg_stat_user_indexes WHERE schemaname = current_schema()",
          )
        ).rows[0].sum,
    )
    .toBeGreaterThan(20);
  expect(await scans()).toEqual({});
});
