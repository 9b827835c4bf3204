import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { z } from "zod";
import { defineServer, type ServerDefinition } from "../contract/server.ts";
import { defineTool } from "../contract/tool.ts";

export const ISSUER = "https://issuer.drill";
export const AUDIENCE = "https://mcp.drill/mcp";

interface Key {
  kid: string;
  privateKey: CryptoKey;
  jwk: JWK;
}

/** An authorization server without a wire: it signs, publishes its keys and rotates them. */
export interface DrillIssuer {
  /** The one that signs comes first. */
  readonly keys: readonly Key[];
  published(): JWK[];
  sign(sub: string, by?: Key, jti?: string): Promise<string>;
  /** A new key signs from now on; the old one is still published. */
  rotate(): Promise<void>;
  /** Publishes the newest key alone, and has operators reload. */
  dropOld(): void;
  onDrop(reload: () => Promise<void>): void;
}

export async function createDrillIssuer(): Promise<DrillIssuer> {
  const make = async (kid: string): Promise<Key> => {
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
    return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" } };
  };
  let keys = [await make("first")];
  let reload: (() => Promise<void>) | undefined;
  let tokens = 0;
  return {
    get keys() {
      return keys;
    },
    published: () => keys.map(({ jwk }) => jwk),
    sign(sub, by = keys[0] as Key, jti = `token-${tokens++}`) {
      const now = Math.floor(Date.now() / 1_000);
      return new SignJWT({ scope: "drill:read drill:write", client_id: "drill", jti })
        .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: by.kid })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(sub)
        .setIssuedAt(now)
        .setExpirationTime(now + 300)
        .sign(by.privateKey);
    },
    async rotate() {
      const next = await make("second");
      keys = [next, ...keys];
    },
    dropOld() {
      keys = keys.slice(0, 1);
      void reload?.();
    },
    onDrop(given) {
      reload = given;
    },
  };
}

/** A server on which each caller writes its next number, and reads it again. */
export function ledgerServer(): ServerDefinition {
  const kept = new Map<string, number>();
  const value = z.object({ value: z.number().describe("The caller's number") });
  return defineServer({
    name: "ledger",
    version: "1.0.0",
    tools: [
      defineTool({
        name: "drill_write",
        title: "Write",
        description: "Writes the caller's next number.",
        inputSchema: z.object({}),
        outputSchema: value,
        scopes: ["drill:write"],
        handler: (_input, { caller }) => {
          const next = (kept.get(caller.id) ?? 0) + 1;
          kept.set(caller.id, next);
          return { value: next };
        },
      }),
      defineTool({
        name: "drill_read",
        title: "Read",
        description: "Reads the caller's number.",
        inputSchema: z.object({}),
        outputSchema: value,
        annotations: { readOnlyHint: true },
        scopes: ["drill:read"],
        handler: (_input, { caller }) => ({ value: kept.get(caller.id) ?? 0 }),
      }),
    ],
  });
}
