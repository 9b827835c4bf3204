import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Whole projects are made, installed and built here.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
