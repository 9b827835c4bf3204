import { createHash } from "node:crypto";
import { chmod, chown, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { createNotes, openNotes } from "../../src/domain/notes.ts";
import { type Backup, backUp } from "../../src/domain/store/backup.ts";
import { migrations, schemaVersion } from "../../src/domain/store/migrations.ts";
import { databaseName, openSqliteStore } from "../../src/domain/store/open.ts";
import { startChild } from "../fixtures/child.ts";
import { temporaryFolder } from "../fixtures/folder.ts";

const between = (from: number, to: number) => from + Math.random() * (to - from);

/** Every acknowledged change is there as it was, and the database is whole. */
async function verify(data: string, acknowledged: string[]): Promise<void> {
  const db = new DatabaseSync(join(data, databaseName));
  expect(db.prepare("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
  expect(db.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
  const count = (sql: string) => Number(db.prepare(sql).get()?.count);
  // One activity row wrote each version of each note: no version without one, and none without its version.
  const versions = count("SELECT (SELECT count(*) FROM notes) + (SELECT count(*) FROM revisions) AS count");
  expect(count("SELECT count(*) AS count FROM activity, json_each(activity.changes)")).toBe(versions);
  expect(count("SELECT count(*) AS count FROM activity")).toBe(versions);
  expect(count("SELECT count(*) AS count FROM words")).toBe(count("SELECT count(*) AS count FROM notes"));
  db.close();

  const notes = await openNotes({ store: "sqlite", data });
  for (const line of acknowledged) {
    const [id = "", version, digest] = line.split(" ");
    const { body } = await notes.get(id, Number(version));
    expect(createHash("sha256").update(body).digest("hex")).toBe(digest);
  }
  await notes.close();
}

test("loses nothing acknowledged to kills at any moment", { timeout: 300_000 }, async () => {
  const data = join(await temporaryFolder(), "data");
  const acknowledged: string[] = [];
  for (let kill = 0; kill < (process.env.OFFSHOOT_LONG === "1" ? 50 : 12); kill++) {
    const writer = startChild("writer.ts", [data, "4"]);
    await writer.started;
    await pause(between(30, 250));
    await writer.kill();
    expect(writer.lines().filter((line) => line.startsWith("error"))).toEqual([]);
    acknowledged.push(...writer.lines());
  }
  const created = acknowledged.filter((line) => line.split(" ")[1] === "1");
  expect(new Set(created.map((line) => line.split(" ")[0])).size).toBe(created.length);
  await verify(data, acknowledged);
});

test("has the old schema or the new one after a kill in a migration", async () => {
  const data = await temporaryFolder();
  await (await openNotes({ store: "sqlite", data })).close();
  const file = join(data, databaseName);
  const tables = (db: DatabaseSync) =>
    db.prepare("SELECT name FROM sqlite_schema WHERE name IN ('first', 'second')").all().length;
  for (let kill = 0; kill < 6; kill++) {
    const migrator = startChild("migrator.ts", [file]);
    await migrator.started;
    await pause(between(0, 250));
    await migrator.kill();
    const db = new DatabaseSync(file);
    const version = schemaVersion(db);
    expect([version, tables(db)]).toEqual(
      version === migrations.length ? [migrations.length, 0] : [migrations.length + 1, 2],
    );
    db.close();
  }
  expect(await startChild("migrator.ts", [file]).exited).toBe(0);
  const db = new DatabaseSync(file);
  expect([schemaVersion(db), tables(db)]).toEqual([migrations.length + 1, 2]);
  db.close();
});

test("starts after a kill at any moment of its first start", async () => {
  const folder = await temporaryFolder();
  for (let kill = 0; kill < 8; kill++) {
    const data = join(folder, String(kill));
    const opener = startChild("opener.ts", [data]);
    await pause(between(100, 400));
    await opener.kill();
    const notes = await openNotes({ store: "sqlite", data });
    expect((await notes.create({ title: "A", body: "" })).id).toBe("n1");
    await notes.close();
  }
});

test("says so when the disk takes no more, and keeps what it acknowledged", async ({ skip }) => {
  if (process.platform === "win32") skip("there is no file size limit to set");
  const data = join(await temporaryFolder(), "data");
  const writer = startChild("writer.ts", [data, "1", "Infinity", "50000"], { under: 'ulimit -f 4000; exec "$@"' });
  expect(await writer.exited).toBe(0);
  const lines = writer.lines();
  const acknowledged = lines.filter((line) => line.startsWith("n"));
  expect(acknowledged.length).toBeGreaterThan(5);
  expect(lines.slice(acknowledged.length)).toEqual([
    expect.stringMatching(/^error storage .*disk is full/),
    "still reads 1",
  ]);
  await verify(data, acknowledged);
});

test("refuses to start in a folder it cannot write, and leaves it alone", async ({ skip }) => {
  if (process.platform === "win32") skip("Windows has no read-only folders");
  const folder = await temporaryFolder();
  await chmod(folder, 0o755);
  const root = process.getuid?.() === 0;
  const nobody = root ? { uid: 65534, gid: 65534 } : {};
  const probe = startChild("opener.ts", [join(folder, "x")], { cwd: "/", ...nobody });
  if (root && ((await probe.exited.catch(() => 1)) !== 0 || probe.lines().length === 0)) {
    skip("root ignores permissions, and the user nobody cannot run this Node");
  }
  for (const data of [join(folder, "missing"), join(folder, "there"), join(folder, "full")]) {
    if (!data.endsWith("missing")) await mkdir(data);
    if (data.endsWith("full")) await (await openNotes({ store: "sqlite", data })).close();
    if (root && !data.endsWith("missing")) await chown(data, 65534, 65534);
    await chmod(data.endsWith("missing") ? folder : data, 0o555);
    const opener = startChild("opener.ts", [data], { cwd: "/", ...nobody });
    expect(await opener.exited).toBe(0);
    expect(opener.lines()).toEqual([
      expect.stringMatching(/^storage Cannot write notes into .* \(E[A-Z]+\)\. Choose another folder/),
    ]);
    await chmod(folder, 0o755);
  }
});

test("keeps every note of two processes with four writers each", async () => {
  const data = join(await temporaryFolder(), "data");
  const writers = [startChild("writer.ts", [data, "4", "200"]), startChild("writer.ts", [data, "4", "200"])];
  expect(await Promise.all(writers.map(({ exited }) => exited))).toEqual([0, 0]);
  const acknowledged = writers.flatMap(({ lines }) => lines());
  expect(acknowledged.filter((line) => line.startsWith("error"))).toEqual([]);
  expect(new Set(acknowledged.map((line) => line.split(" ").slice(0, 2).join(" "))).size).toBe(1_600);
  await verify(data, acknowledged);
});

test("backs up what two processes are writing: a prefix of history, whole, that a server starts on", async () => {
  const folder = await temporaryFolder();
  const data = join(folder, "data");
  const writers = [startChild("writer.ts", [data, "2"]), startChild("writer.ts", [data, "2"])];
  await Promise.all(writers.map(({ started }) => started));
  const backups: (Backup & { acknowledged: string[] })[] = [];
  for (let round = 0; round < 4; round++) {
    await pause(between(20, 150));
    const acknowledged = writers.flatMap(({ lines }) => lines());
    backups.push({ ...(await backUp(data, join(folder, "backups", String(round)))), acknowledged });
  }
  // They have gone on behind the last one.
  const until = writers.flatMap(({ lines }) => lines()).length;
  await expect.poll(() => writers.flatMap(({ lines }) => lines()).length).toBeGreaterThan(until);
  await Promise.all(writers.map(({ kill }) => kill()));

  const historyOf = (data: string) => {
    const db = new DatabaseSync(join(data, databaseName), { readOnly: true });
    const rows = db.prepare("SELECT seq, at, action, changes FROM activity ORDER BY seq").all();
    db.close();
    return rows;
  };
  const history = historyOf(data);
  for (const { folder: backup, acknowledged } of backups) {
    const copied = historyOf(backup);
    expect(copied.length).toBeLessThan(history.length);
    expect(copied).toEqual(history.slice(0, copied.length));
    await verify(backup, acknowledged);
  }
  expect((await readdir(join(folder, "backups"))).sort()).toEqual(["0", "1", "2", "3"]);

  const [first] = backups;
  const restored = await openNotes({ store: "sqlite", data: first?.folder ?? "" });
  expect((await restored.create({ title: "Goes on", body: "" })).id).toBe(`n${(first?.notes ?? 0) + 1}`);
  await restored.close();
});

test("a backup is refused, and nothing is made, where there is nothing whole to copy or no place for it", async () => {
  const folder = await temporaryFolder();
  const [data, target] = [join(folder, "data"), join(folder, "backup")];
  await expect(backUp(data, target)).rejects.toMatchObject({ code: "not_found", message: /--data/ });
  await (await openNotes({ store: "sqlite", data })).close();
  await expect(backUp(data, folder)).rejects.toMatchObject({ code: "conflict" });
  const file = join(data, databaseName);
  await expect(backUp(data, join(file, "backup"))).rejects.toMatchObject({
    code: "storage",
    message: /Choose another/,
  });
  const bytes = await readFile(file);
  // The pages behind the first, which `identify` looks at.
  await writeFile(file, bytes.fill(0xff, 4096));
  await expect(backUp(data, target)).rejects.toMatchObject({ code: "damaged" });
  await writeFile(file, "Something else".repeat(20));
  await expect(backUp(data, target)).rejects.toMatchObject({ code: "damaged" });
  expect((await readdir(folder)).sort()).toEqual(["data"]);
});

test("an export that the disk does not take is refused with the reason, and leaves nothing", async ({ skip }) => {
  if (process.platform === "win32") skip("there is no file size limit to set");
  const [data, exchange] = [await temporaryFolder(), await temporaryFolder()];
  const notes = await openNotes({ store: "sqlite", data });
  await notes.create({ title: "Big", body: "x".repeat(1_000_000) });
  await notes.close();
  const exporter = startChild("exporter.ts", [data, exchange], { under: 'ulimit -f 1000; exec "$@"' });
  expect([await exporter.exited, exporter.lines()]).toEqual([
    0,
    [expect.stringMatching(/^storage Nothing was exported: .*\.$/), "left 0"],
  ]);
});

test("answers busy while another process keeps the lock, and never blocks", async () => {
  const data = await temporaryFolder();
  const notes = createNotes(await openSqliteStore(data, { budgetMs: 2_000 }));
  await notes.create({ title: "A", body: "" });
  const locker = startChild("locker.ts", [join(data, databaseName), "BEGIN IMMEDIATE"]);
  await locker.started;

  let turns = 0;
  const timer = setInterval(() => turns++, 5);
  const stop = new AbortController();
  const aborted = notes.create({ title: "B", body: "" }, { signal: stop.signal });
  const writes = Array.from({ length: 5 }, () => notes.create({ title: "C", body: "" }));
  const settled = Promise.allSettled(writes);
  expect((await notes.get("n1")).title).toBe("A"); // readers do not wait
  await pause(100);
  stop.abort();
  await expect(aborted).rejects.toThrow(/abort/i);
  for (const result of await settled) expect(result).toMatchObject({ status: "rejected", reason: { code: "busy" } });
  clearInterval(timer);
  // Writes that blocked would stand still for two seconds each, with a turn or two in between.
  expect(turns).toBeGreaterThan(3 * writes.length);

  await locker.kill();
  expect((await notes.create({ title: "D", body: "" })).id).toBe("n2");
  await notes.close();
});

test("keys, ids and versions survive a restart", async () => {
  const data = await temporaryFolder();
  const open = () => openNotes({ store: "sqlite", data });
  const draft = { title: "A", body: "one", idempotency_key: "k" };
  let notes = await open();
  const first = await notes.create(draft);
  await notes.update({ id: "n1", body: "two" });
  await notes.create({ title: "B", body: "" });
  await notes.remove("n2");
  await notes.close();
  notes = await open();
  expect(await notes.create(draft)).toEqual(first);
  expect((await notes.get("n1", 1)).body).toBe("one");
  expect((await notes.create({ title: "C", body: "" })).id).toBe("n3");
  await notes.close();
  expect((await stat(data)).isDirectory()).toBe(true);
});

test("a new folder and its database are the owner's alone", async ({ skip }) => {
  if (process.platform === "win32") skip("Windows has no modes");
  const data = join(await temporaryFolder(), "a", "b");
  const notes = await openNotes({ store: "sqlite", data });
  await notes.create({ title: "A", body: "" });
  const mode = async (path: string) => (await stat(path)).mode & 0o777;
  expect(await mode(data)).toBe(0o700);
  for (const file of [databaseName, `${databaseName}-wal`, `${databaseName}-shm`])
    expect(await mode(join(data, file))).toBe(0o600);
  await notes.close();
  const header = await readFile(join(data, databaseName));
  expect(header.toString("latin1", 0, 15)).toBe("SQLite format 3");
});

test("another process's changes are told with their ids", async () => {
  const data = await temporaryFolder();
  const notes = createNotes(await openSqliteStore(data, { pollMs: 10 }));
  const events: string[] = [];
  notes.onChange(({ type, id }) => events.push(`${id} ${type}`));
  const writer = startChild("writer.ts", [data, "1", "4"]);
  expect(await writer.exited).toBe(0);
  await expect.poll(() => events).toEqual(["n1 created", "n1 updated", "n2 created", "n2 updated"]);
  await notes.close();
});

test("a store with a listener does not keep the process alive, and warns of nothing", async () => {
  const child = startChild("opener.ts", [await temporaryFolder()]);
  expect(await child.exited).toBe(0);
  expect(child.lines()).toEqual(["open"]);
  expect(child.stderr()).toBe("");
});

test("forty-eight writers of one note, in two processes, are each served", async () => {
  const data = await temporaryFolder();
  const notes = await openNotes({ store: "sqlite", data });
  await notes.create({ title: "Hot", body: "" });
  const other = startChild("hot-writer.ts", [data, "24", "2"]);
  await other.started;
  const mine = Array.from({ length: 24 }, async (_, writer) => {
    for (let turn = 0; turn < 2; turn++)
      await notes.edit({ id: "n1", operation: "append", text: `mine ${writer} ${turn}` });
  });
  await Promise.all(mine);
  expect([await other.exited, other.lines().filter((line) => line.startsWith("error"))]).toEqual([0, []]);
  expect(new Set((await notes.get("n1")).body.trim().split("\n")).size).toBe(96);
  await notes.close();
});
