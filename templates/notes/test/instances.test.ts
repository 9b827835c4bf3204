import { fileURLToPath } from "node:url";
import { spawn } from "@offshoot/core/testing";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { emptySchema } from "./fixtures/stores.ts";

const lab = fileURLToPath(new URL("./fixtures/lab.ts", import.meta.url));

async function start(count: number, ...times: number[]) {
  const url = await emptySchema();
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  onTestFinished(() => admin.end());
  await admin.query("CREATE TABLE IF NOT EXISTS paid (key text)");
  const instances = await Promise.all(
    Array.from({ length: count }, () => spawn(process.execPath, { args: [lab, url, ...times.map(String)] })),
  );
  onTestFinished(async () => void (await Promise.all(instances.map((one) => one.close()))));
  const paid = async () => (await admin.query("SELECT key FROM paid ORDER BY key")).rows.map(({ key }) => key);
  return { instances, paid };
}

test("a key that is used at three instances at once is one run, and all get its answer", async () => {
  const { instances, paid } = await start(3, 300);
  const keys = ["a", "b", "c", "d"];
  const answers = await Promise.all(
    keys.flatMap((key) => instances.map(async (one) => [key, (await one.call("pay", { key })).data.by] as const)),
  );
  expect(await paid()).toEqual(keys);
  for (const key of keys) expect(new Set(answers.filter(([of]) => of === key).map(([, by]) => by)).size).toBe(1);
});

test("an instance that is killed in the middle: a repetition waits its time out, and is told that the outcome is unknown", async () => {
  const { instances, paid } = await start(2, 60_000, 10_000);
  const [first, second] = instances;
  const lost = first?.call("pay", { key: "k" }).catch(() => "lost");
  await expect.poll(paid).toEqual(["k"]);
  process.kill(Number(first?.pid), "SIGKILL");
  expect(await lost).toBe("lost");
  const told = async () => (await second?.call("pay", { key: "k" }).catch((error) => error))?.text ?? "";
  await expect.poll(told).toContain("did not come to a known end");
  expect(await paid()).toEqual(["k"]);
});
