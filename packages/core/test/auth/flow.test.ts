// The whole way of the specification, by the official clients and a real authorization server: 401, discovery, token,
// call, 403, step-up, call. No browser: what a person does in one is done by provider.signIn.

import {
  ClientCredentialsProvider,
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernHttp,
} from "@modelcontextprotocol/client";
import { ClientCredentialsProvider as LegacyCredentials } from "@modelcontextprotocol/sdk/client/auth-extensions.js";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../fixtures/raw.ts";
import { freePort, openServer } from "./endpoint.ts";
import { REDIRECT, startProvider } from "./provider.ts";

const client = (client_id: string, scope: string) => ({
  client_id,
  redirect_uris: [REDIRECT],
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  token_endpoint_auth_method: "none",
  scope,
});
const machine = {
  client_id: "machine",
  client_secret: "machine-secret",
  redirect_uris: [],
  response_types: [],
  grant_types: ["client_credentials"],
  token_endpoint_auth_method: "client_secret_basic",
};

let provider: Awaited<ReturnType<typeof startProvider>>;
let server: Awaited<ReturnType<typeof openServer>>;

beforeAll(async () => {
  // The port is needed before either of the two is there.
  const port = await freePort();
  const resource = `http://127.0.0.1:${port}/mcp`;
  const all = "openid offline_access lab:read lab:write";
  provider = await startProvider({
    resource,
    scopes: ["lab:read", "lab:write"],
    clients: [client("app", all), machine],
  });
  server = await openServer({ auth: "oauth", authIssuer: provider.url }, { port });
});
afterAll(async () => {
  await server.close();
  await provider.close();
});

/** A client's memory, as both SDKs want it. `first` is the scope it asks for by itself; a registered client has an id. */
function memory(first: string | undefined, clientId?: string) {
  const kept = {
    client: clientId === undefined ? undefined : { client_id: clientId },
    tokens: undefined as Json,
    verifier: "",
    opened: undefined as URL | undefined,
    asked: [] as string[],
  };
  return {
    kept,
    redirectUrl: REDIRECT,
    clientMetadata: {
      client_name: "test",
      redirect_uris: [REDIRECT],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      ...(first === undefined ? {} : { scope: first }),
    },
    clientInformation: () => kept.client,
    saveClientInformation: (given: Json) => {
      kept.client = given;
    },
    tokens: () => kept.tokens,
    saveTokens: (given: Json) => {
      kept.tokens = given;
    },
    codeVerifier: () => kept.verifier,
    saveCodeVerifier: (given: string) => {
      kept.verifier = given;
    },
    redirectToAuthorization: (url: URL) => {
      kept.opened = url;
      kept.asked.push(url.searchParams.get("scope") ?? "");
    },
  };
}

const KINDS = {
  "the 2025 client": {
    open: async (auth: Json, transport: Json = undefined) => {
      const http = transport ?? new LegacyHttp(new URL(server.url), { authProvider: auth });
      const client = new LegacyClient({ name: "test", version: "1.0.0" });
      await client.connect(http);
      return { client, http, call: (name: string) => client.callTool({ name, arguments: {} }) };
    },
    finish: async (auth: Json, back: URL) => {
      const http = new LegacyHttp(new URL(server.url), { authProvider: auth });
      await http.finishAuth(back.searchParams.get("code") as string);
    },
  },
  "the 2026 client": {
    open: async (auth: Json) => {
      const http = new ModernHttp(new URL(server.url), { authProvider: auth });
      const client = new ModernClient(
        { name: "test", version: "1.0.0" },
        { versionNegotiation: { mode: { pin: "2026-07-28" } } },
      );
      await client.connect(http);
      return { client, http, call: (name: string) => client.callTool({ name, arguments: {} }) };
    },
    finish: async (auth: Json, back: URL) => {
      const http = new ModernHttp(new URL(server.url), { authProvider: auth });
      await http.finishAuth(back.searchParams);
    },
  },
};

describe.each(Object.entries(KINDS))("%s", (_name, { open, finish }) => {
  const unauthorized = expect.objectContaining({ name: expect.stringMatching(/Unauthorized|Error/) });

  test("that nobody knows registers itself, signs in with all scopes of the server, and calls", async () => {
    const auth = memory(undefined);
    await expect(open(auth)).rejects.toEqual(unauthorized);
    expect(auth.kept.asked[0]?.split(" ")).toEqual(expect.arrayContaining(["lab:read", "lab:write"]));
    await finish(auth, await provider.signIn(auth.kept.opened as URL));
    const { client, call } = await open(auth);
    expect((await call("guarded")).isError ?? false).toBe(false);
    await client.close();
  });

  test("with one scope calls, is told of the other by 403, steps up without losing the first, and calls", async () => {
    const auth = memory("lab:read", "app");
    // A client that chooses for itself, as a careful user has it.
    auth.kept.tokens = await provider.tokens("app", "lab:read");
    const first = await open(auth);
    const before = server.lab.events.length;
    await expect(first.call("guarded")).rejects.toEqual(unauthorized);
    expect(server.lab.events.length).toBe(before);
    const asked = auth.kept.asked.at(-1)?.split(" ");
    expect(asked).toEqual(expect.arrayContaining(["lab:read", "lab:write"]));
    await finish(auth, await provider.signIn(auth.kept.opened as URL));
    await first.client.close();
    const second = await open(auth);
    expect((await second.call("guarded")).isError ?? false).toBe(false);
    expect(auth.kept.tokens.scope.split(" ")).toEqual(expect.arrayContaining(["lab:read", "lab:write"]));
    await second.client.close();
  });
});

describe("a machine, by client credentials", () => {
  test("of the 2025 client that says its scope", async () => {
    const authProvider = new LegacyCredentials({
      clientId: "machine",
      clientSecret: "machine-secret",
      scope: "lab:read lab:write",
    });
    const client = new LegacyClient({ name: "test", version: "1.0.0" });
    await client.connect(new LegacyHttp(new URL(server.url), { authProvider }));
    expect((await client.callTool({ name: "guarded", arguments: {} })).isError ?? false).toBe(false);
    await client.close();
  });
  test("of the 2026 client", async () => {
    const authProvider = new ClientCredentialsProvider({ clientId: "machine", clientSecret: "machine-secret" });
    const client = new ModernClient(
      { name: "test", version: "1.0.0" },
      { versionNegotiation: { mode: { pin: "2026-07-28" } } },
    );
    await client.connect(new ModernHttp(new URL(server.url), { authProvider }));
    expect((await client.callTool({ name: "guarded", arguments: {} })).isError ?? false).toBe(false);
    await client.close();
  });
});
