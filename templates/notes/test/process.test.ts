import { execFile, spawn as startProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { spawn } from "@offshoot/core/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "./fixtures/folder.ts";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));

/** Runs the bin to its end, with stdin closed. */
async function run(...args: (string | { node: string[] })[]) {
  const words = args.filter((arg) => typeof arg === "string");
  const flags = args.flatMap((arg) => (typeof arg === "string" ? [] : arg.node));
  const running = promisify(execFile)(process.execPath, [...flags, main, ...words]);
  running.child.stdin?.end();
  return running.then(
    (output) => ({ code: 0, ...output }),
    (error) => ({ code: error.code, stdout: error.stdout, stderr: error.stderr }),
  );
}

describe("the built server", () => {
  test("is built", () => {
    expect(existsSync(main), "run the build first").toBe(true);
  });

  test("lists the same tools with the JSON Schemas that the build made, and without them", async () => {
    const listed = async (entry: string) => {
      const client = await spawn(process.execPath, { args: [entry, "--store", "memory"] });
      const tools = await client.tools();
      await client.close();
      return tools;
    };
    expect(await listed(main)).toEqual(await listed(main.replace(/main\.js$/, "server.js")));
  });

  test.each(["2025", "2026"] as const)("keeps notes from one process to the next for a client of %s", async (era) => {
    const data = await temporaryFolder();
    const start = () => spawn(process.execPath, { args: [main, "--data", data], era });
    let client = await start();
    await client.call("create_note", { title: "Kept", body: "on disk" });
    await client.close();
    client = await start();
    expect((await client.call("get_note", { id: "n1" })).data).toMatchObject({ title: "Kept", body: "on disk" });
    await client.close();
    expect((await readdir(data)).sort()).toEqual(["notes.db"]);
  });

  test("keeps twenty notes that were created at once, on disk", async () => {
    const data = await temporaryFolder();
    const start = () => spawn(process.execPath, { args: [main, "--data", data] });
    let client = await start();
    await Promise.all(Array.from({ length: 20 }, (_, i) => client.call("create_note", { title: `N ${i}`, body: "" })));
    await client.close();
    client = await start();
    expect((await client.call("list_notes", { limit: 100 })).data.notes).toHaveLength(20);
    await client.close();
  });

  test("backs up while a server runs, into a folder that another one starts on", async () => {
    const data = await temporaryFolder();
    const client = await spawn(process.execPath, { args: [main, "--data", data] });
    await client.call("create_note", { title: "Kept", body: "twice" });
    await mkdir(join(data, "exchange", "vault"), { recursive: true });
    await writeFile(join(data, "exchange", "vault", "pic.png"), "pixels");
    await client.call("import_notes", { folder: "vault" });
    const backup = join(data, "backups", "today");
    expect(await run("--data", data, "--backup", backup)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^1 notes \(\d+ bytes\) are in .*today\. Start a server on them with --data\.\n$/),
      stderr: "",
    });
    expect(await run("--data", data, "--backup", backup)).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/^.*today exists\. Nothing was changed: name a folder that does not\.\n$/),
    });
    await client.close();
    const other = await spawn(process.execPath, { args: [main, "--data", backup] });
    expect((await other.call("get_note", { id: "n1" })).data).toMatchObject({ title: "Kept", body: "twice" });
    expect(await other.read("attachment://pic.png")).toMatchObject([
      { blob: Buffer.from("pixels").toString("base64") },
    ]);
    await other.close();
  });

  test("says over HTTP and in the log that its database is gone, and takes no write", async () => {
    const data = await temporaryFolder();
    const server = startProcess(process.execPath, [main, "--data", data, "--transport", "http", "--port", "0"]);
    let log = "";
    server.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      log += chunk;
    });
    onTestFinished(() => void server.kill("SIGKILL"));
    await expect.poll(() => log).toMatch(/http:\/\/127\.0\.0\.1:\d+/);
    const [origin] = /http:\/\/127\.0\.0\.1:\d+/.exec(log) ?? [];
    const ready = async () => (await fetch(`${origin}/readyz`)).status;
    expect(await ready()).toBe(200);
    await rm(join(data, "notes.db"));
    expect(await ready()).toBe(503);
    await expect.poll(() => log).toMatch(/"alert":"not ready"[^\n]*database was moved, removed or replaced/);
  });

  test("writes only protocol to stdout and leaves when its client does", async () => {
    const { code, stdout } = await run("--store", "memory");
    expect([code, stdout]).toEqual([0, ""]);
  });

  test("two processes share one database, and each hears of the other's changes", async () => {
    const data = await temporaryFolder();
    const heard: string[] = [];
    const args = [main, "--data", data];
    const listener = await spawn(process.execPath, { args, onNotification: (_, { uri }) => heard.push(String(uri)) });
    const writer = await spawn(process.execPath, { args });
    await listener.subscribe(["note://n1"]);
    await writer.call("create_note", { title: "A", body: "" });
    await expect.poll(() => heard).toContain("note://n1");
    expect((await listener.call("get_note", { id: "n1" })).data).toMatchObject({ title: "A" });
    await writer.close();
    await listener.close();
  });

  test("explains itself and exits", async () => {
    const help = await run("--help");
    expect(help).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/--data <text>[\s\S]*--exchange[\s\S]*Examples:/),
    });
    expect(await run("--store", "cloud")).toMatchObject({ code: 2, stdout: "" });
  });

  test("an older Node is told in one line which one it takes", async () => {
    const pretend = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })";
    const { code, stdout, stderr } = await run({ node: ["--import", `data:text/javascript,${pretend}`] });
    expect([code, stdout, stderr]).toEqual([
      1,
      "",
      "@offshoot/notes needs Node 22.18 or newer. This is Node 20.20.2.\n",
    ]);
  });

  test("refuses a damaged database with one clear line", async () => {
    const data = await temporaryFolder();
    await writeFile(join(data, "notes.db"), "no database");
    const { code, stdout, stderr } = await run("--data", data);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^.*notes\.db is damaged or no database\. Nothing was changed: .*\n$/);
  });
});
