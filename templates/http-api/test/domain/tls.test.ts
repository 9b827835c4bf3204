import { createServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import * as tls from "node:tls";
import { generate } from "selfsigned";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { UpstreamError } from "../../src/domain/errors.ts";
import type { ApiRequest } from "../../src/domain/operation.ts";
import { createUpstream } from "../../src/guarded.ts";

const KIND = { keyType: "ec", algorithm: "sha256" } as const;
const DAY_MS = 86_400_000;
const request: ApiRequest = { operation: "x", method: "GET", path: "/x", query: [], headers: {}, body: undefined };

/**
 * A certificate of an authority that this process trusts, for `localhost` and good from now on unless told otherwise.
 */
async function certificate(authority: { key: string; cert: string } | undefined, host = "localhost", daysAgo = 0) {
  const from = Date.now() - daysAgo * DAY_MS - DAY_MS;
  const { private: key, cert } = await generate([{ name: "commonName", value: host }], {
    ...KIND,
    notBeforeDate: new Date(from),
    notAfterDate: new Date(from + 2 * DAY_MS),
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: host }] }],
    ...(authority === undefined ? {} : { ca: authority }),
  });
  return { key, cert };
}

// Node 22.18 cannot yet be told whom to trust while it runs; what is tested is the same there.
const canTrust = "setDefaultCACertificates" in tls;
const trusted = tls.getCACertificates("default");
let authority: { key: string; cert: string };
beforeAll(async () => {
  const { private: key, cert } = await generate([{ name: "commonName", value: "Test authority" }], {
    ...KIND,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, critical: true },
    ],
  });
  authority = { key, cert };
  if (canTrust) tls.setDefaultCACertificates([...trusted, cert]);
});
afterAll(() => {
  if (canTrust) tls.setDefaultCACertificates(trusted);
});

/** Asks a real server that shows this certificate. */
async function ask(options: ServerOptions) {
  let heard = 0;
  const server = createServer(options, (_request, response) => {
    heard += 1;
    response.setHeader("content-type", "application/json").end('{"safe":true}');
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const { port } = server.address() as AddressInfo;
  const upstream = createUpstream({ baseUrl: `https://localhost:${port}`, allowedHosts: ["localhost"] });
  try {
    const { body } = await upstream.send(request, { signal: AbortSignal.timeout(10_000) });
    return { body, error: undefined, heard };
  } catch (error) {
    return { body: undefined, error: error as UpstreamError, heard };
  } finally {
    await upstream.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

describe.runIf(canTrust)("a server that cannot prove who it is is sent nothing", () => {
  test("one that can is asked", async () => {
    expect((await ask(await certificate(authority))).body).toEqual({ safe: true });
  });
  test.each([
    ["signed by itself", () => certificate(undefined), /DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_VERIFY/],
    ["expired", () => certificate(authority, "localhost", 30), /CERT_HAS_EXPIRED/],
    ["another host's", () => certificate(authority, "shop.example"), /ERR_TLS_CERT_ALTNAME_INVALID/],
  ])("a certificate that is %s", async (_what, make, why) => {
    const { error, heard } = await ask(await make());
    expect(error).toMatchObject({ code: "unreachable", message: expect.stringMatching(why), facts: { notSent: true } });
    expect(heard).toBe(0);
  });
  test("TLS 1.0", async () => {
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    const { error, heard } = await ask({ ...(await certificate(authority)), ...old });
    expect(error).toMatchObject({ code: "unreachable", facts: { notSent: true } });
    expect(heard).toBe(0);
  });
});
