// Tokens as jose signs them, each wrong in one way. A server that takes one of them lets a stranger in.
import { createHmac, createPublicKey } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, bearer, ERAS, openServer, send, sendRaw } from "./endpoint.ts";
import { type Issuer, makeKey, type SigningKey, startIssuer, type TokenChanges } from "./issuer.ts";

let issuer: Issuer;
let server: Awaited<ReturnType<typeof openServer>>;
let rsa: SigningKey;
let foreign: SigningKey;
/** Where a token says that its key is. */
let elsewhere: string;
let fetched = 0;
const bait = createServer((_request, response) => {
  fetched += 1;
  response.end(JSON.stringify({ keys: [foreign.jwk] }));
});

beforeAll(async () => {
  issuer = await startIssuer();
  rsa = await makeKey("rsa", "RS256");
  foreign = await makeKey("k1");
  issuer.state.keys.push(rsa.jwk);
  await new Promise<void>((done) => bait.listen(0, "127.0.0.1", done));
  elsewhere = `http://127.0.0.1:${(bait.address() as AddressInfo).port}/jwks`;
  server = await openServer({ auth: "oauth", authIssuer: issuer.url });
});
afterAll(async () => {
  await server.close();
  issuer.close();
  bait.close();
});

const sign = (changes?: TokenChanges) => issuer.sign(changes, server.url);
const encode = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const claimsOf = async (changes?: TokenChanges) => (await sign(changes)).split(".")[1] as string;
const nowS = () => Math.floor(Date.now() / 1_000);

describe.each(Object.keys(ERAS) as (keyof typeof ERAS)[])("%s", (era) => {
  const call = (token: string): Promise<Answer> => ERAS[era](server.endpoint, [bearer(token)]);

  const good: [string, () => Promise<string>][] = [
    ["as it should be", () => sign()],
    ["by another key of the issuer", () => sign({ key: rsa })],
    ["with typ application/at+jwt", () => sign({ header: { typ: "application/at+jwt" } })],
    ["with our audience among several", () => sign({ claims: { aud: ["https://other.example", server.url] } })],
    ["without a kid", () => sign({ header: { kid: undefined } })],
    ["that has just ended, by a clock that is ahead", () => sign({ claims: { exp: nowS() - 10 } })],
    [
      "that begins in a moment, by a clock that is behind",
      () => sign({ claims: { nbf: nowS() + 10, iat: nowS() + 10 } }),
    ],
  ];
  test.each(good)("a token %s is let in", async (_what, make) => {
    expect((await call(await make())).status).toBe(200);
  });

  const bad: [string, () => Promise<string>][] = [
    ["for another audience", () => sign({ claims: { aud: "https://other.example/mcp" } })],
    ["for us with a slash behind", () => sign({ claims: { aud: `${server.url}/` } })],
    ["for our bare origin", () => sign({ claims: { aud: new URL(server.url).origin } })],
    ["for us in capitals", () => sign({ claims: { aud: server.url.toUpperCase() } })],
    ["for nobody", () => sign({ claims: { aud: undefined } })],
    ["for an empty list", () => sign({ claims: { aud: [] } })],
    ["of another issuer", () => sign({ claims: { iss: "https://other.example" } })],
    ["of the issuer with a slash behind", () => sign({ claims: { iss: `${issuer.url}/` } })],
    ["of the issuer over https", () => sign({ claims: { iss: issuer.url.replace("http:", "https:") } })],
    ["of no issuer", () => sign({ claims: { iss: undefined } })],
    ["that has ended", () => sign({ claims: { exp: nowS() - 120 } })],
    ["without an end", () => sign({ claims: { exp: undefined } })],
    ["with an end that is a text", () => sign({ claims: { exp: String(nowS() + 300) } })],
    ["that begins in two minutes", () => sign({ claims: { nbf: nowS() + 120 } })],
    ["made in two minutes", () => sign({ claims: { iat: nowS() + 120 } })],
    ["made at a text", () => sign({ claims: { iat: "now" } })],
    ["without a subject", () => sign({ claims: { sub: undefined } })],
    ["with an empty subject", () => sign({ claims: { sub: "" } })],
    ["whose subject is a number", () => sign({ claims: { sub: 7 } })],
    ["whose subject is the unrestricted local caller", () => sign({ claims: { sub: "local" } })],
    ["whose subject is nobody", () => sign({ claims: { sub: "anonymous" } })],
    ["whose subject has a line break", () => sign({ claims: { sub: "ada\nroot" } })],
    ["that is an ID token", () => sign({ header: { typ: "JWT" } })],
    ["without a typ", () => sign({ header: { typ: undefined } })],
    ["that is for a logout", () => sign({ header: { typ: "logout+jwt" } })],
    ["bound to a DPoP key", () => sign({ claims: { cnf: { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } } })],
    [
      "bound to a certificate",
      () => sign({ claims: { cnf: { "x5t#S256": "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0" } } }),
    ],
    ["by a key of someone else under our kid", () => sign({ key: foreign })],
    ["by our key that brings it along all the same", () => sign({ header: { jwk: issuer.key.jwk } })],
    ["by our key that says where it is", () => sign({ header: { jku: `${issuer.url}/jwks` } })],
    ["that brings its key along", () => sign({ key: foreign, header: { jwk: foreign.jwk } })],
    ["that says where its key is (jku)", () => sign({ key: foreign, header: { jku: elsewhere, kid: "other" } })],
    [
      "that says where its certificate is (x5u)",
      () => sign({ key: foreign, header: { x5u: elsewhere, kid: "other" } }),
    ],
    ["that brings its certificate along", () => sign({ key: foreign, header: { x5c: ["AAAA"] } })],
    ["with an extension that must be known", () => sign({ header: { crit: ["x"], x: 1 } })],
    ["with a kid that is no text", async () => sign({ header: { kid: 7 } })],
    ["with a kid that is a path", async () => sign({ header: { kid: "../../../dev/null" } })],
    ["without a signature", async () => `${encode({ alg: "none", typ: "at+jwt" })}.${await claimsOf()}.`],
    ["of the algorithm None", async () => `${encode({ alg: "None", typ: "at+jwt" })}.${await claimsOf()}.`],
    ["of no algorithm", async () => `${encode({ typ: "at+jwt", kid: "k1" })}.${await claimsOf()}.AAAA`],
    [
      "signed with the public key as the secret",
      async () => {
        const input = `${encode({ alg: "HS256", typ: "at+jwt", kid: "rsa" })}.${await claimsOf()}`;
        const pem = createPublicKey({ key: rsa.jwk as never, format: "jwk" }).export({ type: "spki", format: "pem" });
        return `${input}.${createHmac("sha256", pem).update(input).digest("base64url")}`;
      },
    ],
    [
      "of another algorithm than its key's",
      async () => (await sign({ key: rsa })).replace(/^[^.]*/, encode({ alg: "PS256", typ: "at+jwt", kid: "rsa" })),
    ],
    [
      "with a claim changed",
      async () => {
        const [header, claims, signature] = (await sign()).split(".");
        const changed = { ...JSON.parse(Buffer.from(claims as string, "base64url").toString()), sub: "root" };
        return `${header}.${encode(changed)}.${signature}`;
      },
    ],
    ["with a bit of its signature changed", async () => flip(await sign())],
    ["with half of its signature", async () => (await sign()).slice(0, -43)],
    ["with an empty signature", async () => (await sign()).replace(/[^.]*$/, "")],
    ["of zeros in the place of a signature", async () => `${(await sign()).replace(/[^.]*$/, "")}${"A".repeat(86)}`],
    ["of two parts", async () => (await sign()).split(".").slice(0, 2).join(".")],
    ["of four parts", async () => `${await sign()}.AAAA`],
    ["of five parts, encrypted", async () => `${encode({ alg: "dir", enc: "A256GCM" })}..AAAA.AAAA.AAAA`],
    ["of nothing but dots", async () => ".."],
    ["whose header is no JSON", async () => `${encode("{")}.${await claimsOf()}.AAAA`],
    ["whose header is a list", async () => `${encode([])}.${await claimsOf()}.AAAA`],
    ["whose claims are a list", async () => `${encode({ alg: "ES256", typ: "at+jwt", kid: "k1" })}.${encode([])}.AAAA`],
    ["that is a word", async () => "secret"],
    ["with a line feed coded into it", async () => `${await sign()}%0a`],
  ];
  test.each(bad)("a token %s is not", async (_what, make) => {
    const token = await make();
    const before = server.lab.events.length;
    const { status, headers, json } = await call(token);
    expect(status).toBe(401);
    expect(headers["www-authenticate"]).toMatch(/^Bearer .*resource_metadata="/);
    expect(json.error.message).toBe("Unauthorized.");
    expect(server.lab.events.length).toBe(before);
  });

  test("claims that occur twice count as their last, for what is checked and for what runs", async () => {
    const twice = (first: string, last: string): string => {
      const body = `{"iss":"${issuer.url}","aud":"${first}","aud":"${last}","sub":"ada","exp":${nowS() + 300},"scope":"lab:read lab:write"}`;
      return body;
    };
    for (const [first, last, status] of [
      ["https://other.example", server.url, 200],
      [server.url, "https://other.example", 401],
    ] as const) {
      const { CompactSign } = await import("jose");
      const token = await new CompactSign(new TextEncoder().encode(twice(first, last)))
        .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: "k1" })
        .sign(issuer.key.privateKey);
      expect((await call(token)).status).toBe(status);
    }
  });
});

const flip = (token: string): string => {
  const at = token.length - 10;
  return token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
};

test("no token made this server ask anyone but its issuer", () => {
  expect(fetched).toBe(0);
});

describe("where a token stands", () => {
  const call2026 = (headers: [string, string][]) => ERAS["2026"](server.endpoint, headers);
  test("the scheme is written in any case, and another scheme is none", async () => {
    const token = await sign();
    for (const scheme of ["bearer", "BEARER", "Bearer "])
      expect((await call2026([["authorization", `${scheme} ${token}`]])).status).toBe(200);
    for (const value of [
      `Basic ${token}`,
      `DPoP ${token}`,
      token,
      `Bearer${token}`,
      `Bearer ${token} ${token}`,
      "Bearer",
      `Bearer ${token},${token}`,
    ]) {
      const { status, headers } = await call2026([["authorization", value]]);
      expect([value.slice(0, 12), status]).toEqual([value.slice(0, 12), 401]);
      expect(headers["www-authenticate"]).not.toContain("error=");
    }
  });

  test("two Authorization headers are refused, whichever is the good one", async () => {
    const token = await sign();
    for (const pair of [
      [bearer(token), bearer("x")],
      [bearer("x"), bearer(token)],
      [bearer(token), bearer(token)],
    ] as [string, string][][])
      expect((await call2026(pair)).status).toBe(400);
  });

  test("a token in the query or the body is none", async () => {
    const token = await sign();
    const body = { jsonrpc: "2.0", id: 1, method: "initialize", params: {}, access_token: token };
    expect((await send(server.endpoint, { path: `/mcp?access_token=${token}`, body })).status).toBe(401);
    expect((await send(server.endpoint, { headers: [["cookie", `access_token=${token}`]], body })).status).toBe(401);
  });

  test("a header that is folded, or too long, is refused", async () => {
    const token = await sign();
    const host = new URL(server.url).host;
    const head = (authorization: string) =>
      `POST /mcp HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nAuthorization: ${authorization}\r\n\r\n{}`;
    expect(await sendRaw(server.endpoint, head(`Bearer\r\n ${token}`))).toMatch(/^HTTP\/1.1 40[01] /);
    expect(await sendRaw(server.endpoint, head(`Bearer ${"a".repeat(20_000)}`))).toMatch(/^HTTP\/1.1 431 /);
    expect(await sendRaw(server.endpoint, head(`Bearer ${"a".repeat(1_048_576)}`))).toMatch(/^(HTTP\/1.1 431 |$)/);
    expect((await call2026([bearer(token)])).status).toBe(200);
  });
});
