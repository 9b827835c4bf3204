import { ApiError } from "../../errors.ts";
import { type Credentials, createCredentials } from "./credentials.ts";
import { createSecret } from "./secret.ts";

/** Headers that are made with each request: set from outside they would break it, or lead it elsewhere. */
const MADE_HERE =
  /^(host|connection|content-(length|encoding)|transfer-encoding|te|trailer|upgrade|expect|keep-alive|proxy-.*)$/i;
/** What looks like a secret by its name has no place in a setting, where `ps` shows it. */
const SECRET_NAME = /authorization|cookie|secret|token|password|api-?key|^key$/i;

/**
 * Headers and query values that go with every request. `env:NAME` and `file:/path` are secrets: read when they are
 * needed, and taken out of whatever is shown.
 *
 * @throws ApiError for a name that no one may set, and a secret that is not there
 */
export async function fixedValues(values: {
  headers: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
}): Promise<Credentials[]> {
  const made: Credentials[] = [];
  for (const [kind, entries] of [
    ["header", values.headers],
    ["query", values.query],
  ] as const)
    for (const [name, value] of Object.entries(entries)) {
      if (kind === "header") checkName(name);
      if (!/^(env|file):/.test(value)) {
        if (SECRET_NAME.test(name))
          throw new ApiError(
            "secret_not_named",
            `The fixed ${kind} ${name} looks like a secret. Say where it is instead: ${name}=env:NAME or ${name}=file:/path.`,
          );
        made.push(openly(kind, name, value));
        continue;
      }
      const secret = createSecret(value);
      await secret.read();
      made.push(createCredentials(secret, { kind, name }));
    }
  return made;
}

function checkName(name: string): void {
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) || MADE_HERE.test(name))
    throw new ApiError(
      "header_refused",
      `The header ${JSON.stringify(name.slice(0, 60))} cannot be fixed: it is made with each request, or is no header.`,
    );
}

function openly(kind: "header" | "query", name: string, value: string): Credentials {
  if (!/^[\t\x20-\x7e\xa0-\xff]*$/.test(value))
    throw new ApiError("header_refused", `The fixed ${kind} ${name} holds a line break or a character beyond Latin-1.`);
  return {
    dress: async () =>
      kind === "header"
        ? { headers: { [name.toLowerCase()]: value }, query: [], stamp: "", account: "" }
        : { headers: {}, query: [[name, value]], stamp: "", account: "" },
    // The same for as long as the server runs.
    account: async () => "",
    renew: async () => false,
    secrets: () => [],
  };
}
