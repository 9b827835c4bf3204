import { stat } from "node:fs/promises";
import { readOwnJson } from "@offshoot/core/serve";
import { z } from "zod";
import { ApiError } from "./domain/errors.ts";
import { type Credentials, createCredentials, type Wear } from "./domain/upstream/credentials/credentials.ts";
import { createSecret } from "./domain/upstream/credentials/secret.ts";

const FORM = '{ "<caller id>": "env:NAME" }, or "file:/path"';
const CallerSecrets = z.record(z.string().min(1), z.string().regex(/^(env|file):./));

/**
 * The API's credential of each caller: a JSON file says where each one's secret is, `{ "ada": "env:ADA_TOKEN" }`. The file
 * and the secrets are read again when they have changed. What a caller shows this server is never sent to the API.
 *
 * @throws ApiError for a file, or a secret in it, that cannot be used
 */
export async function callerCredentials(file: string, wear: Wear): Promise<Credentials> {
  /** By reference: whose secret it is may change, and what a secret was must stay out of texts. */
  const made = new Map<string, Credentials>();
  let read: { stamp: string; callers: ReadonlyMap<string, Credentials> } = { stamp: "", callers: new Map() };

  const make = (reference: string): Credentials => {
    const known = made.get(reference) ?? createCredentials(createSecret(reference), wear);
    made.set(reference, known);
    return known;
  };
  const callersNow = async (): Promise<ReadonlyMap<string, Credentials>> => {
    try {
      const { mtimeMs, ino, size } = await stat(file);
      const stamp = `${mtimeMs} ${ino} ${size}`;
      if (stamp === read.stamp) return read.callers;
      const entries = Object.entries(CallerSecrets.parse(await readOwnJson(file)));
      read = { stamp, callers: new Map(entries.map(([caller, reference]) => [caller, make(reference)])) };
      return read.callers;
    } catch (cause) {
      // Why is for the people who run the server: it has the path of the file.
      throw new ApiError(
        "callers_wrong",
        "The file of --auth-per-caller cannot be used as it is. Nothing was sent. Tell the people who run this server.",
        { cause },
      );
    }
  };
  const of = async (caller = ""): Promise<Credentials> => {
    const found = (await callersNow()).get(caller);
    if (found === undefined)
      throw new ApiError(
        "no_credential",
        `The API has no credential for the caller ${JSON.stringify(caller.slice(0, 100))}. Nothing was sent. Ask the people who run this server to add one to the file of --auth-per-caller.`,
      );
    return found;
  };

  // A server that could not make itself known would find out with the first call of a model.
  const atStart = await callersNow().catch(({ cause }: ApiError) => {
    const why = cause instanceof z.ZodError ? `it must hold ${FORM}.` : (cause as Error).message;
    throw new ApiError("callers_wrong", `--auth-per-caller ${file}: ${why}`, { cause });
  });
  for (const credentials of atStart.values()) await credentials.account();
  return {
    async dress(schemes, caller) {
      const { stamp, account, ...dressed } = await (await of(caller)).dress(schemes);
      return { ...dressed, stamp: JSON.stringify([caller, stamp]), account: JSON.stringify([caller, account]) };
    },
    // Two callers with one credential are still two: what one is shown is not the other's.
    account: async (schemes, caller) => JSON.stringify([caller, await (await of(caller)).account(schemes)]),
    async renew(stamp) {
      const [caller, own] = JSON.parse(stamp) as [string, string];
      return (await of(caller)).renew(own);
    },
    secrets: () => [...made.values()].flatMap((credentials) => credentials.secrets()),
  };
}
