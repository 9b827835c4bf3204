import { z } from "zod";

/**
 * A setting that is a secret. It says where the value is, `env:NAME` or `file:/path`, or is the value where it comes from the
 * environment; parsed, it is the value. A value in the command line is refused, where every user of the machine sees it.
 */
export const secretSetting = (): z.ZodPipe<z.ZodString, z.ZodTransform<string, string>> =>
  z
    .string()
    .min(1)
    .transform((given, context) => {
      const [, kind, name = ""] = /^(env|file):(.+)$/s.exec(given) ?? [];
      const wrong = (message: string): never => {
        context.addIssue({ code: "custom", message });
        return z.NEVER;
      };
      if (kind === undefined) {
        return process.argv.some((argument) => argument.includes(given))
          ? wrong(
              "it is a secret, and the command line shows it to every user. Name where it is: env:NAME or file:/path",
            )
          : given;
      }
      const value = kind === "env" ? process.env[name] : read(name);
      return value === undefined || value === ""
        ? wrong(
            kind === "env" ? `the environment has no ${name}` : `the file ${name} is missing, empty or not readable`,
          )
        : value;
    });

function read(file: string): string | undefined {
  try {
    return process.getBuiltinModule("node:fs").readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}
