import { fileURLToPath } from "node:url";
import type { Plugin } from "./plugin.ts";

/** Where core is, seen from its sources and from its build. */
const core = fileURLToPath(new URL("..", import.meta.url));

/**
 * Loads Node's own modules when they are first used. An `import` loads them before anything runs, with every one of
 * their exports, some of which load more: those named here are a tenth of a server's start.
 */
export const lazyBuiltins: Plugin = {
  name: "lazy-builtins",
  setup(build) {
    const builtins =
      /^(?:node:)?(assert|child_process|crypto|dns|dns\/promises|fs|fs\/promises|http|https|net|os|perf_hooks|process|stream|stream\/web|timers\/promises|tls|url|util|worker_threads|zlib)$/;
    build.onResolve({ filter: builtins }, ({ path, kind }) =>
      // `import()` is lazy as it is.
      kind === "dynamic-import" ? { path, external: true } : { path, namespace: "lazy-builtin" },
    );
    build.onLoad({ filter: /.*/, namespace: "lazy-builtin" }, ({ path }) => {
      const load = `process.getBuiltinModule(${JSON.stringify(path)})`;
      const builtin = process.getBuiltinModule(path) as object;
      // esbuild copies the members of a CommonJS module for each file that imports it, and takes its prototype as it
      // is. So they stand there.
      if (typeof builtin !== "function")
        return { contents: `module.exports = Object.create(new Proxy({}, { get: (_, name) => ${load}[name] }));` };
      // A module that is itself called: `assert(…)`.
      const getters = Object.keys(builtin).map((name) => `get ${name}() { return ${load}.${name}; }`);
      const call = `function (...given) { return ${load}.apply(this, given); }`;
      return {
        contents: `module.exports = Object.defineProperties(${call}, Object.getOwnPropertyDescriptors({ ${getters.join(", ")} }));`,
      };
    });
  },
};

/**
 * Runs pino when core asks for its function, which is at the first line that is logged. `import` has no lazy form that
 * is sync, and a log that has to be awaited could lose its last lines.
 */
export const lazyPino: Plugin = {
  name: "lazy-pino",
  setup(build) {
    build.onResolve({ filter: /^pino$/ }, ({ importer, resolveDir }) =>
      // Only for core, which uses this one export; the `require` below is pino itself.
      importer.startsWith(core) ? { path: "pino", namespace: "lazy", pluginData: resolveDir } : undefined,
    );
    build.onLoad({ filter: /^pino$/, namespace: "lazy" }, ({ pluginData }) => ({
      contents: 'module.exports = { get pino() { return require("pino").pino; } };',
      resolveDir: pluginData,
    }));
  },
};
