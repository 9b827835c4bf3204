/**
 * `npm start -- notes --auth`: the copy's built server behind OAuth, with a real authorization server beside it. The
 * client is the official one; what its user would do in a browser is done without one.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { relative } from "node:path";
import { pathToFileURL } from "node:url";

const fromCore = createRequire(new URL("../packages/core/package.json", import.meta.url));
const sdk = (path) => import(pathToFileURL(fromCore.resolve(`@modelcontextprotocol/sdk/${path}`)).href);

/** What each template's tools need, and one call of each kind. */
const templates = {
  notes: {
    scopes: ["notes:read", "notes:write"],
    call: ["create_note", { title: "Written by Ada", body: "With a token." }],
  },
  filesystem: { scopes: ["files:read", "files:write"], call: ["create_directory", { path: "ada" }] },
};

/** Whether a template has scopes, without which there is little to show. */
export const hasAuthTour = (template) => template in templates;

export async function authTour(template, args) {
  const { scopes, call } = templates[template];
  const { REDIRECT, startProvider } = await import("../packages/core/test/auth/provider.ts");
  const port = await freePort();
  const resource = `http://127.0.0.1:${port}/mcp`;
  const byHand = {
    client_id: "by-hand",
    redirect_uris: [REDIRECT],
    response_types: ["code"],
    grant_types: ["authorization_code"],
    token_endpoint_auth_method: "none",
    scope: `openid ${scopes.join(" ")}`,
  };
  const provider = await startProvider({ resource, scopes, clients: [byHand] });
  const flags = ["--transport", "http", "--port", String(port), "--auth", "oauth", "--auth-issuer", provider.url];
  console.log(`\n$ node ${[relative(".", args[0]), ...args.slice(1), ...flags].join(" ")}`);
  const server = spawn(process.execPath, [...args, ...flags], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  server.stderr.setEncoding("utf8").on("data", (text) => (log += text));
  try {
    while (!log.includes("listens on")) {
      if (server.exitCode !== null) throw new Error("it did not start");
      await new Promise((done) => setTimeout(done, 50));
    }
    await session({ resource, provider, redirect: REDIRECT, call, scopes });
  } catch (error) {
    throw new Error(`${error.message}\nThe server's own log:\n${log.trimEnd()}`, { cause: error });
  } finally {
    server.kill();
    await once(server, "exit");
    await provider.close();
  }
}

async function session({ resource, provider, redirect, call: [name, input], scopes }) {
  const { Client } = await sdk("client/index.js");
  const { StreamableHTTPClientTransport } = await sdk("client/streamableHttp.js");
  const kept = {};
  const authProvider = {
    redirectUrl: redirect,
    clientMetadata: { client_name: "offshoot-start", redirect_uris: [redirect], token_endpoint_auth_method: "none" },
    clientInformation: () => kept.client,
    saveClientInformation: (client) => (kept.client = client),
    tokens: () => kept.tokens,
    saveTokens: (tokens) => (kept.tokens = tokens),
    codeVerifier: () => kept.verifier,
    saveCodeVerifier: (verifier) => (kept.verifier = verifier),
    redirectToAuthorization: (url) => (kept.opened = url),
  };
  // What goes over the wire, without the values of tokens.
  const told = async (url, init) => {
    const response = await fetch(url, init);
    const { pathname } = new URL(url);
    const challenge = response.headers.get("www-authenticate");
    const about = methodOf(init?.body) ?? ABOUT[pathname];
    console.log(
      `→ ${init?.method ?? "GET"} ${pathname}${about === undefined ? "" : ` (${about})`}\n← ${response.status}${challenge === null ? "" : ` ${challenge}`}`,
    );
    return response;
  };
  const open = async () => {
    const client = new Client({ name: "offshoot-start", version: "1.0.0" });
    const transport = new StreamableHTTPClientTransport(new URL(resource), { authProvider, fetch: told });
    await client.connect(transport);
    return client;
  };
  await open().then(
    () => {
      throw new Error("the server let a client in without a token");
    },
    (error) => {
      if (kept.opened === undefined) throw error;
    },
  );
  console.log(
    `→ the user signs in at ${kept.opened.origin}${kept.opened.pathname} and allows ${kept.opened.searchParams.get("scope")}`,
  );
  const back = await provider.signIn(kept.opened);
  const transport = new StreamableHTTPClientTransport(new URL(resource), { authProvider, fetch: told });
  await transport.finishAuth(back.searchParams.get("code"));
  console.log(`← a token of ${provider.state.user} for ${kept.tokens.scope}`);
  const client = await open();
  const result = await client.callTool({ name, arguments: input });
  if (result.isError) throw new Error(result.content[0]?.text);
  console.log(
    `→ tools/call ${name} ${JSON.stringify(input)}\n← ${JSON.stringify(result.structuredContent).slice(0, 110)} …`,
  );
  await client.close();
  const weak = await provider.tokens("by-hand", scopes[0]);
  console.log(`→ the same call with a token for ${weak.scope} alone`);
  const headers = {
    authorization: `Bearer ${weak.access_token}`,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: input } });
  const refused = await fetch(resource, { method: "POST", headers, body });
  console.log(`← ${refused.status} ${refused.headers.get("www-authenticate")}`);
  if (refused.status !== 403) throw new Error("a call without its scope was not refused");
}

/** What is asked at the addresses that everyone may ask. */
const ABOUT = {
  "/mcp": "notifications of the server, if it has any",
  "/.well-known/oauth-protected-resource/mcp": "who issues tokens for this server",
  "/.well-known/oauth-authorization-server": "where that is done",
  "/reg": "the client registers itself",
  "/token": "the code of the sign-in for a token",
};

/** The method of a JSON-RPC message; undefined for anything else. */
function methodOf(body) {
  try {
    return JSON.parse(body).method;
  } catch {
    return undefined;
  }
}

const freePort = () =>
  new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
