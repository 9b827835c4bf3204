import { withProgress } from "../progress.ts";
import { openFork } from "../project.ts";
import { type Answer, defineCommand, Refusal } from "../terminal.ts";
import { diffOfMine } from "./diff-of-mine.ts";
import { managerOf } from "./gates.ts";
import { BEFORE } from "./journal.ts";
import type { Update } from "./outcome.ts";
import { latestVersion } from "./release.ts";
import { listPaths, updateProject } from "./update.ts";
import { newer } from "./version.ts";

/** `offshoot update`: a later version of the template, merged into a project. */
export const update = defineCommand({
  usage: "update [--to <version>] [--dry-run | --diff | --check] [options]",
  summary: "Merges what upstream changed since this project was made. Your own changes stay.",
  options: {
    to: { type: "string", value: "version", description: "Which version of the template (default: latest)" },
    "dry-run": { type: "boolean", description: "Say what would happen, and change nothing" },
    diff: { type: "boolean", description: "Print the changes as a patch, and change nothing" },
    mine: { type: "boolean", description: 'Print what upstream changed in files that "mine" in offshoot.json names' },
    since: { type: "string", value: "version", description: "With --mine: since that version, not this project's" },
    check: { type: "boolean", description: "Only check whether there is a later version (exit code 1)" },
    gates: { type: "boolean", description: "--no-gates: do not run types, build and test before and after the update" },
    install: { type: "boolean", description: "--no-install: run them with the installed packages" },
    from: {
      type: "string",
      value: "folder|tarball",
      description: "The new version, from here and not from the registry",
    },
    base: { type: "string", value: "folder|tarball", description: "The version the project was made from" },
  },
  examples: [
    ["offshoot update --dry-run", "what would happen"],
    ["offshoot update", "the latest version, with types, build and test before and after"],
    ["offshoot update --to 0.4.0 --no-gates", "a specific version, without running anything"],
    ["offshoot update --check --json", "for a scheduled job: exit code 1 when there is a later version"],
    ["offshoot update --base notes-0.1.0.tgz --from notes-0.2.0.tgz", "without a network"],
  ],
  async run({ words, options, json }): Promise<Answer> {
    if (words.length > 0) throw new Refusal(`update takes no words: ${words.join(" ")}.`, "`offshoot update --help`.");
    if (options.to !== undefined && options.from !== undefined)
      throw new Refusal("--to and --from exclude each other.", "choose one.");
    if (options.check) return behind(options.to);
    if (options.since !== undefined && !options.mine)
      throw new Refusal("--since goes with --mine.", "`offshoot update --help`.");
    if (options.mine) {
      const patch = await withProgress("Reading both versions", json, () => diffOfMine(options));
      const text = patch.trimEnd() || "Upstream changed nothing in files that are yours.";
      return { data: { patch }, text, raw: true };
    }
    const dryRun = options["dry-run"] === true || options.diff === true;
    const result = await withProgress("Updating", json, (onStep) =>
      updateProject({
        onStep,
        to: options.to,
        from: options.from,
        base: options.base,
        dryRun,
        gates: options.gates ?? true,
        install: options.install ?? true,
      }),
    );
    const { patch, ...data } = result;
    return {
      data: options.diff ? result : data,
      text: options.diff ? patch.trimEnd() || "Nothing would change." : textOf(result, dryRun),
      raw: options.diff === true,
      exitCode: result.status === "conflicts" || result.status === "red" ? 1 : 0,
    };
  },
});

async function behind(to: string | undefined): Promise<Answer> {
  const { marker } = openFork();
  const latest = await latestVersion(marker.template, to);
  const isBehind = newer(latest, marker.version);
  return {
    data: { template: marker.template, version: marker.version, latest, behind: isBehind },
    text: isBehind
      ? `${marker.template} ${latest} is out; this project has ${marker.version}. Next: \`offshoot update --dry-run\`.`
      : `${marker.template} ${marker.version} is the latest.`,
    exitCode: isBehind ? 1 : 0,
  };
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

function textOf(result: Update, dryRun: boolean): string {
  const { template, from, to, upstream, yours, conflicts, written, removed } = result;
  const drift = `You changed ${count(yours.changed.length, "file")} of ${template} ${from}, added ${yours.added.length} and removed ${yours.removed.length}.`;
  const recovered = result.recovered
    ? [`An update that was interrupted was undone first (${count(result.recovered.restored.length, "file")}).`]
    : [];
  if (result.status === "up to date")
    return [...recovered, `This project has ${template} ${to} already.`, drift].join("\n");
  return [
    ...recovered,
    `${template} ${from} → ${to}: upstream changed ${count(upstream.changed.length, "file")}, added ${upstream.added.length}, removed ${upstream.removed.length}.`,
    drift,
    `${dryRun ? "Would write" : "Wrote"} ${count(written.length, "file")} and ${dryRun ? "remove" : "removed"} ${removed.length}${written.length + removed.length > 0 ? `: ${listPaths([...written, ...removed])}` : ""}.`,
    ...mineLines(result),
    ...conflicts.map(({ path, reason }) => `conflict  ${path}: ${reason}`),
    ...result.kept.map(({ path, reason }) => `kept      ${path}: ${reason}`),
    ...result.unresolved.map((found) => `missing   ${found} leads to no file here`),
    ...result.unasked.map((what) => `runs      by itself at the next install or test: ${what}`),
    ...(result.knownGreen ? [`green     before the update, on ${result.knownGreen}: not run again`] : []),
    ...result.gates.map(
      ({ name, green, tookMs }) => `${green ? "green" : "RED  "}     ${name} (${(tookMs / 1000).toFixed(1)} s)`,
    ),
    ...result.gates.filter(({ green }) => !green).map(({ output }) => output),
    `Next: ${dryRun ? "`offshoot update --diff` shows every line; `offshoot update` does it." : next(result)}`,
  ].join("\n");
}

/** What upstream changed where the project is its owner's. */
function mineLines({ mine, from }: Update): string[] {
  const paths = [...mine.changed, ...mine.added, ...mine.removed];
  if (paths.length === 0) return [];
  return [
    `Yours, so not changed: upstream changed ${count(paths.length, "file")} there: ${listPaths(paths)}. \`offshoot update --mine --since ${from}\` shows it.`,
  ];
}

function next({ status, git, installs, to, gates, unasked }: Update): string {
  const manager = managerOf(process.cwd());
  const back = git
    ? " To undo all of it: `git reset -q . && git restore . && git clean -fd .`"
    : ` There is no repository here: what was replaced is in ${BEFORE}/ until the next update.`;
  if (status === "conflicts")
    return `resolve the conflicts${git ? " (`git status` lists them)" : ""}${installs ? `, then \`${manager} install\`` : ""}, run your tests, and commit.${back}`;
  if (status === "red")
    return `the merge is clean, but the project does not work with it yet: fix it, and commit.${back}`;
  if (unasked.length > 0)
    return `read what runs by itself; nothing of it was run. If you want it, \`${manager} install\` and your tests, and commit.${back}`;
  const install = installs && gates.length === 0 ? `\`${manager} install\`, ` : "";
  return `${install}look at the changes${git ? " with `git diff`, and commit them" : ""}: the project is on ${to}.${back}`;
}
