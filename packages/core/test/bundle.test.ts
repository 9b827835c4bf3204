// What stands between the start of a published server and its first answers, by name: an `import` that belongs behind a
// dynamic one shows here.
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { initialize, startServer, toolCall } from "./fixtures/raw.ts";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
// esbuild names files by where they really are.
const folder = mkdtempSync(join(realpathSync(tmpdir()), "offshoot-bundle-"));
const main = join(folder, "dist/main.js");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Output {
  bytes: number;
  entryPoint?: string;
  imports: { path: string; kind: string; external?: boolean }[];
  inputs: Record<string, { bytesInOutput: number }>;
}
let outputs: Record<string, Output>;

const bundle = (cwd: string): Buffer =>
  execFileSync(process.execPath, [path("./fixtures/bundle.ts")], { cwd, stdio: ["ignore", "ignore", "inherit"] });

beforeAll(() => {
  bundle(folder);
  ({ outputs } = JSON.parse(readFileSync(join(folder, "metafile.json"), "utf8")));
});

/** An output and everything that loads with it. */
function closure(name: string, found = new Map<string, Output>()): Map<string, Output> {
  const output = outputs[name];
  if (output === undefined || found.has(name)) return found;
  found.set(name, output);
  for (const { path, kind } of output.imports) if (kind === "import-statement") closure(path, found);
  return found;
}

/** What a client on stdio makes a server load, in either era: its handshake needs no SDK. */
const started = (): Map<string, Output> => closure("dist/server.js");
/** The same with the SDK of the 2025 era, which a question to the user or a subscription needs. */
const withSdk = (): Map<string, Output> => {
  const legacy = Object.keys(outputs).find((name) => name.startsWith("dist/connect-legacy-")) as string;
  return closure(legacy, started());
};
const inputs = (files = started()): string[] =>
  [...files.values()].flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([input, { bytesInOutput }]) => (bytesInOutput > 0 ? [input] : [])),
  );

describe("the start of a bundled server", () => {
  test("loads these packages and no other", () => {
    const packages = inputs().flatMap((input) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? []);
    expect([...new Set(packages)].sort()).toEqual([
      // pino and what belongs to it are in the same file and do not run yet, see below.
      "@pinojs/redact",
      "on-exit-leak-free",
      "pino",
      "pino-std-serializers",
      "quick-format-unescaped",
      "safe-stable-stringify",
      "sonic-boom",
      "zod",
    ]);
  });

  // A file of its own for everything that two lazy parts share would be found, read and linked on its own.
  test("comes in two files: the entry, and all that it imports", () => {
    const sizes = [...started()].map(([name, { bytes }]) => [name.replace(/-[^/]*$/, ""), bytes] as const);
    expect(sizes.map(([name]) => name).sort()).toEqual(["dist/chunk", "dist/server.js"]);
    // What is awaited here may be a lazy part, which waits for everything that it imports.
    expect(Object.fromEntries(sizes)["dist/server.js"]).toBeLessThan(1_000);
  });

  test("imports these modules of Node's and no other", () => {
    const builtins = [...started().values()].flatMap(({ imports }) =>
      imports.flatMap(({ path, kind, external }) => (external === true && kind === "import-statement" ? [path] : [])),
    );
    expect([...new Set(builtins)].sort()).toEqual(["node:buffer", "node:path"]);
  });

  test("has nothing of authentication in it, which HTTP alone has and only when it is asked for", () => {
    const part = /core\/dist\/(open|oauth|key-set|api-keys|proxy)-|\/jose\//;
    expect(inputs().filter((input) => part.test(input))).toEqual([]);
    // They are in the package all the same.
    const all = Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs));
    expect(new Set(all.flatMap((input) => part.exec(input)?.[0] ?? [])).size).toBe(6);
  });

  test("carries of zod and the 2025 SDK what it uses", () => {
    expect(inputs().filter((input) => /zod\/v4\/(core\/compile|classic\/from-json-schema)\.js$/.test(input))).toEqual(
      [],
    );
    const text = [...withSdk().keys()].map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
    expect(text).toContain("notifications/initialized");
    expect(text).not.toContain("notifications/roots/list_changed");
  });

  test("knows of no policy: what decides is loaded where one is chosen", () => {
    const texts = (names: Iterable<string>) => [...names].map((name) => readFileSync(join(folder, name), "utf8"));
    const isPolicy = (text: string) => text.includes("calls+inputs digest");
    expect(texts(started().keys()).some(isPolicy)).toBe(false);
    expect(texts(Object.keys(outputs).filter((name) => name.endsWith(".js"))).some(isPolicy)).toBe(true);
  });

  test("compiles no parser and loads no SDK for a handshake and a list, and one of them for a level", async () => {
    const note =
      "process.getBuiltinModule('module').registerHooks({ load(url, context, next) { if (url.includes('/connect-')) process.stderr.write('loaded\\n'); return next(url, context); } });" +
      "globalThis.Function = new Proxy(Function, { construct(target, [...words]) { if (words.at(-1) !== '') process.stderr.write('compiled\\n'); return Reflect.construct(target, words); } });";
    await using server = startServer(["--import", `data:text/javascript,${encodeURIComponent(note)}`, main]);
    server.write(
      initialize(0),
      { jsonrpc: "2.0", method: "notifications/initialized" },
      { jsonrpc: "2.0", id: 1, method: "tools/list" },
    );
    await server.lines.id(1);
    expect(server.stderr()).not.toMatch(/compiled|loaded/);
    server.write({ jsonrpc: "2.0", id: 2, method: "logging/setLevel", params: { level: "error" } });
    await server.lines.id(2);
    await server.until((text) => text.includes("loaded"));
  });

  test("finds nearly every function that a handshake and a list run in the compile cache", async () => {
    const temporary = join(folder, "compiled");
    const log = join(folder, "functions.log");
    const start = async (end: (server: ReturnType<typeof startServer>) => unknown): Promise<void> => {
      const flags = ["--log-function-events", "--no-logfile-per-isolate", `--logfile=${log}`];
      await using server = startServer([...flags, main], {
        TMPDIR: temporary,
        TEMP: temporary,
        NODE_COMPILE_CACHE: "",
      });
      server.write(initialize(0), { jsonrpc: "2.0", id: 1, method: "tools/list" });
      await server.lines.id(1);
      end(server);
      await server.exited;
    };
    // The cache is written at an orderly end; what that runs is no part of what is counted.
    await start(({ child }) => child.stdin?.end());
    await start(({ child }) => child.kill("SIGKILL"));
    const lines = readFileSync(log, "utf8").split("\n");
    const ours = lines.flatMap((line) => /^script-details,(\d+),.*dist\/(?:chunk-|server)/.exec(line)?.[1] ?? []);
    const compiled = lines.filter((line) => ours.includes(/^function,parse-function,(\d+),/.exec(line)?.[1] ?? ""));
    expect(ours.length).toBeGreaterThan(0);
    // Without compileEarly they are 377.
    expect(compiled.length).toBeLessThan(60);
  });

  test("runs pino, and the modules of Node's that it asks for, when a line is logged", async () => {
    const note =
      "const get = process.getBuiltinModule; process.getBuiltinModule = (name) => { get('fs').writeSync(2, 'asked for ' + name + '\\n'); return get(name); };";
    await using server = startServer(["--import", `data:text/javascript,${encodeURIComponent(note)}`, main]);
    server.write(initialize(0), { jsonrpc: "2.0", id: 1, method: "tools/list" });
    await server.lines.id(1);
    const asked = new Set(server.stderr().match(/(?<=asked for ).*/g));
    // node:fs for the JSON Schemas that are ready, and loaded in any case; the others for standard streams.
    expect([...asked].sort()).toEqual(["node:fs", "node:stream", "node:util"]);
    server.write(toolCall(2, "greet", { name: "Ada" }));
    await server.lines.id(2);
    await server.until((text) => text.includes('"name":"greet"'));
    expect(server.stderr()).toContain("asked for node:module\n");
  });
});

describe("the JSON Schemas of a bundled server's tools", () => {
  const file = join(folder, "dist/ready-schemas.json");
  const list = async (entry: string): Promise<{ inputSchema: { title?: string } }[]> => {
    await using server = startServer([join(folder, "dist", entry)]);
    server.write(initialize(0), { jsonrpc: "2.0", id: 1, method: "tools/list" });
    const { result } = (await server.lines.id(1)) as unknown as { result: { tools: never[] } };
    return result.tools;
  };

  test("are those that a conversion makes, which server.js does without them", async () => {
    const listed = await list("main.js");
    expect(JSON.parse(readFileSync(file, "utf8")).length).toBeGreaterThan(1);
    expect(listed).toEqual(await list("server.js"));
  });

  test("come from the bundle, unless the schema is another one than that was made for", async () => {
    const text = readFileSync(file, "utf8");
    const ready = JSON.parse(text) as [source: string, schema: object][];
    try {
      writeFileSync(file, JSON.stringify(ready.map(([source, schema]) => [source, { ...schema, title: "ready" }])));
      expect((await list("main.js")).map(({ inputSchema }) => inputSchema.title)).toEqual(["ready"]);
      writeFileSync(
        file,
        JSON.stringify(ready.map(([source, schema]) => [`${source} `, { ...schema, title: "ready" }])),
      );
      expect((await list("main.js")).map(({ inputSchema }) => inputSchema.title)).toEqual([undefined]);
    } finally {
      writeFileSync(file, text);
    }
  });
});

test("node:http is loaded without its facade, which loads undici, http2 and tls", async () => {
  const cwd = join(folder, "http");
  mkdirSync(join(cwd, "src"), { recursive: true });
  writeFileSync(
    join(cwd, "src/main.ts"),
    `import { createServer } from "node:http";
     createServer();
     console.log(process.moduleLoadList.filter((name) => /undici|http2/.test(name)).join(" ") || "none");`,
  );
  bundle(cwd);
  expect(execFileSync(process.execPath, [join(cwd, "dist/main.js")], { encoding: "utf8" })).toBe("none\n");
});

test("what guards a dependency runs with its first call", () => {
  const cwd = join(folder, "guarded");
  mkdirSync(join(cwd, "src"), { recursive: true });
  writeFileSync(
    join(cwd, "src/main.ts"),
    `import { createGuard } from "@offshoot/core/fetch";
     import { dependency } from "@offshoot/core/resilience";
     createGuard([]);
     const api = dependency("api", { cache: { ttlMs: 1_000 } });
     console.log("made");
     console.log((await api.for("host").run({}, { key: "one" }, () => "ran")).value);`,
  );
  bundle(cwd);
  // lru-cache asks for Node's channels.
  const note =
    "const get = process.getBuiltinModule; process.getBuiltinModule = (name) => { if (/module|channel/.test(name)) console.log(name); return get(name); };";
  const run = ["--import", `data:text/javascript,${encodeURIComponent(note)}`, join(cwd, "dist/server.js")];
  const [first, ...lines] = execFileSync(process.execPath, run, { encoding: "utf8" }).trim().split("\n");
  expect(first).toBe("made");
  expect(lines).toEqual(expect.arrayContaining(["node:diagnostics_channel", "ran"]));
});

test("a server that is killed leaves a compile cache for the next start", async () => {
  const temporary = join(folder, "temporary");
  await using server = startServer([main], { TMPDIR: temporary, TEMP: temporary, NODE_COMPILE_CACHE: "" });
  server.write(initialize(0));
  await server.lines.id(0);
  const cached = (): string[] =>
    existsSync(temporary)
      ? readdirSync(temporary, { recursive: true, encoding: "utf8" }).filter((name) =>
          name.includes("node-compile-cache"),
        )
      : [];
  while (cached().length < 4) await sleep(20);
  server.child.kill("SIGKILL");
  await server.exited;
});

test("what is imported lazily is the same in a bundle", () => {
  const cwd = join(folder, "lazily");
  const sources = {
    "main.ts": `import { word } from "./shared.ts";
      const found = [await import("./named.ts"), await import("./default.ts"), await import("./common.cjs")];
      const node = await import("node:fs/promises");
      console.log(word, found[0].named, found[1].default, found[2].default, typeof node.readFile);
      console.log(await import("not-installed").catch(() => "nothing"));`,
    "shared.ts": 'export const word = "shared";',
    "named.ts": 'import { word } from "./shared.ts"; export const named = word + " and named";',
    "default.ts": 'import { word } from "./shared.ts"; export default word + " by default";',
    "common.cjs": "exports.__esModule = true; exports.default = 'by a compiler of old';",
  };
  mkdirSync(join(cwd, "src"), { recursive: true });
  for (const [name, text] of Object.entries(sources)) writeFileSync(join(cwd, "src", name), text);
  bundle(cwd);
  const run = (file: string): string => execFileSync(process.execPath, [join(cwd, file)], { encoding: "utf8" });
  expect(run("dist/main.js")).toBe(run("src/main.ts"));
});
