import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { Config } from "../src/config.ts";
import { readDescription } from "../src/domain/openapi/document/read.ts";
import sample from "../src/domain/sample/openapi.json" with { type: "json" };
import { type Opened, openApi } from "../src/open.ts";
import { httpApiServer } from "../src/server.ts";
import { described, descriptionFile, operation } from "./fixtures/description.ts";

const opened: Opened[] = [];
afterEach(() => Promise.all(opened.splice(0).map(({ close }) => close())));

const open = async (settings: Record<string, unknown>) => {
  const api = await openApi(Config.parse(settings));
  opened.push(api);
  return api;
};
const api = await descriptionFile(
  described(
    {
      "/orders": { get: operation({ operationId: "listOrders", summary: "List orders" }) },
      "/orders/{id}": {
        parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
        get: operation({ operationId: "getOrder" }),
        delete: operation({ operationId: "deleteOrder" }),
      },
    },
    { servers: [{ url: "https://api.example/v1" }] },
  ),
);
/** The tools, beside the one for the rest of long answers, which every API has. */
const tools = (of: Opened, options = {}) => {
  const names = [...httpApiServer(of, options).tools.keys()];
  expect(names).toContain("read_more");
  return names.filter((name) => name !== "read_more");
};

test("the sample's own description is valid and is served as it stands", async () => {
  const { document } = await readDescription(
    fileURLToPath(new URL("../src/domain/sample/openapi.json", import.meta.url)),
  );
  expect(document).toEqual(sample);
});

describe("what becomes tools", () => {
  test("nothing named: three tools that reach everything", async () => {
    expect(tools(await open({ api }))).toEqual(["list_operations", "describe_operation", "call_operation"]);
  });
  test("--operations: those, by the names their ids come to", async () => {
    expect(tools(await open({ api, operations: "getOrder, listOrders" }))).toEqual(["get_order", "list_orders"]);
  });
  test("--map and --operations together, with resources", async () => {
    const map = await descriptionFile({
      tools: { orders: { operation: "listOrders", cacheMs: 1_000 } },
      resources: { order: { operation: "getOrder", uri: "order://{id}" } },
    });
    const both = await open({ api, map, operations: "getOrder" });
    expect(tools(both)).toEqual(["orders", "get_order"]);
    expect([...httpApiServer(both).resources.keys()]).toEqual(["order", "api_file", "answer_view"]);
  });
  test("--mode all, and the cap that it stops at", async () => {
    const all = await open({ api, mode: "all" });
    expect(tools(all)).toEqual(["list_orders", "get_order", "delete_order"]);
    expect(tools(all, { readOnly: true })).toEqual(["list_orders", "get_order"]);
    expect(() => tools(all, { caps: { tools: 2, tokens: 9_999 } })).toThrow(
      /--max-tools, --max-tokens.*--mode dynamic/,
    );
  });
});

describe("a setting that is wrong is refused by its name, in one line", () => {
  const file = (content: unknown) => descriptionFile(content, "map.json");
  test.each<[string, () => Promise<Record<string, unknown>>, RegExp]>([
    ["a base URL for the sample", async () => ({ baseUrl: "https://x.example" }), /--base-url needs --api/],
    ["a pin for the sample", async () => ({ pin: "sha256-x" }), /--pin needs --api/],
    ["a credential for the sample", async () => ({ apiAuth: "bearer" }), /--api-auth needs --api/],
    ["a description that is not there", async () => ({ api: "/no/such.json" }), /\/no\/such.json cannot be read/],
    ["no base URL anywhere", async () => ({ api: await file(described({})) }), /Say it with --base-url/],
    ["a private base URL", async () => ({ api, baseUrl: "http://10.0.0.1" }), /--private-hosts/],
    [
      "a map that is not there",
      async () => ({ api, map: "/no/map.json" }),
      /--map \/no\/map.json cannot be read.*ENOENT/,
    ],
    ["a map that is no JSON", async () => ({ api, map: await file("{") }), /cannot be read as JSON/],
    ["a map with a field too many", async () => ({ api, map: await file({ tools: {}, tool: {} }) }), /--map .*tool/],
    ["a tool without operation", async () => ({ api, map: await file({ tools: { a: {} } }) }), /wrong at tools.a/],
    ["auth without secret", async () => ({ api, apiAuth: "bearer" }), /--api-auth needs --secret/],
    [
      "an unknown way to wear a credential",
      async () => ({ api, apiAuth: "coat", secret: `file:${api}` }),
      /not one of bearer, header/,
    ],
    ["a secret as it is", async () => ({ api, apiAuth: "bearer", secret: "s3cr3t" }), /env:NAME or file/],
    [
      "a secret that is not there",
      async () => ({ api, apiAuth: "bearer", secret: "env:NO_SUCH" }),
      /NO_SUCH holds no secret/,
    ],
    ["oauth without token URL", async () => ({ api, apiAuth: "oauth", secret: `file:${api}` }), /--token-url/],
  ])("%s", async (_what, settings, why) => {
    const error = await open(await settings()).catch((thrown: Error) => thrown);
    expect((error as Error).message).toMatch(why);
    expect((error as Error).message).not.toMatch(/\n|s3cr3t/);
  });
});

describe("a credential goes where its operator can see it, and not without TLS", () => {
  const served = (url: string) => descriptionFile(described({ "/x": { get: operation() } }, { servers: [{ url }] }));
  const auth = { apiAuth: "bearer", secret: "env:SHOP_TOKEN" };
  process.env.SHOP_TOKEN = "a-token-of-the-shop";

  test("plain http to a public host is refused with a credential, and says what to do", async () => {
    const plain = await served("http://api.example/v1");
    await expect(open({ api: plain, ...auth })).rejects.toThrow(/api.example without TLS.*--insecure-http/);
    await expect(open({ api: plain, ...auth, baseUrl: "https://api.example" })).resolves.toBeDefined();
    await expect(open({ api: plain, ...auth, insecureHttp: "true" })).resolves.toBeDefined();
    await expect(open({ api: plain, ...auth, privateHosts: "api.example" })).resolves.toBeDefined();
    await expect(open({ api: plain })).resolves.toBeDefined();
  });
  test("so is a token URL", async () => {
    const oauth = { ...auth, apiAuth: "oauth", clientId: "me", tokenUrl: "http://login.example/token" };
    await expect(open({ api, ...oauth })).rejects.toThrow(/login.example without TLS/);
  });
  test("the server knows where it goes; without a credential it goes nowhere", async () => {
    expect((await open({ api, ...auth })).credentialGoesTo).toEqual(["https://api.example"]);
    expect((await open({ api })).credentialGoesTo).toEqual([]);
  });
});
