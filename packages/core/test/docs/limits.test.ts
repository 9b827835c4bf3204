import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { spawn } from "../../src/testing/index.ts";

test("the server with background work, and limits of its own, does what the document says", async () => {
  const client = await spawn(process.execPath, { args: [fileURLToPath(new URL("./limits.main.ts", import.meta.url))] });
  expect((await client.call("rebuild_index")).data).toEqual({ entries: 3 });
  expect((await client.call("warm_up")).data).toEqual({ job: expect.stringMatching(/^job-/) });
  await client.close();
});
