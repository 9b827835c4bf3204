import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { spawn } from "@offshoot/core/testing";
import { describe, expect, test } from "vitest";
import { emptySchema } from "./fixtures/stores.ts";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const args = [main, "--store", "postgres", "--database-url", "env:NOTES_DATABASE_URL"];

/** Runs the bin to its end, with stdin closed. */
async function run(words: string[], env: Record<string, string> = {}) {
  const running = promisify(execFile)(process.execPath, [main, ...words], { env: { ...process.env, ...env } });
  running.child.stdin?.end();
  return running.then(
    (output) => ({ code: 0, ...output }),
    (error) => ({ code: error.code, stdout: error.stdout, stderr: error.stderr }),
  );
}

describe("the built server on Postgres", () => {
  test.each(["2025", "2026"] as const)("shares notes between two processes for clients of %s", async (era) => {
    const env = { NOTES_DATABASE_URL: await emptySchema() };
    const heard: string[] = [];
    const onNotification = (_: string, { uri }: Record<string, unknown>) => void heard.push(String(uri));
    const [listener, writer] = await Promise.all([
      spawn(process.execPath, { args, era, env, onNotification }),
      spawn(process.execPath, { args, era, env }),
    ]);
    await listener.subscribe(["note://n1"]);
    const note = { title: "A", body: "shared", idempotency_key: "k" };
    await writer.call("create_note", note);
    await expect.poll(() => heard).toContain("note://n1");
    // The key holds on whichever of them it arrives.
    expect((await listener.call("create_note", note)).data).toMatchObject({ id: "n1" });
    expect((await listener.call("search_notes", { query: "shared" })).data.notes).toHaveLength(1);
    await Promise.all([listener.close(), writer.close()]);
  });

  test("says in one line what is wrong with its database, and never the password", async () => {
    const url = "postgres://notes:hunter2@127.0.0.1:1/notes";
    expect(await run(["--store", "postgres"])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^--store postgres needs --database-url/),
    });
    expect(await run(["--store", "postgres", "--database-url", url])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^offshoot-notes: --database-url is wrong: it is a secret.*env:NAME or file:.*\n$/),
    });
    expect(await run(["--store", "postgres", "--database-url", "env:MISSING"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("the environment has no MISSING"),
    });
    const refused = await run(["--store", "postgres"], { NOTES_DATABASE_URL: url });
    expect(refused).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/^The database cannot be reached/),
    });
    const wrong = (await emptySchema()).replace(/:[^:@]*@/, ":hunter2@");
    const locked = await run(["--store", "postgres"], { NOTES_DATABASE_URL: wrong });
    expect(locked).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/does not let this server in/) });
    for (const { stderr } of [refused, locked]) expect(stderr).not.toContain("hunter2");
  });
});
