import { NotesError } from "../errors.ts";
import { idOf, limits } from "../note.ts";
import { lastPart, titleKey } from "../text/names.ts";
import { createMemoryBlobs } from "./blobs.ts";
import { compareText, copy, hasTag, headOf, type Kept, linksOf, listOf, namesIn, scoreOf } from "./memory-query.ts";
import type { ActivityRow, Attachment, Change, Committed, KeyUse, NoteRow, NoteStore, Write } from "./store.ts";

/** Keeps notes until the process ends: for trying things out, and for tests. */
export function createMemoryStore({ most = limits.notes }: { most?: number | undefined } = {}): NoteStore {
  const notes = new Map<number, Kept>();
  const activity: ActivityRow[] = [];
  const keys = new Map<string, { input: string; answer: string; at: string; written: KeyUse["written"] }>();
  const attachments = new Map<string, Attachment>();
  const owners = new Map<string, NoteStore>();
  let seq = 0;
  let lastNumber = 0;
  let liveCount = 0;
  let closed = false;

  const open = () => {
    if (closed) throw new NotesError("closed", "The notes are closed: the server is stopping.");
  };
  const live = () => [...notes.values()].filter((kept) => kept.row.deleted_at === null);

  function useOf({ key, input, expired }: NonNullable<Change["key"]>): KeyUse | undefined {
    const used = keys.get(key);
    if (used === undefined || used.at < expired) return undefined;
    return { same: used.input === input, written: used.written, answer: used.answer };
  }

  function refusal({ writes, latest, key }: Change): Committed | undefined {
    const used = key && useOf(key);
    if (used) return { outcome: "replayed", ...used };
    const stale = writes.some((write) => {
      return write.type !== "created" && notes.get(write.number)?.row.seq !== write.seq;
    });
    if (stale || (latest !== undefined && latest !== seq)) return { outcome: "stale" };
    const free = most - liveCount;
    const arriving = writes.filter(({ type }) => type === "created" || type === "restored").length;
    const leaving = writes.filter(({ type }) => type === "deleted").length;
    return arriving > 0 && arriving - leaving > free ? { outcome: "full", free: Math.max(0, free) } : undefined;
  }

  function apply(write: Write, at: string): NoteRow {
    if (write.type === "created") {
      const { title, body, tags, front, folder, file, derived } = write;
      const number = ++lastNumber;
      const times = { created_at: write.created_at ?? at, updated_at: write.updated_at ?? at, deleted_at: null };
      const content = { title, body, tags, front, folder, file };
      const row = { number, size: Buffer.byteLength(body), version: 1, ...content, ...times, seq };
      notes.set(number, { row, derived, tags: derived.tags.map(({ tag }) => tag), revisions: [] });
      return row;
    }
    const kept = notes.get(write.number);
    if (kept === undefined) throw new Error(`no note ${idOf(write.number)}`); // refusal() has looked
    const { row, revisions } = kept;
    if (write.type === "updated") {
      const { title, body, tags, front, folder, file } = write;
      revisions.push({
        version: row.version,
        title: row.title,
        size: row.size,
        tags: row.tags,
        updated_at: row.updated_at,
        front: row.front,
        body: row.body,
      });
      if (revisions.length > limits.revisions) revisions.splice(1, 1); // never the first: a repeated create answers with it
      kept.row = {
        ...row,
        title,
        body,
        size: Buffer.byteLength(body),
        tags,
        front,
        folder,
        file,
        version: row.version + 1,
        updated_at: write.updated_at ?? at,
        seq,
      };
    } else {
      kept.row = { ...row, deleted_at: write.type === "deleted" ? at : null, seq };
    }
    if (write.type === "deleted") delete kept.derived;
    else {
      kept.derived = write.derived;
      kept.tags = write.derived.tags.map(({ tag }) => tag);
    }
    return kept.row;
  }

  const store: NoteStore = {
    async find(numbers) {
      open();
      return numbers.flatMap((number) => notes.get(number)?.row ?? []).map(copy);
    },
    async list(query) {
      open();
      return listOf([...notes.values()], query).map(headOf);
    },
    async search({ terms, tag, ceiling, offset, limit }) {
      open();
      return live()
        .filter((kept) => kept.row.number <= ceiling && (tag === undefined || hasTag(kept, tag)))
        .map((kept) => ({ row: kept.row, score: kept.derived ? scoreOf(kept.derived.words, terms) : 0 }))
        .filter((hit) => hit.score > 0)
        .sort((a, b) => b.score - a.score || b.row.number - a.row.number)
        .slice(offset, offset + limit)
        .map((hit) => copy(hit.row));
    },
    async revisions(number, { before = Number.POSITIVE_INFINITY, limit }) {
      open();
      const earlier = notes.get(number)?.revisions.filter((revision) => revision.version < before) ?? [];
      return earlier
        .reverse()
        .slice(0, limit)
        .map(({ front: _front, body: _body, ...head }) => head);
    },
    async revision(number, version) {
      open();
      const found = notes.get(number)?.revisions.find((revision) => revision.version === version);
      return found && { ...found, tags: [...found.tags] };
    },
    async tags({ after, limit }) {
      open();
      const counts = new Map<string, number>();
      for (const { tags } of live()) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
      return [...counts]
        .map(([tag, count]) => ({ tag, notes: count }))
        .sort((a, b) => compareText(a.tag, b.tag))
        .filter(({ tag }) => after === undefined || compareText(tag, after) > 0)
        .slice(0, limit);
    },
    async folders({ after, limit }) {
      open();
      const folders = Map.groupBy(live(), ({ row }) => row.folder);
      return [...folders]
        .map(([folder, inside]) => ({ folder, notes: inside.length }))
        .sort((a, b) => compareText(a.folder, b.folder))
        .filter(({ folder }) => after === undefined || compareText(folder, after) > 0)
        .slice(0, limit);
    },
    async placed(folder, file) {
      open();
      return live().find(({ row }) => row.folder === folder && row.file === file)?.row.number;
    },
    async named(keys) {
      open();
      return namesIn(live()).filter(({ key }) => keys.includes(key));
    },
    async linking(number, { after = 0, limit }) {
      open();
      const linking = linksOf(live()).filter(({ from, to }) => to === number && from !== number && from > after);
      return [...new Set(linking.map(({ from }) => from))].sort((a, b) => a - b).slice(0, limit);
    },
    async orphans({ after = 0, limit }) {
      open();
      const linked = new Set(linksOf(live()).flatMap(({ from, to }) => (from === to ? [] : [to])));
      const found = live().filter(({ row }) => row.number > after && !linked.has(row.number));
      return { rows: found.slice(0, limit).map(headOf) };
    },
    async broken({ after, limit }) {
      open();
      const attached = new Set([...attachments.keys()].map((path) => titleKey(lastPart(path))));
      const found = linksOf(live())
        .filter(({ to, key }) => to === undefined && !attached.has(key))
        .map(({ path, from }) => ({ path, number: from }))
        .sort((a, b) => compareText(a.path, b.path) || a.number - b.number)
        .filter(
          (link) => after === undefined || (compareText(link.path, String(after[0])) || link.number - after[1]) > 0,
        );
      return { rows: found.slice(0, limit) };
    },
    blobs: createMemoryBlobs(),
    async attach(attachment) {
      open();
      attachments.set(attachment.path, attachment);
    },
    async attachment(path) {
      open();
      return attachments.get(path);
    },
    async attachments({ after, limit }) {
      open();
      return [...attachments.values()]
        .sort((a, b) => compareText(a.path, b.path))
        .filter(({ path }) => after === undefined || compareText(path, after) > 0)
        .slice(0, limit);
    },
    async activity({ after, before = Number.POSITIVE_INFINITY, limit }) {
      open();
      const rows = after === undefined ? activity.filter((row) => row.seq < before).reverse() : activity.slice(after);
      return structuredClone(rows.slice(0, limit));
    },
    async head() {
      open();
      return { seq, number: lastNumber, live: liveCount };
    },
    async used(key) {
      open();
      return useOf(key);
    },
    async commit(change, waiting) {
      open();
      waiting?.signal?.throwIfAborted();
      const refused = refusal(change);
      if (refused) return refused;
      seq++;
      for (const { type } of change.writes) liveCount += { created: 1, restored: 1, deleted: -1, updated: 0 }[type];
      const rows = change.writes.map((write) => apply(write, change.at));
      const changes = rows.map(({ number, version }, at) => ({
        type: change.writes[at]?.type ?? "updated",
        number,
        version,
      }));
      activity.push({ seq, at: change.at, action: change.action, changes });
      if (change.key) {
        const { key, input, answer, expired } = change.key;
        for (const [old, { at }] of keys) if (at < expired) keys.delete(old);
        keys.delete(key); // a new one goes to the end
        keys.set(key, {
          input,
          answer,
          at: change.at,
          written: changes.map(({ number, version }) => [number, version]),
        });
        for (const old of keys.keys()) if (keys.size > limits.keys) keys.delete(old);
      }
      return { outcome: "done", rows: rows.map(copy) };
    },
    problem: async () => undefined,
    async of(owner) {
      open();
      if (owner === "") return store;
      const own = owners.get(owner) ?? createMemoryStore({ most });
      owners.set(owner, own);
      // Closed by itself it could be asked for again, and is all there is of these notes.
      return { ...own, close: async () => {} };
    },
    watch: () => () => {}, // no other process sees this memory
    async close() {
      closed = true;
      for (const own of owners.values()) await own.close();
    },
  };
  return store;
}
