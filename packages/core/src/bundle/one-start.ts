import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Plugin } from "./plugin.ts";

/**
 * Keeps what a start loads in one file. esbuild gives modules a file of their own for every set of lazy parts that
 * share them: a dozen small files, each found, read and linked on its own, which was a tenth of a start. When every
 * lazy part imports the whole of the start, which has long been loaded by then, there is one set and one file.
 *
 * @param main the entry point; it stays in a file of its own, because a lazy part that waited for its end while it
 * awaits that part would wait forever
 */
export const oneStart = (main: string): Plugin => ({
  name: "one-start",
  setup(build) {
    // For the lookup of the real module, which would otherwise come by here again.
    const looked = Symbol("looked up");
    build.onResolve({ filter: /.*/ }, async ({ path, kind, pluginData, ...from }) => {
      if (kind !== "dynamic-import" || pluginData === looked) return undefined;
      const found = await build.resolve(path, { ...from, kind, pluginData: looked });
      // esbuild's own to say: what is optional may be missing.
      if (found.errors.length > 0) return undefined;
      if (found.external || found.namespace !== "file") return found;
      // What the default of CommonJS is depends on who imports it, so that must not become another.
      if (!/^(?:import|export)\b/m.test(readFileSync(found.path, "utf8"))) return found;
      return { path: found.path, namespace: "lazy-part" };
    });
    build.onLoad({ filter: /.*/, namespace: "lazy-part" }, ({ path }) => {
      const part = JSON.stringify(path);
      const start = readFileSync(main, "utf8").matchAll(/^import (?!type )[^"']*(["'].+?["'])/gm);
      return {
        // `export *` leaves the default out.
        contents: [
          ...Array.from(start, ([, from]) => `import ${from};`),
          `export * from ${part}; import * as part from ${part}; export default part.default;`,
        ].join("\n"),
        resolveDir: dirname(main),
      };
    });
  },
});
