import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Plugin } from "./plugin.ts";

/**
 * `import { z }` takes all of zod, because `z` is an object with everything in it; `import * as z` means the same and
 * takes what is used, which is half.
 */
export const zodFunctions: Plugin = {
  name: "zod-functions",
  setup(build) {
    build.onLoad({ filter: /\.[jt]s$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const contents = source.replace(
        /^import \{ z(?: as (\w+))? \} from (["'])zod\2/gm,
        (_all, name: string = "z") => `import * as ${name} from "zod"`,
      );
      if (contents === source) return undefined;
      return { contents, loader: path.endsWith(".ts") ? "ts" : "js", resolveDir: dirname(path) };
    });
  },
};

/**
 * The 2025 SDK makes a schema for every message of the protocol, for clients too, as it loads. Said to have no side
 * effect, those that nothing refers to fall out.
 */
export const sdkSchemas: Plugin = {
  name: "sdk-schemas",
  setup(build) {
    // A statement of TypeScript's output ends where the next line is neither indented nor a closing bracket.
    const schema = /^((?:export )?const \w+ = )((?:z|\w+Schema)\.[\s\S]*?);(?=\n(?:[^\s})]|$))/gm;
    build.onLoad({ filter: /sdk[\\/]dist[\\/]esm[\\/]types\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(schema, "$1/* @__PURE__ */ (() => $2)();"),
      resolveDir: dirname(path),
    }));
  },
};

/**
 * zod compiles a parser for a schema when it is first used. The 2025 SDK parses with a schema once or twice in a
 * connection (calls do not come by here), and the first time is while a client waits for its first answer.
 */
export const sdkParsing: Plugin = {
  name: "sdk-parsing",
  setup(build) {
    build.onLoad({ filter: /sdk[\\/]dist[\\/]esm[\\/]server[\\/]zod-compat\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(
        "z4mini.safeParse(schema, data)",
        "z4mini.safeParse(schema, data, { jitless: true })",
      ),
      resolveDir: dirname(path),
    }));
  },
};
