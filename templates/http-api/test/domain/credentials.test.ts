import { writeFileSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Fault, type FaultUpstream, type SeenRequest, serveFaults } from "@offshoot/core/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Document } from "../../src/domain/openapi/document/document.ts";
import { flatInputs } from "../../src/domain/openapi/inputs/flat-inputs.ts";
import { listOperations } from "../../src/domain/openapi/operations.ts";
import type { ApiRequest } from "../../src/domain/operation.ts";
import { createCredentials, type Wear } from "../../src/domain/upstream/credentials/credentials.ts";
import { createOAuth } from "../../src/domain/upstream/credentials/oauth.ts";
import { createSecret, type Secret } from "../../src/domain/upstream/credentials/secret.ts";
import type { Upstream } from "../../src/domain/upstream/upstream.ts";
import { createUpstream } from "../../src/guarded.ts";
import { described, operation } from "../fixtures/description.ts";

let faults: FaultUpstream;
beforeEach(async () => {
  faults = await serveFaults();
});
afterEach(() => faults.close());

const get: ApiRequest = { operation: "x", method: "GET", path: "/x", query: [], headers: {}, body: undefined };
const patient = () => ({ signal: AbortSignal.timeout(20_000) });
const secretFile = async (value: string): Promise<string> => {
  const file = join(await mkdtemp(join(tmpdir(), "offshoot-api-")), "secret");
  await writeFile(file, `${value}\n`);
  return file;
};
const using = (secret: Secret, wear: Wear): Upstream =>
  createUpstream({ baseUrl: faults.url, allowedHosts: ["127.0.0.1"], credentials: createCredentials(secret, wear) });

describe("a secret is named, never written down", () => {
  test("anything but a reference is refused, and the refusal does not repeat it", () => {
    expect(() => createSecret("s3cr3t-token")).toThrow(/env:NAME or file:\/path/);
    expect(() => createSecret("s3cr3t-token")).not.toThrow(/s3cr3t/);
  });
  test("one that is not there, or has two lines, is missing", async () => {
    await expect(createSecret("env:NO_SUCH_THING", {}).read()).rejects.toThrow(/variable NO_SUCH_THING holds no/);
    await expect(createSecret("file:/no/such/file").read()).rejects.toThrow(/\/no\/such\/file holds no secret/);
    await expect(createSecret("env:TWO", { TWO: "a\nb" }).read()).rejects.toThrow(/holds no secret/);
  });
  test("a file is read again when it has changed", async () => {
    const file = await secretFile("first");
    const secret = createSecret(`file:${file}`);
    expect(await secret.read()).toBe("first");
    await writeFile(file, "second and longer");
    expect(await secret.read()).toBe("second and longer");
    expect([...secret.known]).toEqual(["second and longer", "first"]);
  });
});

describe("how a secret is worn", () => {
  const secret = () => createSecret("env:S", { S: "s3cr3t&token" });
  test.each<[string, Wear, (seen: SeenRequest) => unknown, string]>([
    ["bearer", { kind: "bearer" }, ({ headers }) => headers.authorization, "Bearer s3cr3t&token"],
    ["a header", { kind: "header", name: "X-Api-Key" }, ({ headers }) => headers["x-api-key"], "s3cr3t&token"],
    ["the query", { kind: "query", name: "api_key" }, ({ url }) => url, "/x?a=1&api_key=s3cr3t%26token"],
    ["basic", { kind: "basic", user: "ada" }, ({ headers }) => headers.authorization, "Basic YWRhOnMzY3IzdCZ0b2tlbg=="],
  ])("%s: sent as it is, and blank in a preview", async (_kind, wear, where, expected) => {
    const upstream = using(secret(), wear);
    // What a model put into the place of the credential is not sent.
    const meddled: ApiRequest = {
      ...get,
      query: [
        ["a", "1"],
        ["api_key", "mine"],
      ],
      headers: { "x-api-key": "mine" },
    };
    const sent = wear.kind === "query" || wear.kind === "header" ? meddled : { ...get, query: [["a", "1"]] as const };
    await upstream.send(sent, patient());
    const [seen] = faults.seen as [SeenRequest];
    if (wear.kind === "header") expect(seen.headers["x-api-key"]).toBe(expected);
    else expect(where(seen)).toBe(expected);
    const shown = JSON.stringify(await upstream.preview(sent));
    expect(shown).toContain("[secret]");
    expect(shown).not.toMatch(/s3cr3t|YWRhOn/);
    await upstream.close();
  });

  test("an API key that the description lists as a parameter is no field for a model", () => {
    const key = { name: "api_key", in: "query", required: true, schema: { type: "string" } };
    const header = { name: "X-API-Key", in: "header", schema: { type: "string" } };
    const limit = { name: "limit", in: "query", schema: { type: "integer" } };
    const securitySchemes = {
      query: { type: "apiKey", in: "query", name: "api_key" },
      header: { type: "apiKey", in: "header", name: "x-api-key" },
      flow: { type: "oauth2", flows: {} },
    };
    const paths = { "/a": { get: operation({ operationId: "a", parameters: [key, header, limit] }) } };
    const { schema } = flatInputs(
      listOperations(described(paths, { components: { securitySchemes } }) as unknown as Document).get("a"),
    );
    expect(Object.keys(schema.properties as object)).toEqual(["limit"]);
    expect(schema.required).toBeUndefined();
  });
});

test("a credential that changes under 200 calls in flight: none of them fails, none is sent three times", async () => {
  const file = await secretFile("old-token");
  let accepted = "old-token";
  faults.behave(({ headers }, nth): Fault => {
    if (nth === 60) {
      writeFileSync(file, "new-token\n");
      accepted = "new-token";
    }
    const good = headers.authorization === `Bearer ${accepted}`;
    return { do: "answer", status: good ? 200 : 401, afterMs: 5 };
  });
  const upstream = using(createSecret(`file:${file}`), { kind: "bearer" });
  const calls = Array.from({ length: 200 }, (_, n) => upstream.send({ ...get, path: `/x${n}` }, patient()));
  const statuses = (await Promise.all(calls)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200]));
  const times = Map.groupBy(faults.seen, ({ url }) => url);
  expect(Math.max(...[...times.values()].map(({ length }) => length))).toBe(2);
  // From here on nobody has the old one any more.
  const after = faults.seen.length;
  await Promise.all(Array.from({ length: 20 }, () => upstream.send(get, patient())));
  expect(new Set(faults.seen.slice(after).map(({ headers }) => headers.authorization))).toEqual(
    new Set(["Bearer new-token"]),
  );
  await upstream.close();
});

describe("OAuth client credentials", () => {
  const open = async ({ lastsS = 3_600, tokenUrl = `${faults.url}/token` } = {}) => {
    let given = 0;
    let now = 0;
    faults.behave(({ url, headers }): Fault => {
      if (url !== "/token") return { do: "answer", status: headers.authorization?.includes("refused") ? 401 : 200 };
      given += 1;
      return { do: "answer", body: { access_token: `token-${given}`, expires_in: lastsS }, afterMs: 20 };
    });
    const clientSecret = createSecret(`file:${await secretFile("cl13nt:s3cr3t")}`);
    const upstream = createUpstream({
      baseUrl: faults.url,
      allowedHosts: ["127.0.0.1"],
      credentials: (client) =>
        createOAuth(client, { tokenUrl, clientId: "shop", clientSecret, scope: "read", now: () => now }),
    });
    const tokens = () => faults.seen.filter(({ url }) => url === "/token");
    const elapse = (ms: number) => {
      now += ms;
    };
    return { upstream, tokens, elapse };
  };

  test("one token for a hundred calls that begin at once, asked for as the standard has it", async () => {
    const { upstream, tokens } = await open();
    await Promise.all(Array.from({ length: 100 }, (_, n) => upstream.send({ ...get, path: `/x${n}` }, patient())));
    const [asked, ...more] = tokens();
    expect(more).toEqual([]);
    expect(asked).toMatchObject({ method: "POST", body: "grant_type=client_credentials&scope=read" });
    const basic = Buffer.from("shop:cl13nt%3As3cr3t").toString("base64");
    expect(asked?.headers.authorization).toBe(`Basic ${basic}`);
    const worn = new Set(faults.seen.filter(({ url }) => url !== "/token").map(({ headers }) => headers.authorization));
    expect(worn).toEqual(new Set(["Bearer token-1"]));
    await upstream.close();
  });

  test("renewed half a minute before it ends, and not before", async () => {
    const { upstream, tokens, elapse } = await open({ lastsS: 100 });
    await upstream.send(get, patient());
    elapse(69_000);
    await upstream.send(get, patient());
    expect(tokens()).toHaveLength(1);
    elapse(2_000);
    await upstream.send(get, patient());
    expect(tokens()).toHaveLength(2);
    await upstream.close();
  });

  test("a token that is refused is renewed once, and the call is sent once more", async () => {
    const { upstream, tokens } = await open();
    const behave = (revoked: string) =>
      faults.behave(({ url, headers }, nth): Fault => {
        if (url === "/token") return { do: "answer", body: { access_token: `after-${nth}`, expires_in: 60 } };
        return { do: "answer", status: headers.authorization?.startsWith(`Bearer ${revoked}`) ? 401 : 200 };
      });
    await upstream.send(get, patient());
    behave("token-1");
    await upstream.send(get, patient());
    expect(tokens()).toHaveLength(2);
    behave("after");
    const before = faults.seen.length;
    await expect(upstream.send(get, patient())).rejects.toMatchObject({ code: "unauthorized" });
    expect(faults.seen.slice(before).map(({ url }) => url)).toEqual(["/x", "/token", "/x"]);
    await upstream.close();
  });

  test("a token URL is held to the same rules as the API, and says nothing secret when it fails", async () => {
    const { upstream } = await open({ tokenUrl: "http://127.0.0.2:9/token" });
    await expect(upstream.send(get, patient())).rejects.toThrow(/127.0.0.2 is no public address/);
    await upstream.close();
    const { upstream: other } = await open();
    for (const fault of [
      { do: "answer", status: 400, body: { error: "invalid_client", you: "cl13nt:s3cr3t" } },
      { do: "answer", body: "no json, cl13nt:s3cr3t" },
      { do: "answer", body: { access_token: "two\nlines" } },
      { do: "redirect", to: "/elsewhere" },
    ] satisfies Fault[]) {
      faults.behave(fault);
      const error = await other.send(get, patient()).catch((thrown: Error) => thrown);
      expect((error as Error).message).toMatch(/no usable access_token/);
      expect(JSON.stringify(error) + (error as Error).stack).not.toContain("s3cr3t");
    }
    await other.close();
  });

  test("neither token nor client secret comes back in an answer or a preview", async () => {
    const { upstream } = await open();
    await upstream.send(get, patient());
    const basic = Buffer.from("shop:cl13nt%3As3cr3t").toString("base64");
    faults.behave({ do: "answer", body: { echo: ["token-1", "cl13nt:s3cr3t", basic] } });
    const { body } = await upstream.send(get, patient());
    expect(body).toEqual({ echo: ["[secret]", "[secret]", "[secret]"] });
    expect((await upstream.preview(get)).headers.authorization).toBe("Bearer [secret]");
    await upstream.close();
  });
});
