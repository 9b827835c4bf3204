import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { NotesEvent } from "../../src/domain/activity.ts";
import type { NotesError } from "../../src/domain/errors.ts";
import { limits } from "../../src/domain/note.ts";
import type { Notes } from "../../src/domain/notes.ts";
import { manualClock, notesOn, stores } from "../fixtures/stores.ts";

const hour = 3_600_000;

const refusal = (code: NotesError["code"], message: RegExp = /./) =>
  expect.objectContaining({ name: "NotesError", code, message: expect.stringMatching(message) });

async function everyPage<Item, Key extends string>(
  key: Key,
  page: (cursor?: string) => Promise<Record<Key, Item[]> & { next_cursor?: string }>,
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const next = await page(cursor);
    items.push(...next[key]);
    expect(items.length).toBeLessThan(1_000); // pages that never end
    cursor = next.next_cursor;
  } while (cursor !== undefined);
  return items;
}

const ids = (notes: { id: string }[]) => notes.map(({ id }) => id);
const found = async (notes: Notes, query: string) => ids((await notes.search({ query, limit: 50 })).notes).sort();

describe.each(stores)("the $name store", (store) => {
  describe("notes", () => {
    test("a created note is read back as it was given", async () => {
      const notes = await notesOn(store, { now: manualClock().now });
      const note = await notes.create({ title: "Shopping", body: "milk\n", tags: ["home", "food", "home"] });
      expect(note).toEqual({
        id: "n1",
        title: "Shopping",
        body: "milk\n",
        tags: ["home", "food"],
        version: 1,
        created_at: "2026-01-01T12:00:00.000Z",
        updated_at: "2026-01-01T12:00:00.000Z",
        size_bytes: 5,
        folder: "",
      });
      expect(await notes.get("n1")).toEqual(note);
    });

    test("ids keep growing after a removal, and titles may repeat", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "Same", body: "" });
      await notes.create({ title: "Same", body: "" });
      await notes.remove("n2");
      expect((await notes.create({ title: "Same", body: "" })).id).toBe("n3");
    });

    test("an update changes what is given and keeps the rest", async () => {
      const clock = manualClock();
      const notes = await notesOn(store, { now: clock.now });
      await notes.create({ title: "A", body: "one", tags: ["x"] });
      clock.advance(hour);
      const note = await notes.update({ id: "n1", body: "two" });
      expect(note).toMatchObject({ title: "A", body: "two", tags: ["x"], version: 2, size_bytes: 3 });
      expect(note.updated_at).toBe("2026-01-01T13:00:00.000Z");
      expect(note.created_at).toBe("2026-01-01T12:00:00.000Z");
    });

    test("an update that changes nothing makes no version and no activity", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "A", body: "one" });
      expect((await notes.update({ id: "n1", body: "one" })).version).toBe(1);
      expect((await notes.activity()).activity).toHaveLength(1);
      await expect(notes.update({ id: "n1" })).rejects.toEqual(refusal("invalid", /title, a body or tags/));
    });

    test("an edit names the count it found where it is not the expected one", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "A", body: "b b b" });
      const edit = { id: "n1", operation: "find_replace", find: "b", text: "$&" } as const;
      await expect(notes.edit(edit)).rejects.toEqual(refusal("conflict", /occurs 3 times, expected 1/));
      expect((await notes.edit({ ...edit, expected_replacements: 3 })).body).toBe("$& $& $&");
    });

    test("a missing note says what to call next", async () => {
      const notes = await notesOn(store);
      await expect(notes.get("n7")).rejects.toEqual(refusal("not_found", /list_notes/));
      await expect(notes.update({ id: "n7", body: "" })).rejects.toEqual(refusal("not_found"));
      await expect(notes.remove("n7")).rejects.toEqual(refusal("not_found"));
      await expect(notes.restore("n7")).rejects.toEqual(refusal("not_found"));
    });

    test.each(["0", "-1", "1e3", "9007199254740993", "1 ", "١", "n0", "n01", "n1 ", "n1\n", "N1", "n9007199254740993"])(
      "refuses %j as an id, even where a note is near",
      async (id) => {
        const notes = await notesOn(store);
        await notes.create({ title: "A", body: "" });
        await expect(notes.get(id)).rejects.toEqual(refusal("invalid", /note id such as "n42"/));
        await expect(notes.update({ id, body: "x" })).rejects.toEqual(refusal("invalid"));
      },
    );
  });

  describe("text", () => {
    test.each([
      ["a NUL", "a\0b"],
      ["NFC", "caf\u00e9"],
      ["NFD", "cafe\u0301"],
      ["joined emoji", "👩‍👩‍👧‍👦 🏳️‍🌈"],
      ["CRLF", "a\r\nb\rc\n"],
      ["line separators", "a\u2028b\u2029c"],
      ["a byte order mark", "\ufeffa\ufeff"],
      ["noncharacters", "\uffff\ufffe\u{10ffff}"],
      ["nothing", ""],
      ["blanks", " \t\n "],
    ])("keeps %s byte for byte, also in earlier versions", async (_, body) => {
      const notes = await notesOn(store);
      await notes.create({ title: "T", body });
      expect((await notes.get("n1")).body).toBe(body);
      await notes.update({ id: "n1", body: "other" });
      expect((await notes.get("n1", 1)).body).toBe(body);
    });

    test("refuses half of a surrogate pair and a body of five megabytes", async () => {
      const notes = await notesOn(store);
      for (const half of ["\ud800x", "x\udc00"]) {
        await expect(notes.create({ title: half, body: "" })).rejects.toEqual(refusal("invalid", /surrogate/));
        await expect(notes.create({ title: "T", body: half })).rejects.toEqual(refusal("invalid", /surrogate/));
        await expect(notes.create({ title: "T", body: "", tags: [half] })).rejects.toEqual(
          refusal("invalid", /surrogate/),
        );
        await expect(notes.search({ query: half })).rejects.toEqual(refusal("invalid"));
      }
      await expect(notes.create({ title: "T", body: "x".repeat(5_000_000) })).rejects.toEqual(
        refusal("quota", /1048576/),
      );
      expect((await notes.list()).notes).toEqual([]);
    });

    test.each(["'); DROP TABLE notes;--", '" OR 1=1', "%_", "\\", "🏳️‍🌈", "日本語", "C++", "Ünïcode", "ΟΔΟΣ", "a'b"])(
      "keeps and finds the title %j literally",
      async (title) => {
        const notes = await notesOn(store);
        await notes.create({ title, body: "" });
        await notes.create({ title: "Another", body: "nothing alike" });
        expect((await notes.get("n1")).title).toBe(title);
        expect(await found(notes, title)).toEqual(["n1"]);
      },
    );

    test.each(['"', "a OR", "NEAR(", "*", 'col:"x', "^", "-a", "{a", "(((", "a AND NOT b", "title:a", "a*", "\0a"])(
      "treats the full-text syntax %j as text",
      async (query) => {
        const notes = await notesOn(store);
        await notes.create({ title: "Plain", body: "nothing like it" });
        await notes.create({ title: `Has ${query.replace("\0", "")}`, body: "b" });
        expect(await found(notes, query)).toContain("n2");
        expect(await found(notes, query)).not.toContain("n1");
      },
    );

    test("a search finds words in any order, their beginnings, and every way to write them", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "Meetings", body: "Discussed the Zürich budget (draft), see foo_bar." });
      await notes.create({ title: "Other", body: "budget" });
      for (const query of ["budget meeting", "zurich", "ZÜRICH draft", "foo_bar", "foo bar", "(draft)"]) {
        expect(await found(notes, query)).toEqual(["n1"]);
      }
      expect(await found(notes, "eeting")).toEqual([]);
      expect(await found(notes, "budget")).toEqual(["n1", "n2"]);
    });

    test.each([
      ["Khmer", "ខ្ញុំរៀនភាសាខ្មែរនៅសាលា", ["ភាសា", "ខ្មែរ", "ភាសាខ្មែរ", "សាលា"]],
      ["Burmese", "မြန်မာဘာသာစကားကိုလေ့လာသည်", ["မြန်မာ", "ဘာသာ", "စကား", "ဘာသာစကား"]],
      ["Thai", "ฉันเรียนภาษาไทยที่โรงเรียน", ["ภาษา", "ไทย", "โรงเรียน", "เรียน ภาษาไทย"]],
      ["Lao", "ຂ້ອຍຮຽນພາສາລາວ", ["ພາສາ", "ລາວ"]],
      ["Japanese", "東京都の天気は晴れです", ["天気", "東京", "東京の天気", "晴れ"]],
      ["Chinese", "我在北京大学学习汉语", ["北京", "大学", "汉语", "北京汉语"]],
      ["Tibetan", "བོད་སྐད་སློབ་སྦྱོང་", ["བོད་སྐད", "སློབ"]],
      ["Korean", "한국어를 공부합니다", ["한국어", "공부합니다"]],
      [
        "pointed Hebrew",
        "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd \u05e2\u05d5\u05dc\u05dd",
        ["\u05e9\u05dc\u05d5\u05dd"],
      ],
      ["Arabic", "\u0642\u0631\u0622\u0646\u06da \u0643\u0631\u064a\u0645", ["\u0642\u0631\u0622\u0646"]],
      ["capital German", "GROẞE", ["große", "GROSSE"]],
    ])("words in the middle of %s text are found", async (_, body, queries) => {
      const notes = await notesOn(store);
      await notes.create({ title: "T", body });
      await notes.create({ title: "Other", body: "nothing alike" });
      for (const query of queries) expect([query, await found(notes, query)]).toEqual([query, ["n1"]]);
    });

    test("a search for any of several words has those first that hold more of them", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "One", body: "alpha" });
      await notes.create({ title: "Two", body: "alpha beta" });
      await notes.create({ title: "Three", body: "gamma" });
      expect(await found(notes, "alpha beta")).toEqual(["n2"]);
      const any = await notes.search({ query: "alph beta", match: "any" });
      expect(ids(any.notes)).toEqual(["n2", "n1"]);
      expect(ids((await notes.search({ query: "zeta gamma", match: "any" })).notes)).toEqual(["n3"]);
    });

    test("a tag is found as a word, with those below it, in the list of tags and in the text", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "A", body: "", tags: ["Project/X"] });
      await notes.create({ title: "B", body: "on #project/y today, not `#project/z`" });
      await notes.create({ title: "C", body: "", tags: ["projects"] });
      expect(await found(notes, "project x")).toEqual(["n1"]);
      expect(await found(notes, "#project/y")).toEqual(["n2"]);
      for (const tag of ["project", "PROJECT", "#project"]) {
        expect(ids((await notes.list({ tag })).notes).sort()).toEqual(["n1", "n2"]);
      }
      expect(ids((await notes.list({ tag: "project/x" })).notes)).toEqual(["n1"]);
      expect((await notes.tags()).tags.map(({ tag }) => tag)).toEqual(["Project/X", "project/y", "projects"]);
      expect(await notes.renameTag("project", "work")).toBe(2);
      expect((await notes.get("n2")).body).toBe("on #work/y today, not `#project/z`");
      expect((await notes.get("n1")).tags).toEqual(["work/X"]);
    });

    test("a search ranks the title first, shows a snippet and honours the tag", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "Cooking", body: `${"filler ".repeat(100)}a lemon cake`, tags: ["food"] });
      await notes.create({ title: "Lemon cake", body: "eggs", tags: ["food", "sweet"] });
      const { notes: hits } = await notes.search({ query: "lemon" });
      expect(ids(hits)).toEqual(["n2", "n1"]);
      expect(hits[1]?.snippet).toMatch(/^… .*a lemon cake$/);
      expect(ids((await notes.search({ query: "lemon", tag: "sweet" })).notes)).toEqual(["n2"]);
    });

    test("an update is found by its new words only", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "A", body: "alpha" });
      await notes.update({ id: "n1", body: "omega" });
      expect(await found(notes, "alpha")).toEqual([]);
      expect(await found(notes, "omega")).toEqual(["n1"]);
    });
  });

  describe("lists", () => {
    test.each(["id; DROP", "1", "(select 1)", "updated_desc; --"])("refuses %j as an order", async (sort) => {
      const notes = await notesOn(store);
      // Past the type: what a caller could send.
      await expect(notes.list({ sort: sort as "title_asc" })).rejects.toEqual(refusal("invalid", /sort/));
    });

    test("every order lists every note once, page by page", async () => {
      const notes = await notesOn(store);
      for (const title of ["b", "C", "a", "ä", "𝒜", "\uff21", "A"]) await notes.create({ title, body: "" });
      await notes.update({ id: "n2", body: "changed" });
      for (const sort of ["updated_desc", "updated_asc", "created_desc", "created_asc", "title_asc"] as const) {
        const all = await everyPage("notes", (cursor) => notes.list({ sort, limit: 2, ...(cursor && { cursor }) }));
        expect(ids(all).sort()).toEqual(["n1", "n2", "n3", "n4", "n5", "n6", "n7"]);
      }
      expect(ids((await notes.list({ sort: "updated_desc", limit: 2 })).notes)).toEqual(["n2", "n7"]);
      expect(ids((await notes.list({ sort: "title_asc" })).notes)).toEqual(["n3", "n7", "n1", "n2", "n4", "n6", "n5"]);
    });

    test("pages neither repeat nor skip a note while notes are added", async () => {
      const notes = await notesOn(store);
      for (let count = 0; count < 10; count++) await notes.create({ title: "word", body: "" });
      const before = ids((await notes.list({ sort: "created_asc" })).notes);
      const added = () => notes.create({ title: "word", body: "" });
      const listed = await everyPage("notes", async (cursor) => {
        const page = await notes.list({ limit: 3, ...(cursor && { cursor }) });
        await added();
        return page;
      });
      expect(ids(listed)).toEqual(before.toReversed());
      const searched = await everyPage("notes", async (cursor) => {
        const page = await notes.search({ query: "word", limit: 4, ...(cursor && { cursor }) });
        await added();
        return page;
      });
      expect(new Set(ids(searched)).size).toBe(searched.length);
      expect(searched.length).toBe(14);
    });

    test("filters by tag and time", async () => {
      const clock = manualClock();
      const notes = await notesOn(store, { now: clock.now });
      await notes.create({ title: "A", body: "", tags: ["x", "y"] });
      clock.advance(hour);
      await notes.create({ title: "B", body: "", tags: ["y"] });
      expect(ids((await notes.list({ tag: "x" })).notes)).toEqual(["n1"]);
      expect(ids((await notes.list({ updated_after: "2026-01-01T13:00:00Z" })).notes)).toEqual(["n2"]);
      expect(ids((await notes.list({ updated_after: "2026-01-01T14:00:00+01:00" })).notes)).toEqual(["n2"]);
      expect(ids((await notes.list({ updated_before: "2026-01-01T13:00:00Z" })).notes)).toEqual(["n1"]);
    });

    test("a forged, altered or foreign cursor is refused", async () => {
      const notes = await notesOn(store);
      for (let count = 0; count < 3; count++) await notes.create({ title: "A", body: "a", tags: ["x"] });
      const { next_cursor: cursor = "" } = await notes.list({ limit: 1 });
      const opened = Buffer.from(cursor, "base64url").toString();
      const altered = Buffer.from(opened.replace(/,\d+\]\]$/, ",1]]")).toString("base64url");
      for (const forged of ["", "x", "bnVsbA", altered, `${cursor}A`, "[]"]) {
        await expect(notes.list({ limit: 1, cursor: forged })).rejects.toEqual(refusal("invalid", /cursor/));
      }
      await expect(notes.list({ limit: 1, cursor, tag: "x" })).rejects.toEqual(refusal("invalid"));
      await expect(notes.search({ query: "a", cursor })).rejects.toEqual(refusal("invalid"));
      expect(ids((await notes.list({ limit: 1, cursor })).notes)).toEqual(["n2"]);
    });

    test("orders by the change, not by a clock that went back an hour", async () => {
      const clock = manualClock();
      const notes = await notesOn(store, { now: clock.now });
      await notes.create({ title: "A", body: "" });
      await notes.create({ title: "B", body: "" });
      await notes.update({ id: "n1", body: "first" });
      clock.advance(-hour);
      await notes.update({ id: "n1", body: "second" });
      expect(ids((await notes.list()).notes)).toEqual(["n1", "n2"]);
      expect((await notes.get("n1")).body).toBe("second");
      expect((await notes.revisions({ id: "n1" })).revisions.map(({ version }) => version)).toEqual([3, 2, 1]);
      expect((await notes.activity()).activity.map(({ sequence }) => sequence)).toEqual([4, 3, 2, 1]);
    });
  });

  describe("trash and history", () => {
    test("a deleted note leaves lists and search, keeps its versions and comes back", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "Gone", body: "one", tags: ["x"] });
      await notes.update({ id: "n1", body: "two" });
      expect((await notes.remove("n1")).deleted_at).toMatch(/Z$/);
      expect((await notes.list()).notes).toEqual([]);
      expect(await found(notes, "two")).toEqual([]);
      expect((await notes.tags()).tags).toEqual([]);
      expect(ids((await notes.list({ trashed: true, tag: "x", sort: "title_asc" })).notes)).toEqual(["n1"]);
      await expect(notes.get("n1")).rejects.toEqual(refusal("not_found", /restore_note/));
      await expect(notes.remove("n1")).rejects.toEqual(refusal("not_found"));
      expect((await notes.revisions({ id: "n1" })).revisions).toHaveLength(2);
      expect(await notes.restore("n1")).toMatchObject({ body: "two", version: 2 });
      expect(await found(notes, "two")).toEqual(["n1"]);
      await expect(notes.restore("n1")).rejects.toEqual(refusal("conflict", /not in the trash/));
    });

    test("versions are listed, compared and restored as new ones", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "A", body: "one\ntwo\n", tags: ["x"] });
      await notes.update({ id: "n1", body: "one\n2\n", title: "B" });
      await notes.update({ id: "n1", tags: [] });
      const { revisions } = await notes.revisions({ id: "n1" });
      expect(revisions.map(({ version, title, current }) => [version, title, current])).toEqual([
        [3, "B", true],
        [2, "B", false],
        [1, "A", false],
      ]);
      const paged = await everyPage("revisions", (cursor) =>
        notes.revisions({ id: "n1", limit: 1, ...(cursor && { cursor }) }),
      );
      expect(paged).toEqual(revisions);
      const diff = await notes.diff("n1", 1, 2);
      expect(diff).toContain("-title: A\n+title: B");
      expect(diff).toContain("-two\n+2");
      expect(await notes.diff("n1", 2, 2)).toBe("");
      expect(await notes.restoreRevision("n1", 1)).toMatchObject({
        version: 4,
        title: "A",
        body: "one\ntwo\n",
        tags: ["x"],
      });
      await expect(notes.diff("n1", 1, 9)).rejects.toEqual(refusal("not_found", /list_revisions/));
      await expect(notes.get("n1", 9)).rejects.toEqual(refusal("not_found"));
    });

    test("the oldest versions go past the limit, but never the first", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "A", body: "0" });
      for (let count = 1; count <= limits.revisions + 5; count++) await notes.update({ id: "n1", body: String(count) });
      const kept = await everyPage("revisions", (cursor) =>
        notes.revisions({ id: "n1", limit: 100, ...(cursor && { cursor }) }),
      );
      expect(kept).toHaveLength(limits.revisions + 1);
      expect((await notes.get("n1", 1)).body).toBe("0");
      await expect(notes.get("n1", 2)).rejects.toEqual(refusal("not_found"));
    });

    test("lets one of two writers of a version win and shows the other the current one", async () => {
      const notes = await notesOn(store);
      const { version } = await notes.create({ title: "A", body: "read by both" });
      const results = await Promise.allSettled([
        notes.update({ id: "n1", body: "first", if_version: version }),
        notes.edit({ id: "n1", operation: "append", text: "second", if_version: version }),
        notes.restoreRevision("n1", 1, { ifVersion: 7 }),
      ]);
      expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
      expect(results[1]).toMatchObject({ reason: refusal("conflict", /n1 is at version 2, not 1/) });
      expect((await notes.get("n1")).body).toBe("first");
    });

    test("twenty edits at once all arrive", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "A", body: "" });
      const edits = Array.from({ length: 20 }, (_, index) => `line ${index}`);
      await Promise.all(edits.map((text) => notes.edit({ id: "n1", operation: "append", text })));
      const { body, version } = await notes.get("n1");
      expect(body.split("\n").sort()).toEqual(edits.sort());
      expect(version).toBe(21);
    });
  });

  describe("bulk, keys and limits", () => {
    test("a bulk create answers for each note and keeps the good ones", async () => {
      const notes = await notesOn(store);
      const results = await notes.createMany([
        { title: "A", body: "" },
        { title: " ", body: "" },
        { title: "C", body: "" },
      ]);
      expect(results).toMatchObject([
        { note: { id: "n1" } },
        { error: { code: "invalid" } },
        { note: { id: "n2", title: "C" } },
      ]);
      expect((await notes.activity()).activity).toHaveLength(1);
      const many = Array.from({ length: limits.bulk + 1 }, () => ({ title: "A", body: "" }));
      await expect(notes.createMany(many)).rejects.toEqual(refusal("quota", /100/));
    });

    test("a repeated create answers with the note of the first time, as it was", async () => {
      const notes = await notesOn(store);
      const draft = { title: "A", body: "first", idempotency_key: "k" };
      const first = await notes.create(draft);
      await notes.update({ id: first.id, body: "changed" });
      expect(await notes.create(draft)).toEqual(first);
      await notes.remove(first.id);
      expect(await notes.create(draft)).toEqual(first);
      await expect(notes.create({ ...draft, body: "other" })).rejects.toEqual(refusal("conflict", /another request/));
      expect((await notes.list()).notes).toEqual([]);
    });

    test("a repeated bulk create answers item by item", async () => {
      const notes = await notesOn(store);
      const drafts = [
        { title: "A", body: "" },
        { title: "", body: "" },
        { title: "C", body: "" },
      ];
      const first = await notes.createMany(drafts, { key: "k" });
      expect(await notes.createMany(drafts, { key: "k" })).toEqual(first);
      expect((await notes.list()).notes).toHaveLength(2);
    });

    test("twenty repeats at once make one note", async () => {
      const notes = await notesOn(store);
      const draft = { title: "A", body: "", idempotency_key: "k" };
      const made = await Promise.all(Array.from({ length: 20 }, () => notes.create(draft)));
      expect(new Set(ids(made))).toEqual(new Set(["n1"]));
    });

    test("a key is free again after seven days", async () => {
      const clock = manualClock();
      const notes = await notesOn(store, { now: clock.now });
      const draft = { title: "A", body: "", idempotency_key: "k" };
      await notes.create(draft);
      clock.advance(7 * 24 * hour);
      expect((await notes.create(draft)).id).toBe("n1");
      clock.advance(1);
      expect((await notes.create(draft)).id).toBe("n2");
    });

    test("refuses what passes a limit and says the number", async () => {
      const notes = await notesOn(store);
      const note = { title: "A", body: "" };
      const tags = Array.from({ length: 1000 }, (_, index) => `t${index}`);
      await expect(notes.create({ ...note, body: "x".repeat(limits.bodyBytes + 1) })).rejects.toEqual(
        refusal("quota", /1048576/),
      );
      await expect(notes.create({ ...note, body: "é".repeat(limits.bodyBytes / 2 + 1) })).rejects.toEqual(
        refusal("quota"),
      );
      await expect(notes.create({ ...note, tags })).rejects.toEqual(refusal("quota", /50/));
      await expect(notes.create({ ...note, title: "x".repeat(201) })).rejects.toEqual(refusal("quota", /200/));
      await expect(notes.create({ ...note, tags: ["x".repeat(61)] })).rejects.toEqual(refusal("quota", /60/));
      await expect(notes.create({ ...note, title: "a\nb" })).rejects.toEqual(refusal("invalid", /one line/));
      const fits = "x".repeat(limits.bodyBytes);
      await notes.create({ ...note, body: fits });
      await expect(notes.edit({ id: "n1", operation: "append", text: "y" })).rejects.toEqual(refusal("quota"));
      expect((await notes.get("n1")).body).toBe(fits);
    });

    test("refuses a note more than it was set to keep, and the trash makes room", async () => {
      const notes = await notesOn(store, { most: 3 });
      await notes.createMany(Array.from({ length: 3 }, () => ({ title: "A", body: "" })));
      await expect(notes.create({ title: "A", body: "" })).rejects.toEqual(refusal("quota", /3 notes.*--max-notes/));
      await notes.remove("n1");
      const results = await notes.createMany([
        { title: "fits", body: "" },
        { title: "does not", body: "" },
      ]);
      expect(results).toMatchObject([{ note: { id: "n4" } }, { error: { code: "quota" } }]);
      await expect(notes.restore("n1")).rejects.toEqual(refusal("quota"));
    });
  });

  describe("tags and links", () => {
    test("tags are counted, paged and renamed in one change", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "A", body: "", tags: ["b", "a"] });
      await notes.create({ title: "B", body: "", tags: ["a", "c"] });
      expect((await notes.tags()).tags).toEqual([
        { tag: "a", notes: 2 },
        { tag: "b", notes: 1 },
        { tag: "c", notes: 1 },
      ]);
      const paged = await everyPage("tags", (cursor) => notes.tags({ limit: 1, ...(cursor && { cursor }) }));
      expect(paged.map(({ tag }) => tag)).toEqual(["a", "b", "c"]);
      expect(await notes.renameTag("a", "b")).toBe(2);
      expect((await notes.get("n1")).tags).toEqual(["b"]);
      expect(await notes.get("n2")).toMatchObject({ tags: ["b", "c"], version: 2 });
      expect((await notes.activity()).activity).toHaveLength(3);
      await expect(notes.renameTag("a", "z")).rejects.toEqual(refusal("not_found", /list_tags/));
    });

    test("links go to the oldest note of a title, or to an id", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "Plan", body: "see [[plan|itself]]" });
      await notes.create({ title: "plan", body: "" });
      await notes.create({ title: "Hub", body: "[[PLAN]] [[n2#Part|two]] [[Nowhere]] `[[Code]]` [[n9]]" });
      expect((await notes.outgoingLinks("n3")).links).toEqual([
        { target: "PLAN", id: "n1" },
        { target: "n2", id: "n2" },
        { target: "Nowhere", id: null },
        { target: "n9", id: null },
      ]);
      expect((await notes.backlinks("n1")).notes).toEqual([{ id: "n3", title: "Hub" }]);
      expect((await notes.backlinks("n2")).notes).toEqual([{ id: "n3", title: "Hub" }]);
      expect((await notes.orphans()).notes).toEqual([{ id: "n3", title: "Hub" }]);
      expect((await notes.brokenLinks()).links).toEqual([
        { target: "n9", in: "n3" },
        { target: "nowhere", in: "n3" },
      ]);
      await notes.remove("n1");
      expect((await notes.outgoingLinks("n3")).links[0]).toEqual({ target: "PLAN", id: "n2" });
    });

    test("link lists are paged", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "Hub", body: "[[Hub]] [[a]] [[b]] [[c]]" });
      for (let count = 0; count < 4; count++) await notes.create({ title: `Leaf ${count}`, body: "[[Hub]]" });
      const paged = (cursor?: string) => ({ limit: 1, ...(cursor && { cursor }) });
      expect(ids(await everyPage("notes", (cursor) => notes.backlinks("n1", paged(cursor))))).toEqual([
        "n2",
        "n3",
        "n4",
        "n5",
      ]);
      expect(ids(await everyPage("notes", (cursor) => notes.orphans(paged(cursor))))).toEqual(["n2", "n3", "n4", "n5"]);
      expect(await everyPage("links", (cursor) => notes.brokenLinks(paged(cursor)))).toHaveLength(3);
      expect(await everyPage("links", (cursor) => notes.outgoingLinks("n1", paged(cursor)))).toHaveLength(4);
    });

    test("links follow a note to its new title, in one change", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "Old", body: "I am [[Old]]" });
      await notes.create({ title: "Hub", body: "[[old]] [[Old#Part|label]] `[[Old]]` [[Older]]" });
      await notes.update({ id: "n1", title: "New" });
      expect((await notes.get("n1")).body).toBe("I am [[New]]");
      expect(await notes.get("n2")).toMatchObject({
        body: "[[New]] [[New#Part|label]] `[[Old]]` [[Older]]",
        version: 2,
      });
      const { activity } = await notes.activity();
      expect(activity[0]).toMatchObject({ action: "update_note", changes_total: 2 });
    });

    test("links follow by id where the new title is taken, and by the file's name where it cannot stand in a link", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "Taken", body: "" });
      await notes.create({ title: "Old", body: "" });
      await notes.create({ title: "Hub", body: "[[Old]]" });
      await notes.update({ id: "n2", title: "Taken" });
      expect((await notes.get("n3")).body).toBe("[[n2|Taken]]");
      expect((await notes.backlinks("n2")).notes).toEqual([{ id: "n3", title: "Hub" }]);
      await notes.create({ title: "Other", body: "" });
      await notes.create({ title: "Hub 2", body: "[[Other]]" });
      await notes.update({ id: "n4", title: "a|b]#" });
      expect((await notes.get("n5")).body).toBe("[[a b]]");
      expect((await notes.outgoingLinks("n5")).links).toEqual([{ target: "a b", id: "n4" }]);
    });

    test("links stay with an older note of the same title", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "Twin", body: "" });
      await notes.create({ title: "Twin", body: "" });
      await notes.create({ title: "Hub", body: "[[Twin]]" });
      await notes.update({ id: "n2", title: "Renamed" });
      expect((await notes.get("n3")).body).toBe("[[Twin]]");
    });
  });

  describe("activity and events", () => {
    test("writes exactly one activity row for each mutation, and none for a refused one", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "A", body: "[[B]]", tags: ["x"], idempotency_key: "k" });
      await notes.create({ title: "A", body: "[[B]]", tags: ["x"], idempotency_key: "k" });
      await notes.createMany([
        { title: "B", body: "" },
        { title: "C", body: "" },
      ]);
      await notes.update({ id: "n2", title: "B2" });
      await notes.edit({ id: "n1", operation: "append", text: "more" });
      await notes.renameTag("x", "y");
      await notes.restoreRevision("n1", 1);
      await notes.remove("n3");
      await notes.restore("n3");
      await Promise.allSettled([
        notes.remove("n99"),
        notes.update({ id: "n1", body: "x", if_version: 1 }),
        notes.restore("n3"),
      ]);
      const all = await everyPage("activity", (cursor) => notes.activity({ limit: 3, ...(cursor && { cursor }) }));
      expect(all.map(({ action, changes }) => [action, ...changes.map(({ id, type }) => `${id} ${type}`)])).toEqual([
        ["restore_note", "n3 restored"],
        ["delete_note", "n3 deleted"],
        ["restore_revision", "n1 updated"],
        ["rename_tag", "n1 updated"],
        ["edit_note", "n1 updated"],
        ["update_note", "n2 updated", "n1 updated"],
        ["create_notes", "n2 created", "n3 created"],
        ["create_note", "n1 created"],
      ]);
    });

    test("listeners hear every change once and in order, until they stop listening", async () => {
      const notes = await notesOn(store);
      await notes.create({ title: "before", body: "" });
      const events: NotesEvent[] = [];
      const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
      onTestFinished(() => warn.mockRestore());
      const stop = notes.onChange((event) => events.push(event));
      notes.onChange(() => {
        throw new Error("a listener that fails");
      });
      await notes.create({ title: "A", body: "" });
      await notes.update({ id: "n2", body: "x" });
      await notes.remove("n2");
      await notes.restore("n2");
      stop();
      await notes.create({ title: "after", body: "" });
      expect(events).toEqual([
        { type: "created", id: "n2" },
        { type: "updated", id: "n2" },
        { type: "deleted", id: "n2" },
        { type: "restored", id: "n2" },
      ]);
      expect(warn).toHaveBeenCalledTimes(5);
    });

    test("a closed store refuses, and closing twice is fine", async () => {
      const notes = await notesOn(store);
      await notes.close();
      await notes.close();
      await expect(notes.get("n1")).rejects.toEqual(refusal("closed"));
      await expect(notes.create({ title: "A", body: "" })).rejects.toEqual(refusal("closed"));
    });

    test("an aborted call changes nothing", async () => {
      const notes = await notesOn(store);
      await expect(notes.create({ title: "A", body: "" }, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
      expect((await notes.list()).notes).toEqual([]);
    });
  });
});
