import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveFaults } from "@offshoot/core/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { credentialsOf } from "../src/credentials.ts";
import type { Document } from "../src/domain/openapi/document/document.ts";
import { flatInputs } from "../src/domain/openapi/inputs/flat-inputs.ts";
import { schemesOf } from "../src/domain/openapi/inputs/withheld.ts";
import { listOperations } from "../src/domain/openapi/operations.ts";
import { makeRequest } from "../src/domain/request/make-request.ts";
import { createUpstream } from "../src/guarded.ts";
import { described, operation } from "./fixtures/description.ts";

const secrets = { DD_KEY: "key-0123456789", DD_APP: "app-0123456789", TOKEN: "token-0123456789" };
beforeEach(() => {
  Object.assign(process.env, secrets);
});
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const name of Object.keys(secrets)) delete process.env[name];
  for (const close of closing.splice(0)) await close();
});

const apiKey = (name: string, place = "header") => ({ type: "apiKey", in: place, name });
/** Datadog's way: two keys, both needed; beside it a token, a key in the query and one in a cookie. */
const document = described(
  {
    "/both": { get: operation({ operationId: "both" }) },
    "/token": { get: operation({ operationId: "token", security: [{ bearer: [] }] }) },
    "/either": { get: operation({ operationId: "either", security: [{ bearer: [] }, { apiKeyAuth: [] }] }) },
    "/open": { get: operation({ operationId: "open", security: [] }) },
    "/optional": { get: operation({ operationId: "optional", security: [{}, { bearer: [] }] }) },
    "/listed": {
      get: operation({
        operationId: "listed",
        security: [{ bearer: [] }, { inQuery: [] }],
        parameters: [{ name: "key", in: "query", required: true, schema: { type: "string" } }],
      }),
    },
    "/more": { get: operation({ operationId: "more", security: [{ inQuery: [], inCookie: [] }] }) },
  },
  {
    components: {
      securitySchemes: {
        apiKeyAuth: apiKey("DD-API-KEY"),
        appKeyAuth: apiKey("DD-APPLICATION-KEY"),
        bearer: { type: "http", scheme: "bearer" },
        inQuery: apiKey("key", "query"),
        inCookie: apiKey("session", "cookie"),
      },
    },
    security: [{ apiKeyAuth: [], appKeyAuth: [] }],
  },
) as unknown as Document;

type Settings = Parameters<typeof credentialsOf>[0];
async function open(settings: Partial<Settings>, map?: Parameters<typeof credentialsOf>[2]) {
  const faults = await serveFaults(() => ({ do: "answer", body: { ok: true } }));
  const credentials = await credentialsOf(settings as Settings, schemesOf(document), map);
  const upstream = createUpstream({ baseUrl: faults.url, allowedHosts: ["127.0.0.1"], credentials });
  closing.push(
    () => upstream.close(),
    () => faults.close(),
  );
  const operations = listOperations(document);
  return async (id: string) => {
    const one = operations.get(id);
    const request = makeRequest(one, flatInputs(one).fields, {});
    const shown = JSON.stringify(await upstream.preview(request));
    for (const secret of Object.values(secrets)) expect(shown).not.toContain(secret);
    await upstream.send(request, { signal: AbortSignal.timeout(10_000) });
    return faults.seen.at(-1) as (typeof faults.seen)[number];
  };
}

const both = "apiKeyAuth=env:DD_KEY,appKeyAuth=env:DD_APP";

describe("a credential for each security scheme", () => {
  test("two keys go together, in the headers that the description names", async () => {
    const { headers } = await (await open({ secret: both }))("both");
    expect(headers).toMatchObject({ "dd-api-key": secrets.DD_KEY, "dd-application-key": secrets.DD_APP });
    expect(headers.authorization).toBeUndefined();
  });

  test("an operation gets what it asks for, and no more", async () => {
    const ask = await open({ secret: `${both},bearer=env:TOKEN` });
    expect((await ask("token")).headers).toMatchObject({ authorization: `Bearer ${secrets.TOKEN}` });
    expect((await ask("token")).headers["dd-api-key"]).toBeUndefined();
    const either = (await ask("either")).headers;
    expect([either.authorization, either["dd-api-key"]]).toEqual([`Bearer ${secrets.TOKEN}`, undefined]);
    expect((await ask("open")).headers).not.toHaveProperty("authorization");
    expect((await ask("optional")).headers).toHaveProperty("authorization");
  });

  test("of two ways the one that is here is taken", async () => {
    expect((await (await open({ secret: both }))("either")).headers).toMatchObject({ "dd-api-key": secrets.DD_KEY });
  });

  test("a key that the operation lists as a parameter goes too, whatever its security says", async () => {
    const { url, headers } = await (await open({ secret: "inQuery=env:DD_KEY,bearer=env:TOKEN" }))("listed");
    expect(url).toContain(`key=${secrets.DD_KEY}`);
    expect(headers).toHaveProperty("authorization");
    expect((await (await open({ secret: "bearer=env:TOKEN" }))("listed")).headers).toHaveProperty("authorization");
  });

  test("in the query and in a cookie too", async () => {
    const { url, headers } = await (await open({ secret: "inQuery=env:DD_KEY,inCookie=env:DD_APP" }))("more");
    expect(url).toContain(`key=${secrets.DD_KEY}`);
    expect(headers.cookie).toBe(`session=${secrets.DD_APP}`);
  });

  test("--api-auth says how where the description does not", async () => {
    const ask = await open({ apiAuth: "bearer=basic:ada", secret: "bearer=env:TOKEN" });
    expect((await ask("token")).headers.authorization).toBe(`Basic ${btoa(`ada:${secrets.TOKEN}`)}`);
  });

  test("one without a name goes with every request, as before", async () => {
    const ask = await open({ apiAuth: "header:X-Key", secret: "env:TOKEN" });
    expect((await ask("open")).headers["x-key"]).toBe(secrets.TOKEN);
  });

  test.each<[Partial<Settings>, RegExp]>([
    [
      { secret: "apiKey=env:DD_KEY" },
      /security scheme "apiKey", which the description does not have. It has: apiKeyAuth, appKeyAuth/,
    ],
    [{ apiAuth: "apiKeyAuth=header:X" }, /--api-auth apiKeyAuth needs --secret apiKeyAuth=env:NAME/],
    [{ apiAuth: "bearer,header:X", secret: "env:TOKEN" }, /--api-auth is given twice. Name the security scheme/],
    [{ secret: "env:TOKEN" }, /--secret needs --api-auth/],
    [{ secret: "bearer=s3cr3t" }, /env:NAME or file/],
    [{ header: "X-Api-Key=s3cr3t" }, /X-Api-Key looks like a secret/],
    [{ header: "Host=evil.example" }, /"Host" cannot be fixed/],
    [{ header: "X" }, /--header wants <name>=<value>/],
  ])("what is wrong is named: %j", async (settings, why) => {
    const error = await open(settings).catch((thrown: Error) => thrown);
    expect((error as Error).message).toMatch(why);
    expect((error as Error).message).not.toMatch(/s3cr3t|\n/);
  });
});

describe("fixed headers and query values", () => {
  test("from --header and from the map go with every request; what is a secret is blanked", async () => {
    const settings = { header: "Notion-Version=2022-06-28,X-Org=env:TOKEN,Accept=text/html,application/json" };
    const ask = await open(settings, { headers: { "X-Map": "m" }, query: { v: "2", k: "env:DD_APP" } });
    const { headers, url } = await ask("open");
    expect(headers).toMatchObject({
      "notion-version": "2022-06-28",
      "x-org": secrets.TOKEN,
      "x-map": "m",
      accept: "text/html,application/json",
    });
    expect(url).toContain(`v=2&k=${secrets.DD_APP}`);
  });
});

describe("what oauth asks for", () => {
  const forms = async (settings: Partial<Settings>) => {
    const faults = await serveFaults(({ url }) => ({
      do: "answer",
      body: url === "/token" ? { access_token: "given-0123456789" } : { ok: true },
    }));
    closing.push(() => faults.close());
    const oauth = { apiAuth: "oauth", secret: "env:TOKEN", clientId: "shop", tokenUrl: `${faults.url}/token` };
    const credentials = await credentialsOf({ ...oauth, ...settings } as Settings, schemesOf(document));
    const upstream = createUpstream({ baseUrl: faults.url, allowedHosts: ["127.0.0.1"], credentials });
    closing.push(() => upstream.close());
    const one = listOperations(document).get("open");
    await upstream.send(makeRequest(one, flatInputs(one).fields, {}), { signal: AbortSignal.timeout(10_000) });
    const [asked, call] = faults.seen;
    expect(call?.headers.authorization).toBe("Bearer given-0123456789");
    return Object.fromEntries(new URLSearchParams(asked?.body));
  };
  const grant = { grant_type: "client_credentials" };

  test("an audience, and whatever else --token-parameter names, go with the grant", async () => {
    expect(await forms({})).toEqual(grant);
    expect(await forms({ audience: "https://api.test/v2/", scope: "read write" })).toEqual({
      ...grant,
      audience: "https://api.test/v2/",
      scope: "read write",
    });
    expect(await forms({ tokenParameter: "resource=urn:shop,organization=o=1&x", audience: "a" })).toEqual({
      ...grant,
      audience: "a",
      resource: "urn:shop",
      organization: "o=1&x",
    });
  });

  test("and never another grant; what is no pair is named without its value", async () => {
    expect(await forms({ tokenParameter: "grant_type=password" })).toEqual(grant);
    await expect(forms({ tokenParameter: "s3cr3t" })).rejects.toThrow(/--token-parameter wants <name>=<value>/);
    await expect(forms({ tokenParameter: "s3cr3t" })).rejects.not.toThrow(/s3cr3t/);
  });
});

test("a secret in a file is read again when it changes, beside the others", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "offshoot-secret-")), "key");
  await writeFile(file, "first-0123456789");
  const ask = await open({ secret: `apiKeyAuth=file:${file},appKeyAuth=env:DD_APP` });
  expect((await ask("both")).headers["dd-api-key"]).toBe("first-0123456789");
  await writeFile(file, "second-0123456789!");
  expect((await ask("both")).headers).toMatchObject({
    "dd-api-key": "second-0123456789!",
    "dd-application-key": secrets.DD_APP,
  });
});

describe("a model is never asked for a credential", () => {
  const plaid = { clientId: apiKey("PLAID-CLIENT-ID"), secret: apiKey("PLAID-SECRET") };
  const inputsOf = (schemes: object, parameters: object[], properties: object, security: object[]) => {
    const content = {
      "application/json": { schema: { type: "object", required: Object.keys(properties), properties } },
    };
    const item = { post: operation({ operationId: "a", parameters, requestBody: { required: true, content } }) };
    const more = { components: { securitySchemes: schemes }, security };
    const { schema } = flatInputs(listOperations(described({ "/a": item }, more) as unknown as Document).get("a"));
    return [Object.keys(schema.properties as object), schema.required];
  };
  const text = { type: "string" };
  const query = (name: string, description?: string) => ({ name, in: "query", schema: text, description });

  test("not in a body, where its scheme is a header", () => {
    const properties = { client_id: text, secret: text, access_token: text, secret_question: text };
    expect(inputsOf(plaid, [], properties, [{ clientId: [], secret: [] }])).toEqual([
      ["access_token", "secret_question"],
      ["access_token", "secret_question"],
    ]);
  });

  test("not as a token, where the API has tokens and the text says whose it is", () => {
    const oauth = { slack: { type: "oauth2", flows: {} } };
    const parameters = [
      query("token", "Authentication token. Requires scope: `chat:write`"),
      query("invite", "Invitation"),
      { name: "token", in: "header", schema: text },
    ];
    expect(
      inputsOf(oauth, parameters, { token: { ...text, description: "Token of the invitation" }, text }, [
        { slack: [] },
      ])[0],
    ).toEqual(["invite", "token", "text"]);
  });
});
