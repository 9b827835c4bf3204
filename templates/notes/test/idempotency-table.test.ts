import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createPostgresIdempotencyStore, type PostgresQuery } from "@offshoot/core";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { newSchema } from "./fixtures/stores.ts";

const claim = { key: "k", input: "i", now: 1, expiresAt: 1e15, leaseUntil: 2 };
const kept = { input: "i", answer: undefined, leaseUntil: 2 };

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  onTestFinished(() => client.end());
  await client.connect();
  return client;
}

/** Lets statements that create go on when so many have come. */
function together(count: number): (database: PostgresQuery) => PostgresQuery {
  const { promise, resolve } = Promise.withResolvers<void>();
  let come = 0;
  return (database) => ({
    async query(text, values) {
      if (text.startsWith("CREATE") && ++come === count) resolve();
      if (text.startsWith("CREATE")) await promise;
      return database.query(text, values);
    },
  });
}

test("a key that is the first at eight instances at once is one run", async () => {
  for (let round = 0; round < (process.env.OFFSHOOT_LONG === "1" ? 200 : 8); round++) {
    const url = await newSchema();
    const wait = together(8);
    const clients = await Promise.all(Array.from({ length: 8 }, () => connect(url)));
    const found = clients.map((client) => createPostgresIdempotencyStore(wait(client)).begin(claim));
    const answers = await Promise.all(found);
    expect(answers.filter((answer) => answer === undefined)).toHaveLength(1);
    expect(answers.filter((answer) => answer !== undefined)).toEqual(Array(7).fill(kept));
    await Promise.all(clients.map((client) => client.end()));
  }
});

test("a role that may not create uses the table that an operator has made", async () => {
  const url = await newSchema();
  const operator = await connect(url);
  const role = `served_${randomUUID().replaceAll("-", "")}`;
  await operator.query(`CREATE ROLE ${role}`);
  onTestFinished(async () => void (await operator.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)));
  const { rows } = await operator.query("SELECT current_schema() AS schema");
  await operator.query(`GRANT USAGE ON SCHEMA ${rows[0].schema} TO ${role}`);
  const served = new URL(url);
  served.searchParams.set("options", `${served.searchParams.get("options")} -c role=${role}`);
  const store = createPostgresIdempotencyStore(await connect(served.href));
  await expect(store.begin(claim)).rejects.toMatchObject({ code: "42501" });

  const made = await readFile(new URL("fixtures/idempotency-keys.sql", import.meta.url), "utf8");
  await operator.query(made.replace("TO served", `TO ${role}`));
  expect(await store.begin(claim)).toBeUndefined();
  await store.finish("k", "a");
  expect(await store.begin(claim)).toMatchObject({ answer: "a" });
  await store.release("k");
  expect(await store.begin(claim)).toBeUndefined();
});

test("a table of that name that is another one is named, and left as it is", async () => {
  const client = await connect(await newSchema());
  await client.query("CREATE TABLE idempotency_keys (key text PRIMARY KEY, used_by text)");
  const refused = /table idempotency_keys is not one of idempotency keys .*"input".*option `table`/;
  await expect(createPostgresIdempotencyStore(client).begin(claim)).rejects.toThrow(refused);
  const other = createPostgresIdempotencyStore(client, { table: "mcp_keys" });
  expect(await other.begin(claim)).toBeUndefined();
  expect((await client.query("SELECT FROM idempotency_keys")).rowCount).toBe(0);
});

test("a table in a schema further on in the search path is used", async () => {
  const first = await newSchema();
  const client = await connect(first);
  const store = createPostgresIdempotencyStore(client);
  expect(await store.begin(claim)).toBeUndefined();
  const { rows } = await client.query("SELECT current_schema() AS schema");
  const before = new URL(await newSchema());
  const [, own] = /search_path=(\w+)/.exec(before.searchParams.get("options") ?? "") ?? [];
  before.searchParams.set("options", `-c search_path=${own},${rows[0].schema}`);
  expect(await createPostgresIdempotencyStore(await connect(before.href)).begin(claim)).toEqual(kept);
});

test("a database that is away at the first key is asked again by the next call", async () => {
  const client = await connect(await newSchema());
  for (const failing of ["SELECT", "CREATE"]) {
    let away = true;
    const database: PostgresQuery = {
      async query(text, values) {
        if (away && text.startsWith(failing)) throw Object.assign(new Error("away"), { code: "57P01" });
        return client.query(text, values);
      },
    };
    const store = createPostgresIdempotencyStore(database, { table: `after_${failing.toLowerCase()}` });
    await expect(store.begin(claim)).rejects.toThrow("away");
    away = false;
    expect(await store.begin(claim)).toBeUndefined();
  }
});
