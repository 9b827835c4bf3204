import { afterEach, describe, expect, test } from "vitest";
import { Config } from "../src/config.ts";
import { flatInputs } from "../src/domain/openapi/inputs/flat-inputs.ts";
import { makeRequest } from "../src/domain/request/make-request.ts";
import { type Opened, openApi } from "../src/open.ts";
import { described, descriptionFile, operation } from "./fixtures/description.ts";

const opened: Opened[] = [];
afterEach(() => Promise.all(opened.splice(0).map(({ close }) => close())));

const variables = { region: { default: "eu", enum: ["eu", "us"] }, version: { default: "2" } };
const paths = {
  "/here": { get: operation({ operationId: "here" }) },
  "/up": { post: operation({ operationId: "up", servers: [{ url: "https://uploads.example/files/" }] }) },
  "/path": { servers: [{ url: "https://path.{region}.example", variables }], get: operation({ operationId: "path" }) },
  "/relative": { get: operation({ operationId: "relative", servers: [{ url: "/v9" }] }) },
};
const servers = [{ url: "https://{region}.api.example/v{version}", variables }];

/** The URLs that dry runs show, by operation. */
async function urls(settings: Record<string, unknown>, more: object = {}) {
  const api = await descriptionFile(described(paths, { servers, ...more }));
  const one = await openApi(Config.parse({ api, ...settings }));
  opened.push(one);
  const shown = one.operations.entries.map(async ({ id }) => {
    const operation = one.operations.get(id);
    const request = makeRequest(operation, flatInputs(operation).fields, {});
    return [id, (await one.api.preview(request, { idempotent: true })).url] as const;
  });
  return Object.fromEntries(await Promise.all(shown));
}

test("an operation is where it, its path or the description says, with the variables' defaults", async () => {
  expect(await urls({})).toEqual({
    here: "https://eu.api.example/v2/here",
    up: "https://uploads.example/files/up",
    path: "https://path.eu.example/path",
    relative: "https://eu.api.example/v9/relative",
  });
});

test("--server-variable sets them, --base-url takes the place of the description's own", async () => {
  const set = await urls({ serverVariable: "region=us,version=3" });
  expect([set.here, set.path]).toEqual(["https://us.api.example/v3/here", "https://path.us.example/path"]);
  const based = await urls({ baseUrl: "https://proxy.example/x" });
  expect([based.here, based.up]).toEqual(["https://proxy.example/x/here", "https://uploads.example/files/up"]);
});

describe("none leads out of the guard", () => {
  test("a value that the description does not list is refused", async () => {
    await expect(urls({ serverVariable: "region=evil" })).rejects.toThrow(/--server-variable region=evil.*eu, us/);
  });
  test("a variable that no server has is refused, and a server that is no URL takes its operation out", async () => {
    await expect(urls({ serverVariable: "regoin=us" })).rejects.toThrow(/"regoin", which no server.*region, version/);
    const bad = { ...paths, "/bad": { get: operation({ servers: [{ url: "https://{nowhere}.example" }] }) } };
    expect(Object.keys(await urls({}, { paths: bad }))).toEqual(["here", "up", "path", "relative"]);
  });
  test("a server without TLS, where a credential would go", async () => {
    process.env.SERVERS_SECRET = "secret-0123456789";
    const open = { "/x": { get: operation({ operationId: "x", servers: [{ url: "http://plain.example" }] }) } };
    const api = await descriptionFile(described(open, { servers: [{ url: "https://api.example" }] }));
    const settings = { api, apiAuth: "bearer", secret: "env:SERVERS_SECRET" };
    await expect(openApi(Config.parse(settings))).rejects.toThrow(/plain.example without TLS/);
    delete process.env.SERVERS_SECRET;
  });
  test("every host that a credential goes to is named", async () => {
    process.env.SERVERS_SECRET = "secret-0123456789";
    const api = await descriptionFile(described(paths, { servers }));
    const one = await openApi(Config.parse({ api, apiAuth: "bearer", secret: "env:SERVERS_SECRET" }));
    opened.push(one);
    delete process.env.SERVERS_SECRET;
    expect(one.credentialGoesTo).toEqual([
      "https://eu.api.example",
      "https://uploads.example",
      "https://path.eu.example",
    ]);
  });
});
