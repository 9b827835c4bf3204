import { listChanges } from "../contract/command.ts";
import { openProject, type Project } from "../project.ts";
import { defineCommand, Refusal } from "../terminal.ts";
import { changesBetween, type Part, type ReleaseChanges } from "./changes.ts";
import { atRef, atVersion, here, isShallow, lastTag, type Point } from "./point.ts";

/** `offshoot release-notes`: what a release is, from what is written down. */
export const releaseNotes = defineCommand({
  usage: "release-notes [<from>] [<to>]",
  summary:
    "What changed, as Markdown: what clients rely on, who may do what, configuration, evals, and the results of the drills. From the last tag to the files here by default.",
  options: {
    published: { type: "string", value: "version", description: "Start from a version on the registry: 1.2.0, latest" },
  },
  examples: [
    ["offshoot release-notes", "since the last tag"],
    ["offshoot release-notes v1.2.0 v1.3.0", "from one tag to another"],
    ["offshoot release-notes --published latest", "from what users have to what is here"],
    ["offshoot release-notes --json", "for a program"],
  ],
  async run({ words: [from, to, ...more], options }) {
    if (more.length > 0)
      throw new Refusal("release-notes takes at most two tags, branches or commits.", "name one, two or none.");
    const project = openProject();
    if (options.published !== undefined && to !== undefined)
      throw new Refusal("--published is where the notes begin.", "name only where it ends, or nothing.");
    const before = options.published === undefined ? begin(project, from) : await atVersion(project, options.published);
    const end = options.published === undefined ? to : from;
    const changes = changesBetween(before, end === undefined ? here(project) : atRef(project, end));
    return { data: changes, text: notesOf(project.manifest.name ?? "This server", changes) };
  },
});

function begin(project: Project, from: string | undefined): Point {
  const ref = from ?? lastTag(project.folder);
  if (ref === undefined)
    throw isShallow(project.folder)
      ? new Refusal("This clone is shallow, and the tag to start from is not in it.", "`git fetch --unshallow --tags`.")
      : new Refusal("There is no tag to start from.", "name a commit or branch, or use --published latest.");
  return atRef(project, ref);
}

/** The notes as Markdown. What is not known is said. */
function notesOf(name: string, { from, to, contract, policy, configuration, evals, drills }: ReleaseChanges): string {
  const section = <Found>(title: string, part: Part<Found>, lines: (found: Found) => string[]): string => {
    if (part.absent !== undefined) return `## ${title}\n\nNot known: ${part.absent}.`;
    const found = lines(part.found);
    return `## ${title}\n\n${found.length === 0 ? "Nothing changed." : found.join("\n")}`;
  };
  const list = (items: readonly string[]): string[] => items.map((item) => `- ${asMarkdown(item)}`);
  return [
    `# ${name}, ${from} → ${to}`,
    section("What clients rely on", contract, ({ changes, bump }) =>
      changes.length === 0
        ? []
        : [
            ...list(
              listChanges(changes)
                .split("\n")
                .map((line) => line.trim().replace(/ {2,}/, ": ")),
            ),
            "",
            `This asks for a ${bump} release.`,
          ],
    ),
    section("Who may do what", policy, list),
    section("Configuration", configuration, list),
    section("Evals", evals, list),
    section("Drills", drills, (found) =>
      list(
        found.map(
          ({ drill, verdict, missed }) =>
            `${drill}: ${verdict}${missed.length === 0 ? "" : ` (missed ${missed.join(", ")})`}`,
        ),
      ),
    ),
  ].join("\n\n");
}

/** A text of a lock in one line that is no heading, link, picture or HTML: a scenario has a name, and the notes are ours. */
const asMarkdown = (text: string): string =>
  text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\\`[]/g, "\\$&")
    .replaceAll("<", "&lt;");
