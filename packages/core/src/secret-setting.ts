import { z } from "zod";

/** A secret that a setting named. Printed, logged or made JSON of it says "[secret]". */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return "[secret]";
  }
  toJSON(): string {
    return "[secret]";
  }
}

/**
 * A setting that is a secret. It says where the value is, `env:NAME` or `file:/path`, or is the value where it comes from the
 * environment; parsed, it is a {@link Secret}. A value in the command line is refused, where every user of the machine sees
 * it.
 */
export const secretSetting = (): z.ZodPipe<z.ZodString, z.ZodTransform<Secret, string>> =>
  z
    .string()
    .min(1)
    .transform((given, context) => {
      const value = read(given);
      if (value instanceof Secret) return value;
      context.addIssue({ code: "custom", message: value });
      return z.NEVER;
    });

/** Several of them, comma-separated. */
export const secretsSetting = (least: number): z.ZodPipe<z.ZodString, z.ZodTransform<Secret[], string>> =>
  z.string().transform((given, context) => {
    const values = given.split(",").map((one) => read(one.trim()));
    const wrong = values.find((value) => typeof value === "string");
    const short = values.some((value) => value instanceof Secret && Buffer.byteLength(value.reveal()) < least);
    if (wrong === undefined && !short) return values.filter((value) => value instanceof Secret);
    context.addIssue({ code: "custom", message: wrong ?? `a secret has at least ${least} bytes` });
    return z.NEVER;
  });

/** The secret, or what is wrong with it. */
function read(given: string): Secret | string {
  const [, kind, name = ""] = /^(env|file):(.+)$/s.exec(given) ?? [];
  if (kind === undefined) {
    return process.argv.some((argument) => argument.includes(given))
      ? "it is a secret, and the command line shows it to every user. Name where it is: env:NAME or file:/path"
      : new Secret(given);
  }
  const value = kind === "env" ? process.env[name] : readFile(name);
  if (value) return new Secret(value);
  return kind === "env" ? `the environment has no ${name}` : `the file ${name} is missing, empty or not readable`;
}

function readFile(file: string): string | undefined {
  try {
    return process.getBuiltinModule("node:fs").readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}
