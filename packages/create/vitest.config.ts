import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/fixtures/same-cases.ts"],
    // Whole projects are made, installed and built here.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Hundreds of commands are started: with V8's cache each takes two thirds of the CPU.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/compile") },
  },
});
