import type { Secret } from "./secret.ts";

/** What a request gets on its way out. */
export interface Dressed {
  headers: Record<string, string>;
  query: [name: string, value: string][];
}

/** How the API knows us. Never from the model, never in what it reads. */
export interface Credentials {
  /**
   * What to add to a request, a stamp that says which credential that was, and whose it is.
   *
   * @param schemes what the operation asks for: all security schemes of one of these lists
   * @param caller whose call it is, where callers have credentials of their own
   */
  dress(
    schemes?: readonly (readonly string[])[],
    caller?: string,
  ): Promise<Dressed & { stamp: string; account: string }>;
  /**
   * Whom the API takes us for now, without asking anyone: another secret is another account, a renewed token is not.
   * Answers of one account are never given to another.
   */
  account(schemes?: readonly (readonly string[])[], caller?: string): Promise<string>;
  /**
   * After a 401: whether there is another credential now than the one with this stamp, so that trying again makes
   * sense.
   */
  renew(stamp: string): Promise<boolean>;
  /** Every secret that was used: for `blank`, which takes them out of whatever is shown. */
  secrets(): readonly string[];
}

/** The API asks for none. */
export const noCredentials: Credentials = {
  dress: async () => ({ headers: {}, query: [], stamp: "", account: "" }),
  account: async () => "",
  renew: async () => false,
  secrets: () => [],
};

/**
 * How a secret is worn: as `Authorization: Bearer`, in a header or a query parameter of its own, or with a user's name.
 */
export type Wear =
  | { kind: "bearer" }
  | { kind: "header"; name: string }
  | { kind: "query"; name: string }
  | { kind: "cookie"; name: string }
  | { kind: "basic"; user: string };

export function createCredentials(secret: Secret, wear: Wear): Credentials {
  return {
    async dress() {
      const value = await secret.read();
      return { ...worn(value, wear), stamp: value, account: value };
    },
    account: () => secret.read(),
    // A file or a variable that holds the same as before holds nothing new to try.
    renew: async (stamp) => (await secret.read()) !== stamp,
    secrets: () => (wear.kind === "basic" ? withBasic(secret.known, wear.user) : [...secret.known]),
  };
}

function worn(value: string, wear: Wear): Dressed {
  if (wear.kind === "bearer") return { headers: { authorization: `Bearer ${value}` }, query: [] };
  if (wear.kind === "header") return { headers: { [wear.name.toLowerCase()]: value }, query: [] };
  if (wear.kind === "cookie") return { headers: { cookie: `${wear.name}=${value}` }, query: [] };
  if (wear.kind === "query") return { headers: {}, query: [[wear.name, value]] };
  return { headers: { authorization: `Basic ${base64(`${wear.user}:${value}`)}` }, query: [] };
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

const withBasic = (secrets: Iterable<string>, user: string): string[] =>
  [...secrets].flatMap((secret) => [base64(`${user}:${secret}`), secret]);
