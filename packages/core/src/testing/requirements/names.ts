import { checkName } from "../../contract/names/names.ts";

/** The problem that {@link checkName} has with a name. */
export function nameProblem(kind: string, name: unknown): string | undefined {
  try {
    checkName(kind, name);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Fewest characters of a name that says something. */
const MIN_NAME = 3;

/**
 * Tools that hosts and models have of their own, under these very names. Not `search` and `fetch`, which some hosts ask
 * servers for.
 */
const OF_HOSTS: readonly string[] = [
  ...["bash", "shell", "computer", "python", "memory", "apply_patch", "text_editor", "str_replace_editor"],
  ...["str_replace_based_edit_tool", "code_execution", "code_interpreter", "file_search", "image_generation"],
  ...["tool_search", "web_search", "web_fetch"],
];

/** A name as it looks: of Unicode's confusable characters (UTS 39), those that a name may have. */
const looksOf = (name: string): string =>
  name.normalize("NFKC").toLowerCase().replaceAll("m", "rn").replaceAll("1", "l").replaceAll("0", "o");

/** What is wrong with the names of tools, one by one and together. */
export function problemsOfNames(names: readonly string[]): (string | undefined)[] {
  return names.map((name, index) => {
    const problem = nameProblem("tool", name);
    if (problem !== undefined) return problem;
    const twin = names.slice(0, index).find((other) => looksOf(other) === looksOf(name));
    if (twin === name) return `Two tools are named "${name}".`;
    if (twin !== undefined)
      return `The tools ${twin} and ${name} look alike: a person who allows one may mean the other.`;
    if (name.length < MIN_NAME) return `The tool name "${name}" is shorter than ${MIN_NAME} characters.`;
    if (OF_HOSTS.includes(name))
      return `Hosts have a tool "${name}" of their own: a model cannot tell which of the two it calls. Say whose it is, such as my_${name}.`;
    return undefined;
  });
}
