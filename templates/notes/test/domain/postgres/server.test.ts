import { existsSync } from "node:fs";
import { dirname } from "node:path";
import pg from "pg";
import { expect, inject, test } from "vitest";
import { startChild } from "../../fixtures/child.ts";

const runs = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test("the database of a test run is a real Postgres", async () => {
  const client = new pg.Client({ connectionString: inject("postgres") });
  await client.connect();
  const { rows } = await client.query("SHOW server_version_num");
  expect(Number(rows[0].server_version_num)).toBeGreaterThanOrEqual(130_000);
  await client.end();
});

test("a run that is killed leaves no server and no file behind", async ({ skip }) => {
  if (process.platform === "win32") skip("there is no socket to look for");
  const child = startChild("database.ts", []);
  await child.started;
  const [folder = "", pid] = child.lines()[0]?.split(" ") ?? [];
  expect([runs(Number(pid)), existsSync(folder)]).toEqual([true, true]);
  await child.kill();
  await expect.poll(() => [runs(Number(pid)), existsSync(dirname(folder))]).toEqual([false, false]);
});
