import type { Credentials } from "./credentials.ts";

/** A credential, and the security scheme of the description that it is for. Without one it goes with every request. */
export interface Part {
  scheme: string | undefined;
  credentials: Credentials;
}

type Alternatives = readonly (readonly string[])[];

/**
 * Several credentials as one. A request gets those of the first alternative it asks for that are all here, and every
 * one that is for no scheme.
 */
export function severalCredentials(parts: readonly Part[]): Credentials {
  const [only] = parts;
  if (parts.length === 1 && only?.scheme === undefined && only !== undefined) return only.credentials;
  return {
    async dress(schemes, caller) {
      const wanted = choose(parts, schemes);
      const dressed = await Promise.all(wanted.map(({ credentials }) => credentials.dress(schemes, caller)));
      return {
        headers: mergeHeaders(dressed.map(({ headers }) => headers)),
        // Two schemes may be one key: sent twice, it would be a list.
        query: [...new Map(dressed.flatMap(({ query }) => query))],
        stamp: JSON.stringify(dressed.map(({ stamp }, n) => [parts.indexOf(wanted[n] as Part), stamp])),
        account: JSON.stringify(dressed.map(({ account }, n) => [parts.indexOf(wanted[n] as Part), account])),
      };
    },
    async account(schemes, caller) {
      const accounts = choose(parts, schemes).map(async (part) => [
        parts.indexOf(part),
        await part.credentials.account(schemes, caller),
      ]);
      return JSON.stringify(await Promise.all(accounts));
    },
    async renew(stamp) {
      let renewed = false;
      for (const [index, own] of JSON.parse(stamp) as [number, string][])
        if (await parts[index]?.credentials.renew(own)) renewed = true;
      return renewed;
    },
    secrets: () => parts.flatMap(({ credentials }) => credentials.secrets()),
  };
}

function choose(parts: readonly Part[], alternatives: Alternatives | undefined): readonly Part[] {
  if (alternatives === undefined) return parts;
  const have = new Set(parts.flatMap(({ scheme }) => scheme ?? []));
  const all = alternatives.find((schemes) => schemes.length > 0 && schemes.every((scheme) => have.has(scheme)));
  // Where none is complete, what there is of them is better than nothing: the API says what it lacks.
  const wanted = new Set(all ?? (alternatives.some((schemes) => schemes.length === 0) ? [] : alternatives.flat()));
  return parts.filter(({ scheme }) => scheme === undefined || wanted.has(scheme));
}

/** Two cookies are one header. */
function mergeHeaders(headers: readonly Record<string, string>[]): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of headers.flatMap((one) => Object.entries(one)))
    all[name] = name === "cookie" && all.cookie !== undefined ? `${all.cookie}; ${value}` : value;
  return all;
}
