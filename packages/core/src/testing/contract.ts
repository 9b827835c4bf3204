import { CHECK_MS, type CheckOptions, checkRequirement, checkSkips, make, requirementsOn } from "./check.ts";
import { WIRES } from "./client.ts";
import { connect } from "./connect.ts";
import { type FuzzOptions, fuzzServer } from "./fuzz.ts";
import { checkListed, checkLock, writeLock } from "./lock.ts";
import { checkPolicyLock, writePolicyLock } from "./policy-lock.ts";
import { toolsOver } from "./read-contract-over.ts";
import { recordVersions } from "./record-versions.ts";

/** What {@link testServerContract} takes. */
export interface ContractOptions extends CheckOptions {
  /** Where the contract lock is: `new URL("../contract.lock.json", import.meta.url)`. @default none is checked */
  lock?: URL | string | undefined;
  /** Where the lock of decisions is: `new URL("../policy.lock.json", import.meta.url)`. @default none is checked */
  policyLock?: URL | string | undefined;
  /** How the tools are fuzzed; `false` leaves it out. */
  fuzz?: FuzzOptions | false | undefined;
}

// Loaded only where tests run: a script that imports this entry for `connect` may have no vitest to load.
const vitest = process.env.VITEST === undefined ? undefined : await import("vitest");

/**
 * Registers the tests that every server must pass: each requirement over each wire through the real SDK clients, the
 * contract lock, and fuzzing. What a server gives no occasion to check is reported as skipped, with the reason.
 *
 * Call it at the top level of a vitest file.
 *
 * @throws Error for a `skip` that names no requirement, and outside vitest
 * @example
 * testServerContract({
 *   server: () => notesServer(createMemoryNotes()),
 *   samples: { tools: { create_note: { valid: [{ title: "Milk", body: "" }] } } },
 *   lock: new URL("../contract.lock.json", import.meta.url),
 * });
 */
export function testServerContract({ lock, policyLock, fuzz = {}, ...options }: ContractOptions): void {
  checkSkips(options.skip);
  if (vitest === undefined) throw new Error("testServerContract registers tests: call it in a file that vitest runs.");
  const { describe, test } = vitest;
  const { recorded } = options;
  if (recorded !== undefined && isRecording())
    test("what every version answers is recorded", () =>
      recordVersions(options, recorded).catch((error: Error) => red(error.message)));
  for (const wire of WIRES) {
    describe(`contract over ${wire}`, () => {
      for (const requirement of requirementsOn(wire)) {
        test(`${requirement.id}: ${requirement.because}`, { timeout: CHECK_MS + 10_000 }, async ({ skip }) => {
          const result = await checkRequirement(requirement, wire, options);
          if (result.status === "skipped") skip(result.reason);
          if (result.status === "failed") red(result.message);
        });
      }
      if (lock === undefined) return;
      test("what tools/list says is the lock's, byte for byte", async ({ skip }) => {
        if (isAccepting()) skip("the lock is written");
        const { server, close } = await make(options.server);
        const client = await connect(server, { wire });
        try {
          checkListed(server.tools.size === 0 ? [] : await toolsOver(client), lock);
        } catch (error) {
          red((error as Error).message);
        } finally {
          await client.close();
          await close?.();
        }
      });
    });
  }
  const locks = [
    ["the contract is the one in the lock: what clients rely on changes only on purpose", lock, writeLock, checkLock],
    ["who may do what is as in the lock, under every policy", policyLock, writePolicyLock, checkPolicyLock],
  ] as const;
  for (const [title, file, write, check] of locks) {
    if (file === undefined) continue;
    test(title, async () => {
      const { server, close } = await make(options.server);
      try {
        (isAccepting() ? write : check)(server, file);
      } catch (error) {
        red((error as Error).message);
      } finally {
        await close?.();
      }
    });
  }
  if (fuzz === false) return;
  for (const inputs of ["valid", "hostile"] as const) {
    test(`fuzz: ${inputs} inputs made from the schemas are answered, in time and without a leak`, {
      timeout: 300_000,
    }, async ({ skip }) => {
      const results = await fuzzServer({ ...options, ...fuzz, inputs });
      const failed = results.filter((result) => result.status === "failed");
      if (failed.length > 0) red(failed.map(({ message }) => message).join("\n\n"));
      const skipped = results.filter((result) => result.status === "skipped");
      if (skipped.length > 0) skip(skipped.map(({ id, reason }) => `${id}: ${reason}`).join("; "));
    });
  }
}

/** `vitest run -u`, `u` while it watches, or the variable: the locks are to say what is now. Known within a test alone. */
function isAccepting(): boolean {
  if (process.env.UPDATE_CONTRACT === "1") return true;
  const state: object = vitest?.expect.getState().snapshotState ?? {};
  // Vitest 4 has it under its private name.
  return (Reflect.get(state, "snapshotUpdateState") ?? Reflect.get(state, "_updateSnapshot")) === "all";
}

/** `vitest run --mode record`, which vitest has in the environment, or a variable for it alone. */
const isRecording = (): boolean => process.env.RECORD_VERSIONS === "1" || process.env.MODE === "record";

/** Fails a test without a stack: it would show this file, and the fault is elsewhere. */
function red(message: string): never {
  const error = new Error(message);
  error.stack = message;
  throw error;
}
