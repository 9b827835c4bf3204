import { readFile } from "node:fs/promises";
import { buildConnector } from "undici";
import { expect, test } from "vitest";
import type { ApiRequest } from "../src/domain/operation.ts";
import { serveSample } from "../src/domain/sample/serve.ts";
import { createCredentials } from "../src/domain/upstream/credentials/credentials.ts";
import { createSecret } from "../src/domain/upstream/credentials/secret.ts";
import { createUpstream } from "../src/guarded.ts";
import { cassette, recording } from "./fixtures/cassette.ts";

const file = new URL("./fixtures/tea-shop.cassette.json", import.meta.url);
const request = (of: Partial<ApiRequest>): ApiRequest => ({
  operation: "x",
  method: "GET",
  path: "/products",
  query: [],
  headers: {},
  body: undefined,
  ...of,
});

/** Takes connections to any host to the sample: your own API needs none of this, it is where its base URL says. */
async function sampleAnywhere() {
  const sample = await serveSample();
  const { hostname, port } = new URL(sample.baseUrl);
  const connector = buildConnector({});
  const connect: buildConnector.connector = (target, done) => connector({ ...target, hostname, port }, done);
  return { connect, close: () => sample.close() };
}

test("a conversation with an API is replayed without it", async () => {
  const sample = recording ? await sampleAnywhere() : undefined;
  const tape = await cassette(file, sample?.connect);
  const credentials = createCredentials(createSecret("env:S", { S: "s3cr3t-token" }), { kind: "bearer" });
  const at = { baseUrl: "http://tea-shop.example", insecureHttp: true };
  const upstream = createUpstream({ ...at, dispatcher: tape.dispatcher, credentials });
  const signal = AbortSignal.timeout(5_000);
  const products = await upstream.send(request({ query: [["limit", "2"]] }), { signal });
  expect(products.body).toMatchObject({ items: [{ id: "p1", name: "Assam Second Flush" }, { id: "p2" }], next: "p2" });
  const text = JSON.stringify({ customer: "ada", lines: [{ product: "p3", quantity: 2 }] });
  const order = request({ method: "POST", path: "/orders", body: { contentType: "application/json", text } });
  const made = await upstream.send(order, { signal, idempotencyKey: "key-12345" });
  expect(made).toMatchObject({ status: 201, body: { id: "o25", status: "open", total: 2_360 } });
  await expect(upstream.send(request({ path: "/orders/o999" }), { signal })).rejects.toMatchObject({
    code: "not_found",
  });
  if (!recording)
    // What was never asked has no answer, and nothing is sent to get one.
    await expect(upstream.send(request({ path: "/other" }), { signal })).rejects.toThrow();
  await tape.close();
  await sample?.close();
  expect(await readFile(file, "utf8")).not.toContain("s3cr3t");
});
