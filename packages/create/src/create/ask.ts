import { readTemplate, type Template, templateNames } from "../templates.ts";
import { Refusal } from "../terminal.ts";
import { nameOfFolder, namesOf } from "./name.ts";
import { requireEmpty } from "./scaffold.ts";

/** What can be asked of a person in a terminal; whatever was given on the command line is not. */
export interface Choices {
  folder: string | undefined;
  template: string | undefined;
  /** Whether the domain is going to be the person's own. */
  own: boolean | undefined;
  install: boolean | undefined;
}

/** Asks for what is missing. Ends the process when the person leaves, with the exit code of a Ctrl+C. */
export async function ask(given: Choices, name: string | undefined): Promise<Choices> {
  const { cancel, confirm, intro, isCancel, select, text } = await import("@clack/prompts");
  const kept = <T>(answer: T): Exclude<T, symbol> => {
    if (!isCancel(answer)) return answer as Exclude<T, symbol>;
    cancel("Nothing was created.");
    process.exit(130);
  };
  intro("A new MCP server from an Offshoot template");
  const folder =
    given.folder ??
    kept(await text({ message: "Where?", placeholder: "my-server", defaultValue: "my-server", validate: problemWith }));
  if (!name) namesOf(nameOfFolder(folder));
  const options = templateNames().map((value) => ({ value, label: value, hint: readTemplate(value).description }));
  const template = given.template ?? kept(await select({ message: "Which template?", options }));
  const own =
    given.own ??
    kept(
      await select({
        message: "What will you do with it?",
        options: [
          { value: false, label: "use it, with my own changes", hint: "updates reach every file" },
          {
            value: true,
            label: "build my own server on it",
            hint: "updates leave the domain, its tools and tests alone",
          },
        ],
      }),
    );
  const install = given.install ?? kept(await confirm({ message: "Install its dependencies now?" }));
  return { folder, template, own, install };

  function problemWith(value: string | undefined): string | undefined {
    try {
      requireEmpty(value || "my-server");
      if (!name) namesOf(nameOfFolder(value || "my-server"));
    } catch (error) {
      return (error as Error).message;
    }
  }
}

/** The template of that name. Throws a {@link Refusal} for another name. */
export function templateOf(name: string): Template {
  const names = templateNames();
  if (!names.includes(name))
    throw new Refusal(`There is no template "${name}".`, `choose one of: ${names.join(", ")}.`);
  return readTemplate(name);
}
