import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { link, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { spawn } from "@offshoot/core/testing";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "./fixtures/folder.ts";
import { watchedFolders } from "./fixtures/watched.ts";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));

/** Runs the bin to its end, with stdin closed. */
async function run(args: string[], env: Record<string, string> = {}) {
  const running = promisify(execFile)(process.execPath, [main, ...args], { env: { ...process.env, ...env } });
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
      const client = await spawn(process.execPath, { args: [entry, "."] });
      const tools = await client.tools();
      await client.close();
      return tools;
    };
    expect(await listed(main)).toEqual(await listed(main.replace(/main\.js$/, "server.js")));
  });

  test.each(["2025", "2026"] as const)(
    "takes the folders as the official server does, for a client of %s",
    async (era) => {
      const [one, two] = [await temporaryFolder(), await temporaryFolder()];
      const client = await spawn(process.execPath, { args: [main, one, two], era });
      const { text } = await client.call("list_allowed_directories");
      expect(text).toBe(`Allowed directories:\n${one}\n${two}`);
      const path = join(two, "f.txt");
      expect(await client.call("write_file", { path, content: "on disk\n" })).toMatchObject({
        isError: false,
        text: `Successfully wrote to ${path}`,
      });
      // In a worker, which is a file of its own beside the bundle.
      const found = await client.call("search_content", { path: two, pattern: "on d.sk" });
      expect(found.text).toBe(`${path}:1:on disk`);
      await client.close();
      expect(await readFile(path, "utf8")).toBe("on disk\n");
    },
  );

  test("finds text in files that are in what --encoding says, and in UTF-8", async () => {
    const root = await temporaryFolder();
    await writeFile(join(root, "japanese.txt"), Buffer.from("93fa967b8cea0a", "hex"));
    await writeFile(join(root, "utf8.txt"), "日本語\n");
    const client = await spawn(process.execPath, { args: [main, "--encoding", "shift_jis", root] });
    const found = await client.call("search_content", { path: ".", pattern: "^日本.$" });
    expect(found.text).toBe("japanese.txt:1:日本語\nutf8.txt:1:日本語");
    await client.close();
  });

  test.runIf(process.platform === "linux").each(["2025", "2026"] as const)(
    "a client of %s that subscribes hears of what others do, and what is watched for it ends when it has heard enough",
    async (era) => {
      const root = await temporaryFolder();
      const path = join(root, "f.txt");
      await writeFile(path, "1");
      const heard: unknown[] = [];
      const onNotification = (_method: string, { uri }: Record<string, unknown>) => heard.push(uri);
      const client = await spawn(process.execPath, { args: [main, root], era, onNotification });
      const uri = pathToFileURL(path).href;
      const unsubscribe = await client.subscribe([uri]);
      expect(watchedFolders(client.pid)).toBe(1);
      await writeFile(path, "2");
      await expect.poll(() => heard).toContain(uri);
      await unsubscribe();
      await expect.poll(() => watchedFolders(client.pid)).toBe(0);
      await client.close();
    },
  );

  test("with the read-only profile, tools that write are not listed and not callable", async () => {
    const root = await temporaryFolder();
    const client = await spawn(process.execPath, { args: [main, root, "--profile", "read-only"] });
    expect(
      (await client.tools()).filter(({ annotations }) => !(annotations as { readOnlyHint?: true }).readOnlyHint),
    ).toEqual([]);
    await expect(client.call("write_file", { path: join(root, "f"), content: "" })).rejects.toThrow();
    expect(existsSync(join(root, "f"))).toBe(false);
    await client.close();
  });

  test("the strict profile refuses a file with two names, the standard one does not", async () => {
    const root = await temporaryFolder();
    await writeFile(join(root, "f"), "F");
    await link(join(root, "f"), join(root, "g"));
    for (const profile of ["standard", "strict"]) {
      const client = await spawn(process.execPath, { args: [main, "--profile", profile, root] });
      expect((await client.call("read_text_file", { path: "g" })).isError).toBe(profile === "strict");
      await client.close();
    }
  });

  test("takes the folders from the environment, too, and leaves when its client does", async () => {
    const [one, two] = [await temporaryFolder(), await temporaryFolder()];
    const { code, stdout } = await run([], { FILESYSTEM_ROOTS: [one, two].join(delimiter) });
    expect([code, stdout]).toEqual([0, ""]);
  });

  test("does not start without a folder, or on one that is none", async () => {
    expect(await run([])).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(
        /^offshoot-filesystem: <root> is wrong: name at least one folder to work in\..*\n$/,
      ),
    });
    const file = join(await temporaryFolder(), "f");
    await writeFile(file, "");
    const { code, stdout, stderr } = await run([file]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  test("explains itself and exits", async () => {
    const { code, stdout } = await run(["--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Usage: offshoot-filesystem \[flags\] <root>…[\s\S]*--quota-bytes <number>[\s\S]*Examples:/);
  });
});
