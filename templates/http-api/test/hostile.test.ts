import { fileURLToPath } from "node:url";
import { spawn } from "@offshoot/core/testing";
import { expect, test } from "vitest";
import { serveBytes } from "./fixtures/bytes.ts";
import { described, descriptionFile } from "./fixtures/description.ts";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));

type Json = Record<string, unknown>;
interface Hostile {
  schema: Json;
  /** What is sent in, or comes back: a text of JSON. */
  value: string;
}

const BACKTRACKING = [
  "^(a+)+$",
  "^(a|a)*$",
  "^(([a-z])+.)+[A-Z]([a-z])+$",
  "(.*a){20}$",
  "^(a?){40}a{40}$",
  "(?=(a+)+$)b",
];
/** Each of these takes two of the next: so many ways that no validator comes to an end of. */
const chain = (kind: "oneOf" | "anyOf" | "allOf", length: number): Json => {
  let at: Json = { type: "string", maxLength: 0 };
  for (let n = 0; n < length; n += 1) at = { [kind]: [{ ...at }, { ...at, minLength: 0 }] };
  return at;
};

/** As many kinds of trouble as a description has places for. */
const KINDS: ((n: number) => Hostile)[] = [
  (n) => ({
    schema: { type: "object", properties: { x: { type: "string", pattern: BACKTRACKING[n % BACKTRACKING.length] } } },
    value: `{"x":"${"a".repeat(30 + n)}!"}`,
  }),
  () => ({ schema: { patternProperties: { "^(a+)+$": {} }, type: "object" }, value: `{"${"a".repeat(40)}!":1}` }),
  () => ({ schema: { type: "object", propertyNames: { pattern: "^(a+)+$" } }, value: `{"${"a".repeat(40)}!":1}` }),
  (n) => ({
    schema: { type: "object", properties: { x: { $ref: `#/components/schemas/Chain${n % 3}` } } },
    value: '{"x":1}',
  }),
  () => ({ schema: { type: "object", properties: { x: chain("oneOf", 10) } }, value: '{"x":1}' }),
  () => ({
    schema: { type: "object", properties: { x: { type: "array", uniqueItems: true } } },
    value: `{"x":[${Array.from({ length: 8_000 }, (_, at) => `{"a":${at},"b":{}}`).join(",")}]}`,
  }),
  () => ({ schema: { $ref: "#/components/schemas/Round" }, value: '{"x":1}' }),
  () => ({
    schema: { $ref: "#/components/schemas/Tree" },
    value: `${'{"next":'.repeat(400)}{}${"}".repeat(400)}`,
  }),
  () => ({ schema: { type: "object" }, value: `{"x":${"[".repeat(200_000)}${"]".repeat(200_000)}}` }),
  () => ({ schema: { type: "object" }, value: `{"x":"${"%5c%255c\\\\u005c&amp;".repeat(40_000)}"}` }),
];

const components = {
  schemas: {
    ...Object.fromEntries(
      ["oneOf", "anyOf", "allOf"].flatMap((kind, which) =>
        Array.from({ length: 40 }, (_, n) => {
          const next = { $ref: `#/components/schemas/Link${which}_${n + 1}` };
          return [
            n === 0 ? `Chain${which}` : `Link${which}_${n}`,
            n === 39 ? { type: "string" } : { [kind]: [next, next] },
          ];
        }),
      ),
    ),
    Round: { allOf: [{ $ref: "#/components/schemas/Circle" }] },
    Circle: { anyOf: [{ $ref: "#/components/schemas/Round" }, { type: "string" }] },
    Tree: { type: "object", properties: { next: { $ref: "#/components/schemas/Tree" } } },
  },
};

/** A hundred, and the two seconds that nobody may wait meanwhile, where the machine has nothing else to do. */
const LONG = Boolean(process.env.OFFSHOOT_LONG);
const [COUNT, LIMIT_MS] = LONG ? [100, 2_000] : [KINDS.length, 20_000];
/** Each kind as an input and as an answer; otherwise one of the two, since many are cut off after a second each. */
const waysOf = (n: number): ("in" | "out")[] => (LONG ? ["in", "out"] : [n % 2 === 1 || n === 8 ? "out" : "in"]);

test("hostile schemas and answers at once keep nobody else waiting", async () => {
  const paths: Json = {};
  const values = new Map<string, string>();
  for (let n = 0; n < COUNT; n += 1) {
    const { schema, value } = (KINDS[n % KINDS.length] as (n: number) => Hostile)(n);
    values.set(`/in/${n}`, "{}");
    values.set(`/out/${n}`, value);
    const content = { "application/json": { schema } };
    paths[`/in/${n}`] = {
      post: {
        operationId: `in${n}`,
        requestBody: { required: true, content },
        responses: { 200: { description: "ok" } },
      },
    };
    paths[`/out/${n}`] = { get: { operationId: `out${n}`, responses: { 200: { description: "ok", content } } } };
  }
  const origin = await serveBytes((request) => ({ body: values.get(request.url ?? "") ?? "{}" }));
  const operations = [...Array(COUNT).keys()].flatMap((n) => waysOf(n).map((way) => `${way}${n}`)).join(",");
  const api = await descriptionFile(described(paths, { components, servers: [{ url: origin.url }] }));
  const args = [
    main,
    "--api",
    api,
    "--operations",
    operations,
    "--private-hosts",
    "127.0.0.1",
    "--log-level",
    "silent",
  ];
  const client = await spawn(process.execPath, { args, era: "2026" });
  // The start is not what is measured.
  await client.tools();
  const calls = [...Array(COUNT).keys()].flatMap((n) => {
    const value = JSON.parse((KINDS[n % KINDS.length] as (n: number) => Hostile)(n).value);
    // A client's own depth is the client's to keep.
    const input = n % KINDS.length === 8 ? {} : value;
    const options = { timeoutMs: 120_000 };
    return waysOf(n).map((way) =>
      client.call(`${way}${n}`, way === "in" ? input : {}, options).then(
        ({ isError, text }) => ({ isError, text }),
        (error: Error) => ({ isError: true, text: error.message }),
      ),
    );
  });
  let going = true;
  const done = Promise.all(calls).finally(() => {
    going = false;
  });
  let slowest = 0;
  while (going) {
    const since = performance.now();
    await client.read("nothing://there").catch(() => {});
    slowest = Math.max(slowest, performance.now() - since);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const results = await done;
  expect(slowest).toBeLessThan(LIMIT_MS);
  for (const { text } of results) expect(text).not.toMatch(/inside the server/);
  await client.close();
  await origin.close();
}, 240_000);
