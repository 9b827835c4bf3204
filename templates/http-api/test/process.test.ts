import { type ChildProcess, execFile, spawn as spawnProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { serveFaults, spawn } from "@offshoot/core/testing";
import { describe, expect, test } from "vitest";
import { descriptionFile } from "./fixtures/description.ts";

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

/** In YAML and OpenAPI 3.0: the way that needs most of what is loaded only when it is needed. */
const description = () =>
  descriptionFile(
    `openapi: 3.0.3
info: { title: Orders, version: "1" }
paths:
  /orders/{id}:
    get:
      operationId: getOrder
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses:
        "200":
          description: Done
          content: { application/json: { schema: { type: object, properties: { id: { type: string } } } } }
`,
    "api.yaml",
  );

describe("the built server", () => {
  test("is built", () => {
    expect(existsSync(main), "run the build first").toBe(true);
  });

  test("lists the same tools with the JSON Schemas that the build made, and without them", async () => {
    const listed = async (entry: string) => {
      const client = await spawn(process.execPath, { args: [entry] });
      const tools = await client.tools();
      await client.close();
      return tools;
    };
    expect(await listed(main)).toEqual(await listed(main.replace(/main\.js$/, "server.js")));
  });

  test.each(["2025", "2026"] as const)("works at once, with an API of its own, for a client of %s", async (era) => {
    const client = await spawn(process.execPath, { args: [main], era });
    const made = await client.call("create_order", { customer: "ada", lines: [{ product: "p1", quantity: 1 }] });
    expect(made.data).toMatchObject({ status: 201, data: { id: "o25", customer: "ada" } });
    expect((await client.call("products_to_restock", { below: 1 })).data).toMatchObject({ complete: true });
    expect(JSON.parse(String((await client.read("order://o25"))[0]?.text))).toMatchObject({ id: "o25" });
    await client.close();
  });

  test("stands before an API of yours: description, base URL, credential and mode from flags or the environment", async () => {
    const upstream = await serveFaults({ do: "answer", body: { id: "o7" } });
    const api = await description();
    const env = { HTTP_API_API: api, HTTP_API_BASE_URL: `${upstream.url}/v2`, SHOP_KEY: "s3cr3t-of-the-shop" };
    const args = [main, "--private-hosts", "127.0.0.1", "--api-auth", "header:X-Key", "--secret", "env:SHOP_KEY"];
    let log = "";
    const onStderr = (text: string) => {
      log += text;
    };
    const dynamic = await spawn(process.execPath, { args, env, onStderr });
    const called = await dynamic.call("call_operation", { operation: "getOrder", input: { id: "o7" } });
    expect(called.data).toEqual({ status: 200, data: { id: "o7" } });
    await dynamic.close();
    const explicit = await spawn(process.execPath, { args: [...args, "--operations", "getOrder"], env, era: "2026" });
    expect((await explicit.call("get_order", { id: "o7" })).data).toEqual({ status: 200, data: { id: "o7" } });
    await explicit.close();
    expect(upstream.seen.map(({ url, headers }) => [url, headers["x-key"]])).toEqual([
      ["/v2/orders/o7", "s3cr3t-of-the-shop"],
      ["/v2/orders/o7", "s3cr3t-of-the-shop"],
    ]);
    expect(log).toMatch(/can be pinned: --pin sha256-\S+\n/);
    expect(log).not.toContain("s3cr3t-of-the-shop");
    await upstream.close();
  });

  test("over HTTP, until a signal ends it", async () => {
    const child: ChildProcess = spawnProcess(process.execPath, [main, "--transport", "http", "--port", "0"]);
    let out = "";
    let log = "";
    child.stdout?.on("data", (text) => (out += text));
    child.stderr?.on("data", (text) => (log += text));
    await expect.poll(() => log, { timeout: 20_000 }).toMatch(/listens on http/);
    const url = /http:\S+/.exec(log)?.[0] as string;
    const { StreamableHTTPClientTransport, Client } = await import("@modelcontextprotocol/client");
    const client = new Client({ name: "test", version: "1.0.0" });
    await client.connect(new StreamableHTTPClientTransport(new URL(url)));
    const result = await client.callTool({ name: "get_order", arguments: { id: "o1" } });
    expect(result.structuredContent).toMatchObject({ status: 200, data: { id: "o1" } });
    await client.close();
    const left = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    expect(await left).toBe(0);
    expect(out).toBe("");
  });

  test("writes only protocol to stdout and leaves, its sample with it, when its client does", async () => {
    const { code, stdout } = await run([]);
    expect([code, stdout]).toEqual([0, ""]);
  });

  test("explains itself and exits", async () => {
    expect(await run(["--help"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/--api <text>[\s\S]*--secret[\s\S]*Examples:/),
    });
    expect((await run(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test.each<[string, string[], Record<string, string>, number, RegExp]>([
    ["an unknown mode", ["--mode", "some"], {}, 2, /--mode is wrong/],
    ["a base URL that is none", [], { HTTP_API_BASE_URL: "shop" }, 2, /HTTP_API_BASE_URL is wrong/],
    ["a setting that does not exist", [], { HTTP_API_TOKEN: "s3cr3t" }, 2, /unknown setting HTTP_API_TOKEN/],
    ["a secret on the command line", ["--api", main, "--api-auth", "bearer", "--secret", "s3cr3t"], {}, 1, /./],
    ["a description that is none", ["--api", main], {}, 1, /neither JSON nor YAML|no OpenAPI/],
    ["an unknown profile", ["--profile", "admin"], {}, 2, /--profile admin is unknown/],
  ])("refuses %s with one line that repeats no secret", async (_what, args, env, code, why) => {
    const result = await run(args, env);
    expect(result).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(why) });
    expect(result.stderr).toMatch(/^[^\n]+\n$/);
    expect(result.stderr).not.toContain("s3cr3t");
  });

  test("refuses a description that is not the pinned one, and says both digests", async () => {
    const { code, stderr } = await run([
      "--api",
      await description(),
      "--base-url",
      "https://a.example",
      "--pin",
      "sha256-x",
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^.*it has sha256-\S+, expected sha256-x\. .*\n$/);
  });

  test("more operations than the caps allow stop the start with what each would cost", async () => {
    const args = [
      "--api",
      await description(),
      "--base-url",
      "https://a.example",
      "--mode",
      "all",
      "--max-tokens",
      "10",
    ];
    const { code, stderr } = await run(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^All 1 operations .* The dearest, in tokens: get_order \d+\.\n$/);
  });
});
