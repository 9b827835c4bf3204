/**
 * Makes the calls of `calls.ts` through this server, with a real client, to a mock that validates them against the
 * description: `node test/documents/mocked.ts`, with `--json` for a script and `--only <name>` for one. Descriptions come
 * from the npm registry and stay in the system's temporary folder, or from the folder that OFFSHOOT_DESCRIPTIONS names,
 * with calls made from their schemas. Exit code 1 when a call is refused.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { defineServer } from "@offshoot/core";
import { connect } from "@offshoot/core/testing";
import { sample } from "openapi-sampler";
import { createApi } from "../../src/api.ts";
import { credentialsOf } from "../../src/credentials.ts";
import { ApiError } from "../../src/domain/errors.ts";
import { readDescription } from "../../src/domain/openapi/document/read.ts";
import { flatInputs } from "../../src/domain/openapi/inputs/flat-inputs.ts";
import { type Scheme, schemesOf } from "../../src/domain/openapi/inputs/withheld.ts";
import { listOperations, type Operations } from "../../src/domain/openapi/operations.ts";
import { createUpstream } from "../../src/guarded.ts";
import { apiTools } from "../../src/tools/index.ts";
import { type Call, type Described, described } from "./calls.ts";
import { fetchDocument } from "./fetch-document.ts";
import { startMock } from "./mock.ts";

interface Row {
  name: string;
  hold: number;
  refused: { operation: string; why: string }[];
  /** Answers of the mock that are not as the description says: its own examples are not always. */
  odd: number;
}

process.env.MOCKED_SECRET = "mocked-secret";

async function drive({ name, from, calls }: Described): Promise<Row> {
  const [spec, path] = from;
  const file = spec === "" ? path : await fetchDocument(spec, path);
  const { document } = await readDescription(file);
  const operations = atOnePlace(listOperations(document));
  const mock = await startMock(JSON.parse(await readFile(file, "utf8")));
  const credentials = await credentialsOf(settingsOf(schemesOf(document)), schemesOf(document));
  const upstream = createUpstream({ baseUrl: mock.baseUrl, allowedHosts: ["127.0.0.1"], credentials });
  const api = createApi(upstream, { timeoutMs: 30_000 });
  const map = { tools: Object.fromEntries(calls.map(([operation], n) => [`call_${n}`, operation])) };
  const tools = apiTools(api, operations, { mode: "explicit", map, replies: "warn" });
  const expected = (error: unknown) => (error instanceof ApiError ? error.message : undefined);
  const client = await connect(defineServer({ name: "mocked", version: "1.0.0", tools, expected }), {
    wire: "stdio-2026",
  });
  const row: Row = { name, hold: 0, refused: [], odd: 0 };
  try {
    for (const [n, [operation, input]] of calls.entries()) {
      const result = await client.call(`call_${n}`, input);
      if (result.isError === true) row.refused.push({ operation, why: result.text.slice(0, 600) });
      else row.hold += 1;
      if (result.data?.warning !== undefined) row.odd += 1;
    }
  } finally {
    await client.close();
    await upstream.close();
    await mock.close();
  }
  return row;
}

/** The mock is one server: operations that are elsewhere are there too. */
const atOnePlace = (operations: Operations): Operations => ({
  ...operations,
  get: (id, bodyType) => ({ ...operations.get(id, bodyType), server: undefined }),
});

/** A secret for each security scheme. */
function settingsOf(schemes: readonly Scheme[]) {
  const auth = schemes.flatMap(({ key, type, scheme }) =>
    type === "http" && scheme === "basic" ? [`${key}=basic:user`] : [],
  );
  const secret = schemes.map(({ key }) => `${key}=env:MOCKED_SECRET`);
  const joined = (items: string[]) => (items.length === 0 ? undefined : items.join(","));
  return { apiAuth: joined(auth), secret: joined(secret) } as Parameters<typeof credentialsOf>[0];
}

/** Descriptions of a folder of your own, each with calls made from its input schemas: five, spread over its operations. */
async function fromFolder(folder: string): Promise<Described[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  return Promise.all(
    files.map(async (name): Promise<Described> => {
      const file = join(folder, name);
      const operations = listOperations((await readDescription(file)).document);
      const every = Math.max(1, Math.floor(operations.entries.length / 5));
      const some = operations.entries.filter((_entry, n) => n % every === 0).slice(0, 5);
      const calls = some.map(({ id }): Call => {
        const { schema } = flatInputs(operations.get(id));
        return [id, sample(schema as never, { quiet: true, skipNonRequired: true }, schema as never) as Call[1]];
      });
      return { name, from: ["", file], calls };
    }),
  );
}

const { values } = parseArgs({ options: { json: { type: "boolean" }, only: { type: "string" } } });
const rows: Row[] = [];
const folder = process.env.OFFSHOOT_DESCRIPTIONS;
const all = folder === undefined ? described : await fromFolder(folder);
for (const one of all.filter(({ name }) => values.only === undefined || name.includes(values.only))) {
  const row = await drive(one).catch(
    (error: Error): Row => ({ name: one.name, hold: 0, refused: [{ operation: "all", why: error.message }], odd: 0 }),
  );
  rows.push(row);
  if (values.json !== true)
    console.log(
      `${row.name.padEnd(20)} ${row.hold} of ${one.calls.length} hold${row.odd > 0 ? `, ${row.odd} answers not as described` : ""}${row.refused.map(({ operation, why }) => `\n  ${operation}: ${why}`).join("")}`,
    );
}
if (values.json === true) console.log(JSON.stringify(rows));
process.exitCode = rows.some(({ refused }) => refused.length > 0) ? 1 : 0;
