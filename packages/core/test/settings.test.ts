// Arguments without a flag. What settings do to a process is in process.test.ts.
import { delimiter } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { loadConfig } from "../src/settings.ts";

const Own = z.object({
  roots: z.array(z.string().min(1), "name a folder").describe("Folders to serve"),
  data: z.string().optional().describe("Another setting"),
});

const load = (argv: string[], env: Record<string, string> = {}) =>
  loadConfig(Own, {
    name: "lab",
    version: "1.0.0",
    description: "a server for tests",
    envPrefix: "LAB",
    positionals: { key: "roots", name: "folder" },
    argv,
    env,
  });

/** What a start that does not happen prints, and its exit code. */
function stopped(argv: string[], env?: Record<string, string>): [printed: string, code: unknown] {
  let printed = "";
  const write = (text: string | Uint8Array) => {
    printed += text;
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(write);
  vi.spyOn(process.stderr, "write").mockImplementation(write);
  const exit = vi.spyOn(process, "exit").mockImplementation(() => {
    throw new Error("left");
  });
  expect(() => load(argv, env)).toThrow("left");
  return [printed, exit.mock.calls[0]?.[0]];
}
afterEach(() => vi.restoreAllMocks());

test("a repeatable flag is one setting, its values joined as its twin in the environment has them", () => {
  const repeated = z.object({ header: z.string().optional().meta({ repeatable: true, description: "Headers" }) });
  const options = { name: "lab", version: "1.0.0", description: "a server for tests", envPrefix: "LAB", env: {} };
  const argv = ["--header", "A=1", "--header", "B=2"];
  expect(loadConfig(repeated, { ...options, argv }).header).toBe("A=1,B=2");
});

describe("arguments without a flag", () => {
  test("go to the setting that takes them, in their order, wherever flags stand", () => {
    expect(load(["b", "--data", "d", "a", "--", "--c"])).toMatchObject({ roots: ["b", "a", "--c"], data: "d" });
  });

  test("have a twin in the environment, and win over it", () => {
    const LAB_ROOTS = ["one", "two, three"].join(delimiter);
    expect(load([], { LAB_ROOTS }).roots).toEqual(["one", "two, three"]);
    expect(load(["four"], { LAB_ROOTS }).roots).toEqual(["four"]);
  });

  test("are checked by their schema and named in what is refused", () => {
    expect(stopped([])).toEqual(["lab: <folder> is wrong: name a folder. See lab --help.\n", 2]);
    expect(stopped([""])[0]).toMatch(/^lab: <folder> is wrong: /);
  });

  test("take no flag of their own", () => {
    expect(stopped(["--roots", "x"])).toEqual([expect.stringMatching(/^lab: unknown flag --roots\. /), 2]);
  });

  test("stand in the help, with their twin", () => {
    const [help, code] = stopped(["--help"]);
    expect(code).toBe(0);
    expect(help).toMatch(/^Usage: lab \[flags\] <folder>…$/m);
    expect(help).toMatch(/^ {2}<folder>… +Folders to serve$/m);
    expect(help).toMatch(/^So has <folder>…: LAB_ROOTS, with "[:;]" between several\.$/m);
  });
});

test("a setting of a server's own whose name is nearly one of core's is refused: users would set the wrong one", () => {
  const withSetting = (key: string) => () =>
    loadConfig(z.object({ [key]: z.string().optional().describe("A setting") }), {
      name: "lab",
      version: "1.0.0",
      description: "a server for tests",
      envPrefix: "LAB",
      argv: [],
      env: {},
    });
  for (const key of ["allowHosts", "allowedHost", "hosts", "ports", "profiles", "port", "logLevels", "transports"])
    expect(withSetting(key), key).toThrow(/is too like --/);
  for (const key of ["privateHosts", "roots", "root", "mode", "apiAuth", "insecureHttp", "data", "store"])
    expect(withSetting(key), key).not.toThrow();
});
