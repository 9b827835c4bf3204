import { join } from "node:path";
import { defineConfig } from "vitest/config";

/**
 * What starts processes, replaces something that a process has one of, measures memory, or breaks a dependency that a
 * module keeps: each in a worker of its own.
 */
const APART = [
  "test/{bundle,config,draining,fleet,http,process,settings,stderr}.test.ts",
  "test/admission/{burst,degradation}.test.ts",
  "test/auth/{keys-and-proxy,mcp-remote,opening-streams,swapped-files}.test.ts",
  "test/{control,drills,field,runbooks,telemetry,ui}/**/*.test.ts",
  "test/docs/{deploy,let-others-in,orders,readme,roll-out-canary,upstream-faults}.test.ts",
  "test/docs/recipes/**/*.test.ts",
  "test/policy/switch.test.ts",
  "test/testing/{contract,leaks,masked-errors,requirements,spawn}.test.ts",
  "test/views/host.test.ts",
];

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: "apart", include: APART } },
      // Both SDKs are evaluated once in a worker, which is most of what a short file takes. Last, so that no core waits
      // for the other's long file.
      { extends: true, test: { name: "together", include: ["test/**/*.test.ts"], exclude: APART, isolate: false } },
    ],
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
