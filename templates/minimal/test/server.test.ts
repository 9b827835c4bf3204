import { fileURLToPath } from "node:url";
import { testEval } from "@offshoot/core/evals";
import { connect, spawn, testServerContract, WIRES } from "@offshoot/core/testing";
import { describe, expect, test } from "vitest";
import { glossaryServer } from "../src/server.ts";
import evals from "./evals.ts";

// What every server must hold, on all four wires, with a sample of each tool and prompt.
testServerContract({
  server: () => ({ server: glossaryServer() }),
  samples: {
    tools: {
      define_term: { valid: [{ term: "mcp" }], failing: [{ term: "absent" }] },
      // offshoot:tool-samples
    },
    prompts: {
      explain_term: [{ term: "fork" }],
      // offshoot:prompt-samples
    },
  },
  lock: new URL("../contract.lock.json", import.meta.url),
});

testEval(evals, { lock: new URL("../evals.lock.json", import.meta.url) });

describe.each(WIRES)("over %s", (wire) => {
  test("a term is found in any case, and a missing one says where to look", async () => {
    const client = await connect(glossaryServer(), { wire });
    expect((await client.call("define_term", { term: "mcp" })).data).toMatchObject({ term: "MCP" });
    expect(await client.call("define_term", { term: "nope" })).toMatchObject({
      isError: true,
      text: 'No term "nope". Read glossary://terms for all of them.',
    });
    await client.close();
  });
});

test("the bin reads the file that --glossary names", async () => {
  const args = [fileURLToPath(new URL("../src/main.ts", import.meta.url)), "--glossary", "package.json"];
  const client = await spawn(process.execPath, { args });
  // A package.json has more than texts in it.
  expect((await client.call("define_term", { term: "name" })).text).toBe("The glossary is not a JSON object of texts.");
  await client.close();
});
