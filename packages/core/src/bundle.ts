import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Options } from "tsup";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

/** What {@link bundleServer} takes. */
export interface BundleOptions {
  /** Files that have to stay files of their own beside the server: a worker, by its name in `dist/`. Default none. */
  workers?: Record<string, string>;
}

/**
 * The tsup configuration of a published server: `src/main.ts` and everything it imports in `dist/`, started by
 * `dist/main.js`, with no dependency at run time and the licences of what was bundled.
 *
 * @example export default bundleServer();
 */
export function bundleServer({ workers = {} }: BundleOptions = {}): Options {
  return {
    entry: { server: "src/main.ts", ...workers },
    format: "esm",
    target: "node22",
    // Everything in, but lazy imports stay files of their own: HTTP, and the SDK of the era that a client does not speak.
    noExternal: [/.*/],
    splitting: true,
    esbuildPlugins: [leaveOut, besideIt, lazyBuiltins],
    clean: true,
    dts: false,
    // Half the download. For stack traces that you can read, run src/main.ts.
    minify: true,
    // Without this `node:sqlite` becomes `sqlite`, which does not exist.
    removeNodeProtocol: false,
    // CommonJS packages in the bundle ask for Node's own modules by `require`.
    banner: {
      js: 'import { createRequire as $createRequire } from "node:module"; const require = $createRequire(import.meta.url);',
    },
    metafile: true,
    onSuccess: finish,
  };
}

/**
 * A third of the bundle that never runs: zod's other languages, the JSON schema validators that core replaces, and the
 * ways to write that pino has and core does not use.
 */
const leaveOut: Plugin = {
  name: "leave-out",
  setup(build) {
    build.onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, ({ path }) => ({
      contents: 'export { default as en } from "./en.js";',
      resolveDir: dirname(path),
    }));
    // Core gives pino a stream of its own; these two are for those who give it none.
    build.onLoad({ filter: /pino[\\/]lib[\\/]transport\.js$|sonic-boom[\\/]index\.js$/ }, () => ({
      contents:
        "module.exports = function () { throw new Error('left out of the bundle, see @offshoot/core/bundle'); };",
    }));
    const validator = "{ getValidator() { throw new Error('left out of the bundle, see @offshoot/core/bundle'); } }";
    build.onLoad({ filter: /sdk[\\/]dist[\\/]esm[\\/]validation[\\/]ajv-provider\.js$/ }, () => ({
      contents: `export class AjvJsonSchemaValidator ${validator}`,
    }));
    build.onLoad({ filter: /server[\\/]dist[\\/]shimsNode\.mjs$/ }, () => ({
      contents: `export { default as process } from "node:process"; export class DefaultJsonSchemaValidator ${validator}`,
    }));
  },
};

/** OpenTelemetry has to be the very copy that the user's SDK registers with, so it stays outside. */
const besideIt: Plugin = {
  name: "beside-it",
  setup(build) {
    build.onResolve({ filter: /^@opentelemetry\// }, ({ path }) => ({ path, external: true }));
  },
};

/**
 * Loads Node's own modules when they are first used. An `import` loads them before anything runs, with every one of
 * their exports, some of which load more: those named here are a tenth of a server's start.
 */
const lazyBuiltins: Plugin = {
  name: "lazy-builtins",
  setup(build) {
    const builtins =
      /^(?:node:)?(assert|child_process|crypto|fs|fs\/promises|os|process|stream|stream\/web|timers\/promises|util)$/;
    build.onResolve({ filter: builtins }, ({ path }) => ({ path, namespace: "lazy-builtin" }));
    build.onLoad({ filter: /.*/, namespace: "lazy-builtin" }, ({ path }) => {
      const load = `process.getBuiltinModule(${JSON.stringify(path)})`;
      const getters = Object.keys(process.getBuiltinModule(path) as object).map(
        (name) => `get ${name}() { return ${load}.${name}; }`,
      );
      return { contents: `module.exports = { ${getters.join(", ")} };` };
    });
  },
};

// Node compiles a module before it runs it: only a file of its own can switch the cache on in time, and say that this
// Node is too old before something newer fails to load. So nothing here is newer than Node 14.
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
await import("./server.js");
`;

/** Adds what runs first, `dist/main.js`, and the licences of what was bundled. */
async function finish(): Promise<void> {
  writeFileSync("dist/main.js", entry(JSON.parse(readFileSync("package.json", "utf8"))), { mode: 0o755 });
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
