import { fileURLToPath } from "node:url";
import { afterEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { defineServer, defineTool } from "../../src/index.ts";
import { connect, spawn, type TestClient, WIRES } from "../../src/testing/index.ts";

const broken = defineServer({
  name: "broken",
  version: "1.0.0",
  tools: [
    defineTool({
      name: "read_length",
      title: "Read a length",
      description: "Fails in its own code.",
      inputSchema: z.object({}),
      outputSchema: z.object({ length: z.number().describe("Length") }),
      handler: () => ({ length: (undefined as unknown as string).length }),
    }),
  ],
});
const printed = vi.spyOn(console, "error").mockImplementation(() => {});
afterEach(() => printed.mockClear());

async function callBroken(client: TestClient): Promise<string> {
  const { isError, text, meta } = await client.call("read_length");
  await client.close();
  expect(isError).toBe(true);
  expect(text).not.toContain("TypeError");
  return (meta["offshoot/error"] as { correlationId: string }).correlationId;
}

test.each(WIRES)("what a handler threw is printed with its stack and the client's id, over %s", async (wire) => {
  const id = await callBroken(await connect(broken, { wire }));
  const text = printed.mock.calls.flat().join("\n");
  expect(text).toContain(`tools/call read_length`);
  expect(text).toContain(id);
  expect(text).toContain("TypeError: Cannot read properties of undefined (reading 'length')");
  expect(text).toContain("masked-errors.test.ts");
});

test("a server in a process of its own prints it too", async () => {
  const id = await callBroken(
    await spawn(process.execPath, { args: [fileURLToPath(new URL("fixtures/broken-main.ts", import.meta.url))] }),
  );
  await expect.poll(() => printed.mock.calls.flat().join("\n")).toContain("TypeError: boom");
  expect(printed.mock.calls.flat().join("\n")).toContain(id);
});

test("with a log of its own, or silent, nothing is printed", async () => {
  const log: string[] = [];
  await callBroken(await connect(broken, { wire: "stdio-2025", log }));
  await callBroken(await connect(broken, { wire: "stdio-2025", logLevel: "silent" }));
  expect(printed).not.toHaveBeenCalled();
  expect(log.join()).toContain("TypeError");
});
