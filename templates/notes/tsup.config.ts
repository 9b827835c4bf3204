import { defineConfig } from "tsup";
import { finish, leaveOut } from "./bundle.ts";

export default defineConfig({
  entry: { server: "src/main.ts" },
  format: "esm",
  target: "node22",
  // Everything in, but lazy imports stay files of their own: HTTP, and the SDK of the era that a client does not speak.
  noExternal: [/.*/],
  splitting: true,
  esbuildPlugins: [leaveOut],
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
});
