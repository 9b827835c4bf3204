import type { Document } from "../document/document.ts";

type Json = Record<string, unknown>;

/** A security scheme of a description, as far as inputs are concerned. */
export interface Scheme {
  key: string;
  type: string;
  /** Of an API key: where it travels and what it is called. */
  in?: string | undefined;
  name?: string | undefined;
  /** Of `http`: bearer or basic. */
  scheme?: string | undefined;
  tokenUrl?: string | undefined;
}

/** The security schemes that a description declares; what cannot be read is left out. */
export function schemesOf(document: Document): Scheme[] {
  const { securitySchemes } = (document.components ?? {}) as { securitySchemes?: unknown };
  if (typeof securitySchemes !== "object" || securitySchemes === null) return [];
  return Object.entries(securitySchemes).flatMap(([key, node]) => {
    if (typeof node !== "object" || node === null) return [];
    const { type, in: place, name, scheme, flows } = node as Json;
    const flow = ((flows ?? {}) as { clientCredentials?: { tokenUrl?: unknown } }).clientCredentials;
    const text = (value: unknown) => (typeof value === "string" ? value : undefined);
    return typeof type === "string"
      ? [
          {
            key,
            type,
            in: text(place),
            name: text(name),
            scheme: text(scheme)?.toLowerCase(),
            tokenUrl: text(flow?.tokenUrl),
          },
        ]
      : [];
  });
}

/** An input as a description has it, before it is one. */
export interface Candidate {
  place: string;
  name: string;
  description: string | undefined;
}

const foldName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");
const CREDENTIAL = /secret|token|key|clientid|password|auth/;
const TOKEN = /^(access|oauth|auth|api|bearer)?token$|^apikey$/;

/**
 * Whether an input is a credential that a security scheme speaks of. It is the server's to set: a model would be asked
 * to fill one in. The place alone does not tell: Plaid's keys are headers and, again, fields of every body.
 */
export function isCredential(schemes: readonly Scheme[], { place, name, description = "" }: Candidate): boolean {
  const plain = foldName(name);
  return schemes.some((scheme) => {
    if (scheme.type === "apiKey") {
      const own = foldName(scheme.name ?? "");
      if (place === scheme.in && own === plain) return true;
      if (!CREDENTIAL.test(plain)) return false;
      return plain === own || plain === foldName(scheme.key) || (plain.length >= 5 && own.endsWith(plain));
    }
    if (!TOKEN.test(plain)) return false;
    // `token` may as well be an invitation's: its text has to say whose it is.
    const says = /authenticat|access token|api (key|token)/i.test(description);
    return says || place === "header" || (place === "query" && plain !== "token");
  });
}
