import { defineConfig } from "tsup";

export default defineConfig({
  entry: [
    "src/index.ts",
    "src/serve.ts",
    "src/bundle.ts",
    "src/resilience/index.ts",
    // A file of its own, so that a server which takes something else of that entry does not bundle opossum.
    "src/resilience/dependency.ts",
    "src/fetch/index.ts",
    "src/verify-audit.ts",
    "src/testing/index.ts",
    "src/evals/index.ts",
    "src/drills/index.ts",
  ],
  format: "esm",
  target: "node22",
  // Chunks keep the lazy imports lazy: a stdio server never loads HTTP, nor the SDK of the era nobody speaks to it.
  splitting: true,
  clean: true,
  dts: false,
  // Without this `node:sqlite` becomes `sqlite`, which does not exist.
  removeNodeProtocol: false,
});
