import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    setupFiles: ["test/fixtures/same-cases.ts"],
    // Many tests have a handler throw on purpose, and the harness prints what was masked.
    silent: "passed-only",
    // Many tests start a process, which takes its time on a busy machine.
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // Hundreds of servers are started from their sources: with V8's cache each takes 0.2 s of CPU instead of 0.5.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/compile") },
    expect: { poll: { timeout: 60_000 } },
  },
});
