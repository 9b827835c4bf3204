import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { spawn } from "../../src/testing/index.ts";

const main = fileURLToPath(new URL("../fixtures/main.ts", import.meta.url));
const node = (code: string): [string, object] => [process.execPath, { args: ["-e", code] }];

describe.each(["2025", "2026"] as const)("a server that ends before it answers, in the era of %s,", (era) => {
  test("is named with its exit code and what it said", async () => {
    await expect(spawn(process.execPath, { args: [main, "--nope"], era })).rejects.toThrow(
      /^The server ended with exit code 2 before it answered\. It said: [\s\S]*--nope/,
    );
  });

  test.each([
    ["that says nothing", "process.exit(0)", "with exit code 0 before it answered. It said nothing on stderr."],
    [
      "that is killed",
      "process.kill(process.pid, 'SIGKILL')",
      "by SIGKILL before it answered. It said nothing on stderr.",
    ],
    ["that throws", "throw new Error('no disk')", "Error: no disk"],
    [
      "that ends at the first message",
      "process.stdin.once('data', () => { console.error('no'); process.exit(3) })",
      "with exit code 3 before it answered. It said: no",
    ],
    ["that says much", "process.stderr.write('x'.repeat(1e5) + 'the end', () => process.exit(4))", "xxthe end"],
  ])("%s", async (_name, code, told) => {
    const [command, options] = node(code);
    const error: Error = await spawn(command, { ...options, era, onStderr: () => {} }).then(
      () => expect.unreachable(),
      (caught) => caught,
    );
    expect(error.message).toContain(told);
    expect(error.message.length).toBeLessThan(3_000);
  });

  test("and one that cannot be started at all is named by the system's error", async () => {
    await expect(spawn("/nope/server", { era })).rejects.toThrow("ENOENT");
  });
});
