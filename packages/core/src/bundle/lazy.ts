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
      /^(?:node:)?(assert|child_process|crypto|diagnostics_channel|dns|dns\/promises|fs|fs\/promises|http|https|net|os|perf_hooks|process|stream|stream\/web|timers\/promises|tls|url|util|worker_threads|zlib)$/;
    build.onResolve({ filter: builtins }, ({ path, kind }) =>
      // `import()` is lazy as it is.
      kind === "dynamic-import" ? { path, external: true } : { path, namespace: "lazy-builtin" },
    );
    build.onLoad({ filter: /.*/, namespace: "lazy-builtin" }, ({ path }) => {
      // Kept: a client of HTTP asserts twenty times for each request.
      const kept = `let found; const load = () => (found ??= process.getBuiltinModule(${JSON.stringify(path)}));`;
      const builtin = process.getBuiltinModule(path) as object;
      // esbuild copies the members of a CommonJS module for each file that imports it, and takes its prototype as it
      // is. So they stand there.
      if (typeof builtin !== "function")
        return {
          contents: `${kept} module.exports = Object.create(new Proxy({}, { get: (_, name) => load()[name] }));`,
        };
      // A module that is itself called: `assert(…)`.
      const getters = Object.keys(builtin).map((name) => `get ${name}() { return load().${name}; }`);
      const call = "function (...given) { return load().apply(this, given); }";
      return {
        contents: `${kept} module.exports = Object.defineProperties(${call}, Object.getOwnPropertyDescriptors({ ${getters.join(", ")} }));`,
      };
    });
  },
};

/** Packages that core does not use at the start, and what it imports of each. */
const LATER: Readonly<Record<string, string>> = {
  pino: "pino",
  "lru-cache": "LRUCache",
  "ipaddr.js": "default",
};

/**
 * Runs a package when core first uses what it imports of it: pino at the first line that is logged, what guards a
 * dependency at its first call. `import` has no lazy form that is sync, and a log that has to be awaited could lose its
 * last lines.
 */
export const lazyPackages: Plugin = {
  name: "lazy-packages",
  setup(build) {
    build.onResolve({ filter: /^(?:pino|lru-cache|ipaddr\.js)$/ }, ({ path, importer, resolveDir }) =>
      // Only for core, which uses this one export; the `require` below is the package itself.
      importer.startsWith(core)
        ? { path: `later:${path}:`, namespace: "lazy", pluginData: { path, resolveDir } }
        : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "lazy" }, ({ pluginData: { path, resolveDir } }) => {
      const load = `require(${JSON.stringify(path)})`;
      const name = LATER[path] as string;
      // The default of a CommonJS module is the module itself: here something that is made or asked as it would be.
      const contents =
        name === "default"
          ? `module.exports = new Proxy(function () {}, { get: (_, name) => ${load}[name], construct: (_, given) => Reflect.construct(${load}, given) });`
          : `module.exports = { get ${name}() { return ${load}.${name}; } };`;
      return { contents, resolveDir };
    });
  },
};
