import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openNotes } from "../../src/domain/notes.ts";
import { lossOf } from "../../src/domain/store/log-loss.ts";
import { databaseName } from "../../src/domain/store/open.ts";
import { temporaryFolder } from "../fixtures/folder.ts";

const long = process.env.OFFSHOOT_LONG === "1";
const page = 4096;
const frame = page + 24;

/** The three files of a server that was killed. */
interface Files {
  db: Buffer;
  wal: Buffer;
  shm: Buffer | undefined;
}

const endings = { db: "", wal: "-wal", shm: "-shm" } as const;

const read = (file: string): Files => {
  const [db, wal, shm] = Object.values(endings).map((ending) => readFileSync(file + ending));
  return { db: db ?? Buffer.alloc(0), wal: wal ?? Buffer.alloc(0), shm };
};

function write(folder: string, files: Files): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const file = join(folder, databaseName);
  for (const [name, ending] of Object.entries(endings)) {
    const bytes = files[name as keyof Files];
    if (bytes !== undefined) writeFileSync(file + ending, bytes);
  }
  return file;
}

/** How many changes SQLite finds, which decides what is lost. It may find the database broken too. */
function changesIn(files: Files, folder: string): number {
  const file = write(folder, files);
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return Number(db.prepare("SELECT count(*) AS count FROM activity").get()?.count);
  } catch {
    return -1;
  } finally {
    db.close();
  }
}

/** A database whose log holds changes, of a second run behind which frames of the first still stand. */
async function killed(changes = 6): Promise<{ folder: string; states: Files[] }> {
  const folder = await temporaryFolder();
  const data = join(folder, "data");
  const notes = await openNotes({ store: "sqlite", data });
  const file = join(data, databaseName);
  for (let count = 0; count < 6; count++) await notes.create({ title: `old ${count}`, body: "x".repeat(20_000) });
  const other = new DatabaseSync(file);
  other.exec("PRAGMA wal_checkpoint(PASSIVE)");
  const states: Files[] = [];
  for (let count = 0; count < changes; count++) {
    await notes.create({ title: `new ${count}`, body: "y".repeat(count * 1_000) });
    states.push(read(file));
  }
  other.close();
  await notes.close();
  return { folder, states };
}

const flip = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x55;
  return copy;
};

const last = (states: Files[]): Files => states.at(-1) as Files;
const framesIn = ({ shm }: Files): number => shm?.readUInt32LE(16) ?? 0;

describe("a log in which something was damaged", () => {
  test("is refused where SQLite would leave out a change without a word, and nowhere else", async () => {
    const { folder, states } = await killed();
    const whole = last(states);
    const [at, scratch] = [join(folder, "at"), join(folder, "scratch")];
    const all = changesIn(whole, scratch);
    expect(all).toBe(12);
    const used = framesIn(whole);
    expect(whole.wal.length / frame).toBeGreaterThan(used + 5); // frames of the run before stand behind
    const places: number[] = [];
    for (let byte = 0; byte < 32; byte++) places.push(byte);
    for (let one = 0; one < whole.wal.length / frame - 1; one++)
      for (const byte of [0, 4, 8, 12, 16, 20, 24, 2_000, 4_119]) places.push(32 + one * frame + byte);
    const wrong: unknown[] = [];
    let [lost, kept] = [0, 0];
    for (const [index, place] of places.entries()) {
      if (!long && index % 11 !== 0 && place !== 17) continue;
      for (const shm of [whole.shm, undefined]) {
        const files = { ...whole, wal: flip(whole.wal, place), shm };
        const found = changesIn(files, scratch);
        const loss = lossOf(write(at, files), page);
        if (found === all) kept++;
        else lost++;
        // The last change alone cannot be told from one that was being written, where there is no shared memory.
        const open = found === all || (shm === undefined && found === all - 1);
        if (found === all ? loss !== undefined : loss === undefined && !open)
          wrong.push({ place, found, loss, shm: !!shm });
      }
    }
    expect(wrong).toEqual([]);
    expect([lost > 20, kept > 20]).toEqual([true, true]);
  });

  test("is refused where it was cut at any frame, as long as its shared memory is there", async () => {
    const { folder, states } = await killed();
    const whole = last(states);
    const [at, scratch] = [join(folder, "at"), join(folder, "scratch")];
    for (let frames = 0; frames <= framesIn(whole); frames++) {
      for (const more of [0, 10, 2_000]) {
        const files = { ...whole, wal: whole.wal.subarray(0, 32 + frames * frame + more) };
        const complete = changesIn(files, scratch) === 12;
        expect([frames, lossOf(write(at, files), page) === undefined]).toEqual([frames, complete]);
      }
    }
  });

  test.each<[string, (files: Files, other: Files) => Partial<Files>, RegExp]>([
    ["other bytes all over", ({ wal }) => ({ wal: Buffer.alloc(wal.length, "foreign bytes ") }), /is damaged/],
    [
      "other bytes all over, without its shared memory",
      ({ wal }) => ({ wal: Buffer.alloc(wal.length, "foreign"), shm: undefined }),
      /is damaged/,
    ],
    ["zeros all over", ({ wal }) => ({ wal: Buffer.alloc(wal.length), shm: undefined }), /is damaged/],
    ["a damaged header", ({ wal }) => ({ wal: flip(wal, 17) }), /is damaged/],
    ["the log of another database in its place", (_, { wal, shm }) => ({ wal, shm }), /belongs to another/],
    [
      "the log of another database, without shared memory",
      (_, { wal }) => ({ wal, shm: undefined }),
      /belongs to another/,
    ],
  ])("with %s a start is refused with what to do, and changes no file", async (_, damage, message) => {
    const [{ folder, states }, { states: others }] = [await killed(), await killed(9)];
    const files = { ...last(states), ...damage(last(states), last(others)) };
    const data = join(folder, "at");
    const file = write(data, files);
    for (const _attempt of [1, 2]) {
      const refused = await openNotes({ store: "sqlite", data }).catch((error: Error) => error);
      expect(refused).toMatchObject({ code: "damaged", message: expect.stringMatching(message) });
      expect(refused).toMatchObject({ message: expect.stringMatching(/Nothing was changed.*backup/s) });
      expect([readFileSync(file).equals(files.db), readFileSync(`${file}-wal`).equals(files.wal)]).toEqual([
        true,
        true,
      ]);
    }
  });
});

describe("a log as a crash leaves it", () => {
  /** The states of a disk that lost its power in the last change: each of its frames is there, half there, or not. */
  const torn = (before: Files, after: Files, fates: number[]): Buffer => {
    const wal = Buffer.alloc(after.wal.length);
    after.wal.copy(wal);
    const [from, to] = [framesIn(before), framesIn(after)];
    for (let one = from; one < to; one++) {
      const start = 32 + one * frame;
      const old = before.wal.subarray(start, start + frame);
      const fate = fates[one - from] ?? 0;
      if (fate === 0) continue;
      const length = fate === 1 ? frame : fate === 2 ? 512 : 3_584;
      const bytes = Buffer.alloc(length);
      old.copy(bytes, 0, 0, Math.min(length, old.length));
      bytes.copy(wal, start + (fate === 3 ? frame - length : 0));
    }
    return wal;
  };

  test("opens whatever of the last change reached the disk", async () => {
    const { folder, states } = await killed();
    const at = join(folder, "at");
    let missing = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: states.length - 1 }),
        fc.array(fc.nat(3), { minLength: 40, maxLength: 40 }),
        fc.constantFrom("before", "none"),
        fc.option(fc.nat(200_000), { nil: undefined }),
        (which, fates, memory, cut) => {
          const [before, after] = [states[which - 1], states[which]] as [Files, Files];
          const wal = torn(before, after, fates);
          // A file that became longer with the change may be cut in it.
          const least = Math.max(32 + framesIn(before) * frame, before.wal.length);
          const size = cut === undefined ? wal.length : Math.max(least, Math.min(wal.length, least + cut));
          const files = { db: after.db, wal: wal.subarray(0, size), shm: memory === "none" ? undefined : before.shm };
          expect(lossOf(write(at, files), page)).toBeUndefined();
          if (!wal.equals(after.wal)) missing++;
        },
      ),
      { numRuns: long ? 2_000 : 150 },
    );
    expect(missing).toBeGreaterThan(50);
  });

  test("opens where nothing but a header, or part of one, was written", async () => {
    const { folder, states } = await killed();
    const at = join(folder, "at");
    const { db, wal } = last(states);
    for (const size of [0, 10, 31, 32, 33, 2_000]) {
      expect(lossOf(write(at, { db, wal: wal.subarray(0, size), shm: undefined }), page)).toBeUndefined();
    }
  });

  test("with nothing lost, the notes are opened and all there", async () => {
    const { folder, states } = await killed();
    const data = join(folder, "at");
    write(data, last(states));
    const notes = await openNotes({ store: "sqlite", data });
    expect((await notes.list({ limit: 100 })).notes).toHaveLength(12);
    await notes.close();
  });
});
