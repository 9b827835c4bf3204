import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/fixtures/same-cases.ts"],
    // Many tests start a process, which takes its time on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Servers that tests start: with V8's cache of compiled code each takes a third less CPU.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/compile") },
    expect: { poll: { timeout: 60_000 } },
  },
});
