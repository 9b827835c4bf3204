import { defineConfig } from "tsup";

export default defineConfig({
  entry: { main: "src/main.ts", offshoot: "src/offshoot.ts", "play-child": "src/eval/play-child.ts" },
  format: "esm",
  target: "node22",
  // Chunks: what both bins share, and what only a terminal or a merge needs.
  splitting: true,
  clean: true,
  dts: false,
  // Without this `node:sqlite` becomes `sqlite`, which does not exist.
  removeNodeProtocol: false,
});
