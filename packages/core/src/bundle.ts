import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Options } from "tsup";
import { compileStart } from "./bundle/compile-start.ts";
import { readIdentity } from "./bundle/identity.ts";
import { lazyBuiltins, lazyPackages } from "./bundle/lazy.ts";
import { besideIt, leaveOut } from "./bundle/leave-out.ts";
import { oneStart } from "./bundle/one-start.ts";
import { recordStart } from "./bundle/record-start.ts";
import { sdkParsing, sdkSchemas, zodFunctions } from "./bundle/shake.ts";
import { views } from "./bundle/views.ts";

/** When a server that has started writes its compile cache, in ms after its process began. */
const CACHE_AFTER_MS = 2_000;

/** What {@link bundleServer} takes. */
export interface BundleOptions {
  /** Files that have to stay files of their own beside the server: a worker, by its name in `dist/`. @default none */
  workers?: Record<string, string> | undefined;
  /**
   * Arguments without which the server cannot start. It is started a few times as it is bundled, in an empty folder: the
   * JSON Schemas of its tools go into the bundle, and what runs in a start is compiled with its file.
   *
   * @default none
   */
  args?: readonly string[] | undefined;
}

/**
 * The tsup configuration of a published server: `src/main.ts` and everything it imports in `dist/`, started by
 * `dist/main.js`, with no dependency at run time and the licences of what was bundled. Each page of `src/views/` becomes
 * one document in `dist/views/`.
 *
 * @example export default bundleServer();
 */
export function bundleServer({ workers = {}, args = [] }: BundleOptions = {}): Options {
  return {
    entry: { server: "src/main.ts", ...workers },
    format: "esm",
    target: "node22",
    // Everything in, but lazy imports stay files of their own: HTTP, and the SDK of the era that a client does not
    // speak.
    noExternal: [/.*/],
    splitting: true,
    esbuildPlugins: [
      oneStart("src/main.ts"),
      leaveOut,
      besideIt,
      zodFunctions,
      sdkSchemas,
      sdkParsing,
      lazyBuiltins,
      lazyPackages,
      views,
    ],
    clean: true,
    dts: false,
    // Half the download. For stack traces that you can read, run src/main.ts.
    minify: true,
    // Without this `node:sqlite` becomes `sqlite`, which does not exist.
    removeNodeProtocol: false,
    // CommonJS packages in the bundle ask for Node's own modules by `require`. Made when one does: every file has it.
    banner: {
      js: 'const require = (id) => process.getBuiltinModule("node:module").createRequire(import.meta.url)(id);',
    },
    metafile: true,
    esbuildOptions(options) {
      options.define = { ...options.define, OFFSHOOT_BUILD: JSON.stringify(readIdentity()) };
      // What oneStart adds: imports for nothing but the files that they lead to, and defaults that may not be there.
      options.logOverride = { "ignored-bare-import": "silent", "import-is-undefined": "silent" };
    },
    onSuccess: () => finish(args),
  };
}

// Node compiles a module before it runs it: only a file of its own can switch the cache on in time, and say that this
// Node is too old before something newer fails to load. So nothing here is newer than Node 14.
// Node writes its cache at an orderly exit, which a client that kills its servers never lets happen; and what has run
// by then is more than a start needs. So it is written once the first answers are out.
const entry = ({ name, engines }: { name: string; engines: { node: string } }) => `#!/usr/bin/env node
import * as module from "node:module";
const needed = "${engines.node.replace(">=", "")}";
const [major, minor] = process.versions.node.split(".").map(Number);
const [wantedMajor, wantedMinor] = needed.split(".").map(Number);
if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
  process.stderr.write("${name} needs Node " + needed + " or newer. This is Node " + process.versions.node + ".\\n");
  process.exit(1);
}
module.enableCompileCache();
setTimeout(() => module.flushCompileCache(), ${CACHE_AFTER_MS}).unref();
const schemas = process.getBuiltinModule("node:fs").readFileSync(new URL("ready-schemas.json", import.meta.url), "utf8");
globalThis[Symbol.for("offshoot.readySchemas")] = new Map(JSON.parse(schemas));
await import("./server.js");
`;

/** Adds what runs first, `dist/main.js`, what its start would convert, and the licences of what was bundled. */
async function finish(args: readonly string[]): Promise<void> {
  const { schemas } = recordStart(["dist/server.js", ...args], []);
  writeFileSync("dist/ready-schemas.json", JSON.stringify(schemas));
  writeFileSync("dist/main.js", entry(JSON.parse(readFileSync("package.json", "utf8"))), { mode: 0o755 });
  // With the schemas that are ready: what converts them is no part of a start.
  compileStart("dist/main.js", args);
  writeFileSync("dist/THIRD-PARTY-LICENSES.txt", licences("dist/metafile-esm.json"));
  rmSync("dist/metafile-esm.json");
}

/** The licence text of every package in the bundle, which nearly all of them ask for where their code is passed on. */
function licences(metafile: string): string {
  const { inputs } = JSON.parse(readFileSync(metafile, "utf8")) as { inputs: Record<string, unknown> };
  const found = new Map<string, string>();
  for (const folder of new Set(Object.keys(inputs).map((input) => packageOf(dirname(input))))) {
    if (folder === "." || folder === undefined) continue;
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    const text = file === undefined ? "" : `\n\n${readFileSync(join(folder, file), "utf8").trim()}`;
    found.set(`${name}@${version}`, `${name} ${version} (${license})${text}`);
  }
  return `${[...found.values()].sort().join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

/** The nearest folder upwards whose package.json has a name: nested ones often only say `"type"`. */
function packageOf(folder: string): string | undefined {
  const file = join(folder, "package.json");
  if (existsSync(file) && "name" in JSON.parse(readFileSync(file, "utf8"))) return folder;
  const parent = dirname(folder);
  return parent === folder ? undefined : packageOf(parent);
}
