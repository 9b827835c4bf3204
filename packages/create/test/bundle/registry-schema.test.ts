import { writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { fitsRegistry, SCHEMA } from "../../src/bundle/registry-schema.ts";
import { Refusal } from "../../src/terminal.ts";
import { freePort } from "../fixtures/free-port.ts";
import { temporaryFolder } from "../fixtures/run.ts";

const schema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  $id: SCHEMA,
  $ref: "#/definitions/entry",
  definitions: {
    entry: {
      type: "object",
      properties: { $schema: { format: "uri", example: SCHEMA }, color: { enum: ["red", "blue"] } },
      required: ["color"],
    },
  },
};

/** A host of schemas on this machine; returns its address. */
async function host(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close().closeAllConnections());
  await new Promise((listening) => server.once("listening", listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/server.schema.json`;
}

const serving = (text: string) => host((_, response) => void response.end(text));

test("an entry that fits the registry's schema is said to, from a host and from a file", async () => {
  const file = join(temporaryFolder(), "server.schema.json");
  writeFileSync(file, JSON.stringify(schema));
  for (const address of [await serving(JSON.stringify(schema)), pathToFileURL(file).href])
    expect(await fitsRegistry({ $schema: SCHEMA, color: "red" }, address)).toEqual({ schema: address, fits: true });
});

test("an entry that does not fit is refused with every place, and with where it comes from", async () => {
  const refused = fitsRegistry({ $schema: "no address", color: 1 }, await serving(JSON.stringify(schema)));
  await expect(refused).rejects.toThrow(Refusal);
  await expect(refused).rejects.toMatchObject({
    message: expect.stringMatching(/server\.json\/\$schema must match format.*; server\.json\/color must be equal/),
    next: expect.stringContaining("package.json"),
  });
});

test.each([
  ["nobody listens", async () => `http://127.0.0.1:${await freePort()}/`, /ECONNREFUSED/],
  ["the host never answers", () => host(() => {}), /timeout/],
  ["the page is not there", () => host((_, response) => void response.writeHead(404).end("{}")), /answered 404/],
  ["a proxy puts a page of its own there", () => serving("<html>Log in</html>"), /not valid JSON/],
  ["some JSON is there that all would fit", () => serving('{"message": "moved"}'), /not this schema/],
  ["nothing but null is there", () => serving("null"), /not this schema/],
  ["the schema is broken", () => serving(JSON.stringify({ $id: SCHEMA, type: "thing" })), /schema is invalid/],
  ["the schema leans on another one", () => serving(JSON.stringify({ $id: SCHEMA, $ref: "x.json" })), /can't resolve/],
  ["the connection breaks off", () => host((request) => void request.socket.destroy()), /.+/],
  ["the file is not there", async () => "file:///no/such/server.schema.json", /ENOENT/],
  ["the address is none", async () => "server.schema.json", /Invalid URL/],
])("when %s, nothing is refused, and it is said why", async (_, addressOf, reason) => {
  const address = await addressOf();
  expect(await fitsRegistry({ color: "green" }, address)).toEqual({
    schema: address,
    fits: "unknown",
    reason: expect.stringMatching(reason),
  });
});
