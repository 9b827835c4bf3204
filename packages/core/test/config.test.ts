// One configuration, promoted: where values come from, the digest that says they are the same, the lock that holds them.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { digestOf, factsOf } from "../src/config/config-facts.ts";
import { loadConfig } from "../src/settings.ts";

const folder = mkdtempSync(join(tmpdir(), "offshoot-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "staging.json");
const lock = join(folder, "config.lock.json");
const main = fileURLToPath(new URL("./fixtures/main.ts", import.meta.url));
const write = (path: string, value: unknown) =>
  writeFileSync(path, typeof value === "string" || Buffer.isBuffer(value) ? value : JSON.stringify(value));

const Own = z.object({ greeting: z.string().default("hello").describe("A setting of the lab's own") });
const lab = { name: "lab", version: "1.0.0", description: "a server for tests", envPrefix: "LAB" };

/** What a start prints and its exit code; `undefined` where it goes on. */
function start(argv: string[], env: Record<string, string> = {}): { text: string; code: unknown } {
  let text = "";
  const write = (chunk: string | Uint8Array) => {
    text += chunk;
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(write);
  vi.spyOn(process.stderr, "write").mockImplementation(write);
  const left = new Error("left");
  const exit = vi.spyOn(process, "exit").mockImplementation(() => {
    throw left;
  });
  try {
    loadConfig(Own, { ...lab, argv, env });
  } catch (error) {
    if (error !== left) throw error;
  }
  const code = exit.mock.calls[0]?.[0];
  vi.restoreAllMocks();
  return { text, code };
}
const printed = (argv: string[], env?: Record<string, string>) =>
  JSON.parse(start([...argv, "--print-config"], env).text);

beforeEach(() => write(file, { logLevel: "warn", greeting: "from the file", port: 4000 }));

test("--print-config says what each setting is and where it comes from: flag, environment, file, default", () => {
  const config = printed(["--config", file, "--port", "5000"], { LAB_GREETING: "from the environment" });
  expect(config).toMatchObject({ name: "lab", version: "1.0.0", digest: expect.stringMatching(/^sha256-[\w-]{43}$/) });
  expect(config.values).toMatchObject({
    port: { value: 5000, from: "--port", perEnvironment: true },
    greeting: { value: "from the environment", from: "LAB_GREETING", perEnvironment: false },
    logLevel: { value: "warn", from: file },
    transport: { value: "stdio", from: "default" },
  });
});

test("what is configured is frozen, to its depth", () => {
  const config = loadConfig(z.object({}), { ...lab, argv: ["--allowed-hosts", "a,b"], env: {} });
  expect(() => Object.assign(config, { port: 1 })).toThrow(TypeError);
  expect(() => config.allowedHosts.push("c")).toThrow(TypeError);
});

describe("the digest", () => {
  test("is the same wherever a value comes from, and in every environment", () => {
    const { digest } = printed(["--log-level", "warn", "--greeting", "hi"]);
    write(file, { greeting: "hi", logLevel: "warn" });
    expect(printed(["--config", file, "--port", "1", "--control", "c.json"]).digest).toBe(digest);
    expect(printed([], { LAB_GREETING: "hi", LAB_LOG_LEVEL: "warn", LAB_HOST: "127.0.0.2" }).digest).toBe(digest);
    expect(printed(["--log-level", "warn"]).digest).not.toBe(digest);
  });

  test("is the same for any order of keys, and another for any other value", () => {
    const values = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string())));
    fc.assert(
      fc.property(values, fc.string(), fc.string(), (given, key, value) => {
        const turned = Object.fromEntries(Object.entries(given).reverse());
        expect(digestOf(turned)).toBe(digestOf(given));
        if (given[key] !== value) expect(digestOf({ ...given, [key]: value })).not.toBe(digestOf(given));
      }),
    );
  });

  test("is in the first line of the log, of a process that nobody asks for anything", () => {
    const { PATH = "" } = process.env;
    const { stderr, status } = spawnSync(process.execPath, [main], { env: { PATH }, input: "", encoding: "utf8" });
    const [first] = stderr.split("\n").filter((line) => line.startsWith("{"));
    expect(status).toBe(0);
    expect(JSON.parse(first as string)).toMatchObject({ msg: "started", config: printed([]).digest });
  });
});

describe("a setting whose value JSON does not have", () => {
  const Odd = z.object({
    names: z
      .string()
      .transform((text) => new Set(text.split(" ")))
      .default(new Set())
      .describe("Names"),
    budget: z.coerce.bigint().default(0n).describe("A budget"),
    none: z
      .string()
      .transform(() => null)
      .optional()
      .describe("Nothing"),
  });
  const digest = (...argv: string[]) => factsOf(loadConfig(Odd, { ...lab, argv, env: {} }))?.digest;

  test("counts in the digest all the same", () => {
    expect(digest("--names", "a b")).not.toBe(digest("--names", "a c"));
    expect(digest("--names", "a b")).toBe(digest("--names", "a b"));
    expect(digest("--budget", "1")).not.toBe(digest("--budget", "2"));
  });

  test("is as one that is not set where it is null, as what is printed says", () => {
    expect(digest("--none", "x")).toBe(digest());
  });
});

describe("secrets", () => {
  const Keyed = z.object({ key: z.string().optional().describe("A key").meta({ secret: true }) });
  const load = (key: string) => loadConfig(Keyed, { ...lab, argv: ["--key", key], env: {} });

  test("are in no digest", () => {
    expect(factsOf(load("env:A"))?.digest).toBe(factsOf(load("file:/b"))?.digest);
  });
});

describe("a configuration file that cannot be taken is refused by name", () => {
  test.each([
    ["not JSON", "{", "it is not JSON"],
    ["a list", "[]", "it is not a JSON object"],
    ["null", "null", "it is not a JSON object"],
    ["a key that stands twice", '{"port":1,"p\\u006frt":2}', 'it has "port" twice in one object'],
    ["an unknown setting", { loglevel: "warn" }, 'unknown setting "loglevel". Did you mean logLevel?'],
    ["an object", { greeting: {} }, '"greeting" is not a text, a number, true, false or a list of them'],
    ["a list of lists", { greeting: [[]] }, '"greeting" is not a text'],
    ["null for a value", { greeting: null }, '"greeting" is not a text'],
    ["a file of its own", { config: "x" }, '"config" names another file'],
    ["a wrong value", { port: 99_999 }, `${file} is wrong:`],
    ["a prototype", '{"__proto__":{"port":1}}', 'unknown setting "__proto__"'],
    ["lines that are no JSON", "no\nJSON\u001b[2J", "it is not JSON"],
    ["bytes that are no text", Buffer.from('{"greeting":"\xff"}', "latin1"), "it is not UTF-8"],
    ["an item with a comma", { allowedHosts: ["a,b"] }, '"allowedHosts" has an item with a comma'],
    ["a list for one text", { greeting: ["a", "b"] }, '"greeting" is one value, and no list'],
    ["a list for one number", { port: [] }, '"port" is one value, and no list'],
    ["a list for a switch", { metrics: [true] }, '"metrics" is one value, and no list'],
    ["a number that loses digits", '{"greeting":12345678901234567890}', "would be read as 12345678901234567000"],
    ["a version that is a number", '{"greeting":1.10}', "would be read as 1.1"],
    ["a number without end", '{"port":1e999}', "would be read as Infinity"],
  ])("%s", (_what, content, message) => {
    write(file, content);
    const { code, text } = start(["--config", file]);
    expect(code).toBe(2);
    expect(text).toContain(message);
    expect(text.trim().split("\n")).toHaveLength(1);
  });

  test("one that is not there, and a folder", () => {
    expect(start(["--config", join(folder, "none.json")])).toEqual({ code: 2, text: expect.stringMatching(/ENOENT/) });
    expect(start(["--config", folder])).toEqual({ code: 2, text: expect.stringMatching(/EISDIR/) });
  });
});

test("a number that is left empty is none: nobody means 0, and not the default either", () => {
  const Kept = z.object({ keepDays: z.coerce.number().min(0).default(7).describe("Days that things are kept") });
  const load = (argv: string[], env: Record<string, string> = {}) => {
    vi.spyOn(process.stderr, "write").mockImplementation(() => true);
    vi.spyOn(process, "exit").mockImplementation((code) => {
      throw new Error(`left with ${code}`);
    });
    try {
      return loadConfig(Kept, { ...lab, argv, env }).keepDays;
    } finally {
      vi.restoreAllMocks();
    }
  };
  expect(load(["--keep-days", "0"])).toBe(0);
  for (const blank of ["", " ", "\t"]) {
    expect(() => load([`--keep-days=${blank}`])).toThrow("left with 2");
    expect(() => load([], { LAB_KEEP_DAYS: blank })).toThrow("left with 2");
    write(file, { keepDays: blank });
    expect(() => load(["--config", file])).toThrow("left with 2");
  }
  expect(start(["--port="])).toEqual({ code: 2, text: expect.stringMatching(/--port is wrong: it is empty/) });
});

describe("--config-lock", () => {
  const promote = (argv: string[] = []) => {
    const { digest, values } = printed(argv) as {
      digest: string;
      values: Record<string, { value: unknown; perEnvironment: boolean }>;
    };
    const kept = Object.entries(values).filter(([, { value, perEnvironment }]) => value !== null && !perEnvironment);
    return { digest, values: Object.fromEntries(kept.map(([key, { value }]) => [key, value])) };
  };

  test("starts with what was promoted, on another port and host", () => {
    write(lock, promote(["--greeting", "hi"]));
    expect(start(["--config-lock", lock, "--greeting", "hi", "--port", "1"])).toEqual({ code: undefined, text: "" });
  });

  test("names the setting that differs, with both values and where the one here comes from", () => {
    write(lock, promote());
    const { code, text } = start(["--config-lock", lock], { LAB_LOG_LEVEL: "debug" });
    expect(code).toBe(2);
    expect(text).toContain(`--log-level is "debug" here (LAB_LOG_LEVEL) and "info" in ${lock}.`);
    expect(text).toContain("npx create-offshoot promote");
  });

  test("refuses a lock that someone changed, and one that cannot be read", () => {
    write(lock, { ...promote(), values: { logLevel: "debug" } });
    expect(start(["--config-lock", lock])).toEqual({ code: 2, text: expect.stringMatching(/someone has changed it/) });
    const twice = JSON.stringify(promote()).replace("{", '{"digest":"sha256-0",');
    for (const broken of ["", "null", "{}", "[]", '{"digest":1,"values":{}}', twice]) {
      write(lock, broken);
      expect(start(["--config-lock", lock])).toEqual({
        code: 2,
        text: expect.stringMatching(/--config-lock .*Write it again/),
      });
    }
  });
});
