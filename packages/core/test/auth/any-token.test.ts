// Tokens that a generator makes, with any header and any claims, signed by the issuer's own key: each is refused by name or
// gives a caller that is whole.
import type { IncomingMessage } from "node:http";
import fc from "fast-check";
import { CompactSign, SignJWT } from "jose";
import { expect, test } from "vitest";
import type { Typ } from "../../src/auth/access-claims.ts";
import { createKeySet } from "../../src/auth/key-set.ts";
import { createOAuth } from "../../src/auth/oauth.ts";
import { NOTHING_REVOKED } from "../../src/auth/revoked.ts";
import { makeKey } from "./issuer.ts";

const ISSUER = "https://as.example.com";
const RESOURCE = "https://mcp.example.com/mcp";
const key = await makeKey("k1");

function server(typ: Typ) {
  const keys = createKeySet(async () => [key.jwk], { maxAgeMs: 60_000, changed() {}, trouble() {} });
  const options = { issuer: ISSUER, audience: undefined, resource: RESOURCE, scopes: () => [] };
  const oauth = createOAuth({ ...options, typ, keys, revoked: NOTHING_REVOKED });
  return async (token: string) => oauth.identify({ headers: { authorization: `Bearer ${token}` } } as IncomingMessage);
}
const now = () => Math.floor(Date.now() / 1_000);
const sound = () => ({
  iss: ISSUER,
  aud: RESOURCE,
  sub: "ada",
  exp: now() + 300,
  iat: now(),
  scope: "a b",
  client_id: "c",
});

const odd = fc.oneof(
  fc.constantFrom<unknown>("", " ", "a  b", "at+jwt", "AT+JWT", "JWT", "ID", "Bearer", "access", "id", 0, -1, 1e308),
  fc.constantFrom<unknown>(null, [], {}, [RESOURCE], [RESOURCE, 7], ["a", ["b"]], { toString: "x" }, RESOURCE, ISSUER),
  fc.jsonValue({ maxDepth: 2 }),
);
const CLAIMS = [
  ...["iss", "aud", "sub", "exp", "iat", "nbf", "jti", "scope", "scp", "client_id", "azp", "cid", "cnf", "typ"],
  ...["token_use", "nonce", "at_hash", "events", "__proto__", "constructor", "roles"],
];
const changes = fc.uniqueArray(fc.tuple(fc.constantFrom(...CLAIMS), odd), { maxLength: 3, selector: ([name]) => name });

test.each(["at+jwt", "jwt"] as const)(
  "with typ %s: any header and claims give a whole caller, or a refusal",
  async (typ) => {
    const identify = server(typ);
    const seen = { let: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        changes,
        fc.constantFrom("at+jwt", "application/at+jwt", "JWT", "jwt", undefined, "logout+jwt", 7, null),
        async (changed, header) => {
          const claims = JSON.stringify(Object.fromEntries([...Object.entries(sound()), ...changed]));
          const token = await new CompactSign(new TextEncoder().encode(claims))
            .setProtectedHeader({ alg: key.alg, kid: "k1", typ: header } as never)
            .sign(key.privateKey);
          const found = await identify(token);
          if ("reason" in found) {
            expect(found).toMatchObject({ status: 401, error: "invalid_token", reason: expect.any(String) });
            seen.refused += 1;
            return;
          }
          seen.let += 1;
          const { sub, exp } = JSON.parse(claims);
          expect(found).toMatchObject({ id: sub, method: "oauth", issuer: ISSUER, expiresAt: exp * 1_000 });
          for (const scope of found.scopes ?? [undefined]) expect(scope).toEqual(expect.stringMatching(/./));
          expect(["string", "undefined"]).toContain(typeof found.client);
          if (typ === "at+jwt") expect(String(header)).toContain("at+jwt");
        },
      ),
      { numRuns: 400 },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(40);
  },
);

test("every token with one character changed is refused, but where it spells the same bytes", async () => {
  const identify = server("at+jwt");
  const token = await new SignJWT(sound())
    .setProtectedHeader({ alg: key.alg, kid: "k1", typ: "at+jwt" })
    .sign(key.privateKey);
  expect(await identify(token)).toMatchObject({ id: "ada" });
  const bytes = (text: string): string =>
    text
      .split(".")
      .map((part) => Buffer.from(part, "base64url").toString("hex"))
      .join(".");
  const letIn: string[] = [];
  for (let at = 0; at < token.length; at += 1)
    for (const other of ["A", "_", "9", "."]) {
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      if (changed !== token && !("reason" in (await identify(changed)))) letIn.push(changed);
    }
  expect(letIn.filter((changed) => bytes(changed) !== bytes(token))).toEqual([]);
});
