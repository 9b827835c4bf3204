import { readFile, stat } from "node:fs/promises";
import { ApiError } from "../../errors.ts";

/** A secret that is named, never written down: `env:API_TOKEN` or `file:/run/secrets/token`. */
export interface Secret {
  /** Its value now. A file is read again when it has changed. @throws ApiError naming what is missing */
  read(): Promise<string>;
  /** What it is and has been: for taking it out of texts. */
  readonly known: Known;
}

/** Values that no text may show: the latest sixteen of them, longest first. */
export interface Known extends Iterable<string> {
  add(value: string): void;
}

/** An answer may repeat a credential that has been replaced since; one from sixteen changes ago it will not. */
const MAX_KNOWN = 16;

export function createKnown(): Known {
  const values = new Set<string>();
  return {
    add(value) {
      values.delete(value);
      values.add(value);
      for (const oldest of values) {
        if (values.size <= MAX_KNOWN) break;
        values.delete(oldest);
      }
    },
    [Symbol.iterator]: () => [...values].sort((a, b) => b.length - a.length).values(),
  };
}

/** @throws ApiError for anything but a reference: a secret itself has no place in a setting, where `ps` shows it */
export function createSecret(reference: string, environment: NodeJS.ProcessEnv = process.env): Secret {
  const [, kind, name = ""] = /^(env|file):(.+)$/.exec(reference) ?? [];
  if (kind === undefined)
    throw new ApiError(
      "secret_not_named",
      "A secret is given by where it is: env:NAME or file:/path. Put the value there, not into the setting.",
    );
  const known = createKnown();
  let read = { stamp: "", value: "" };
  const fromFile = async (): Promise<string> => {
    const { mtimeMs, ino, size } = await stat(name);
    const stamp = `${mtimeMs} ${ino} ${size}`;
    if (stamp !== read.stamp) read = { stamp, value: (await readFile(name, "utf8")).trim() };
    return read.value;
  };
  return {
    known,
    async read() {
      const value = kind === "env" ? (environment[name] ?? "") : await fromFile().catch(() => "");
      if (value === "" || /[\r\n\0]/.test(value))
        throw new ApiError(
          "secret_missing",
          kind === "env"
            ? `The environment variable ${name} holds no secret.`
            : `The file ${name} holds no secret on one line.`,
        );
      known.add(value);
      return value;
    },
  };
}
