// What real authorization servers issue, and where they say how: some by RFC 9068, most in ways of their own.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, ERAS, openServer } from "./endpoint.ts";
import { type Issuer, startIssuer } from "./issuer.ts";
import { PROVIDERS } from "./provider-tokens.ts";

const eras = Object.values(ERAS);
/** Of an application that is client and API at once, and so the audience of tokens of both kinds. */
const AUDIENCE = "00001111-aaaa-2222-bbbb-3333cccc4444";

describe.each(PROVIDERS)("$name", ({ name, path, metadata, elsewhere, access, others }) => {
  let issuer: Issuer;
  let strict: Awaited<ReturnType<typeof openServer>>;
  let wide: Awaited<ReturnType<typeof openServer>>;
  beforeAll(async () => {
    issuer = await startIssuer({ path, metadata });
    if (elsewhere === "a page")
      issuer.state.elsewhere = (_request, response) => response.setHeader("content-type", "text/html").end("<html>");
    const settings = { auth: "oauth", authIssuer: issuer.url, authAudience: AUDIENCE } as const;
    strict = await openServer(settings);
    wide = await openServer({ ...settings, authTyp: "jwt" });
  });
  afterAll(async () => {
    await strict.close();
    await wide.close();
    issuer.close();
  });
  const statuses = async (server: typeof wide, { header, claims }: (typeof others)[string]) => {
    // Both names of the client are put in by those who have them.
    const token = bearer(await issuer.sign({ header, claims: { client_id: undefined, ...claims } }, AUDIENCE));
    return Promise.all(eras.map(async (era) => (await era(server.endpoint, [token])).status));
  };

  test("an access token is let in with its scopes, where its typ is expected", async () => {
    expect(await statuses(wide, access)).toEqual([200, 200]);
    const line = wide.log.map((one) => JSON.parse(one)).find(({ msg }) => msg === "call");
    expect(line).toMatchObject({ caller: access.claims.sub ?? "ada", outcome: "ok" });
    const byTheBook = name === "an issuer of RFC 9068";
    expect(await statuses(strict, access)).toEqual(byTheBook ? [200, 200] : [401, 401]);
    if (!byTheBook) expect(strict.log.join()).toContain("not at+jwt; see --auth-typ");
  });

  test("without its scopes it is refused", async () => {
    const claims = { ...access.claims, scope: undefined, scp: undefined };
    expect(await statuses(wide, { ...access, claims })).not.toContain(200);
  });

  test.each(Object.entries(others))("%s is not let in, whatever is expected", async (_kind, other) => {
    expect(await statuses(wide, other)).toEqual([401, 401]);
    expect(await statuses(strict, other)).toEqual([401, 401]);
  });
});

test("a token that says it is for refreshing is not let in, wherever it says so, and the log says why", async () => {
  const issuer = await startIssuer();
  const server = await openServer({ auth: "oauth", authIssuer: issuer.url, authAudience: AUDIENCE, authTyp: "jwt" });
  const said = { token_type: "refresh", type: "Refresh", use: "refresh", purpose: "refresh_token" };
  for (const [claim, value] of Object.entries(said)) {
    const token = bearer(await issuer.sign({ header: { typ: "JWT" }, claims: { [claim]: value } }, AUDIENCE));
    expect((await ERAS["2026"](server.endpoint, [token])).status).toBe(401);
    expect(server.log.at(-1)).toContain(`by its claim ${claim}`);
  }
  const bearerToken = await issuer.sign({ header: { typ: "JWT" }, claims: { token_type: "Bearer" } }, AUDIENCE);
  expect((await ERAS["2026"](server.endpoint, [bearer(bearerToken)])).status).toBe(200);
  await server.close();
  issuer.close();
});

test("who signs in by another application is another caller", async () => {
  const issuer = await startIssuer();
  const { callerOf } = await import("../../src/auth/access-claims.ts");
  for (const { access } of PROVIDERS)
    expect(callerOf({ iss: issuer.url, sub: "ada", exp: 1, ...access.claims }, "k1").client).toBe(access.client);
  issuer.close();
});
