import { resolve } from "node:path";
import { withProgress } from "../progress.ts";
import { prefix } from "../runnable.ts";
import { SMALLEST, templateNames } from "../templates.ts";
import { defineCommand, Refusal } from "../terminal.ts";
import { ask, templateOf } from "./ask.ts";
import { type CoreSource, findCore } from "./core.ts";
import { firstCommit } from "./git.ts";
import { nameOfFolder, namesOf } from "./name.ts";
import { clientSettings, nextSteps } from "./next-steps.ts";
import { detectPackageManager, install, packageManagerOf } from "./package-manager.ts";
import { requireEmpty, scaffold } from "./scaffold.ts";

/** `create-offshoot <folder>`: a project of one's own from a template. */
export const create = defineCommand({
  usage: "[<folder>] [options]",
  summary: "Starts an MCP server of your own from a template, in a new folder.",
  options: {
    template: {
      type: "string",
      short: "t",
      value: "name",
      description: `Which template: ${templateNames().join(", ")} (default: ${SMALLEST})`,
    },
    own: {
      type: "boolean",
      description: "Build your own server on it: updates leave the domain, its tools and tests alone",
    },
    name: { type: "string", value: "name", description: "Name of the package (default: the folder's)" },
    install: { type: "boolean", description: "Install the dependencies" },
    pm: {
      type: "string",
      value: "npm|pnpm|yarn|bun",
      description: "Package manager (default: the one that runs this)",
    },
    git: { type: "boolean", description: "Create a git repository even inside another one; --no-git: create none" },
    core: {
      type: "string",
      value: "registry|pack",
      description: "Where @offshoot/core comes from (default: pack if the registry does not have it)",
    },
    yes: { type: "boolean", short: "y", description: "Ask no questions" },
  },
  examples: [
    ["create-offshoot my-notes --template notes", "asks what is left open, in a terminal"],
    ["create-offshoot my-files -t filesystem --install --yes", "asks no questions"],
    ["create-offshoot my-crm -t notes --own", "a server for another domain, built on this one"],
  ],
  async run({ words, options, json }) {
    if (words.length > 1) throw new Refusal(`One folder, not ${words.length}: ${words.join(", ")}.`, "name one.");
    const given = { folder: words[0], template: options.template, own: options.own, install: options.install };
    if (given.folder?.trim() === "")
      throw new Refusal("The folder has no name.", "name it: `create-offshoot my-notes`.");
    if (given.folder !== undefined) requireEmpty(given.folder);
    if (given.template !== undefined) templateOf(given.template);
    const manager = options.pm === undefined ? detectPackageManager() : packageManagerOf(options.pm);
    const talks = process.stdin.isTTY && process.stdout.isTTY && !options.yes && !json;
    const chosen = talks ? await ask(given, options.name) : given;
    if (chosen.folder === undefined) throw new Refusal("Which folder?", "name it: `create-offshoot my-notes`.");

    const folder = resolve(chosen.folder);
    const template = templateOf(chosen.template ?? SMALLEST);
    const names = namesOf(options.name ?? nameOfFolder(folder));
    const manifest = JSON.parse(String(template.files.get("package.json")?.bytes));
    const { dependencies, engines, scripts } = manifest;
    const marker = JSON.parse(String(template.files.get("offshoot.json")?.bytes));
    const client = clientSettings(folder, manifest, marker);
    const core = options.core
      ? coreSourceOf(options.core)
      : await withProgress("Looking for @offshoot/core on the registry", json, () =>
          findCore(dependencies["@offshoot/core"]),
        );
    const writing =
      core === "pack" ? "Writing the project, with @offshoot/core packed from this checkout" : "Writing the project";
    await withProgress(writing, json, () =>
      scaffold(folder, template, { name: names.package, core, own: chosen.own === true }),
    );
    const problem = chosen.install
      ? await withProgress(`Installing with ${manager}`, json, () => install(manager, folder))
      : undefined;
    const git = await firstCommit(folder, options.git);

    const installed = chosen.install === true && problem === undefined;
    const remarks = [
      ...tooOld(engines.node),
      ...(core === "pack"
        ? [
            "@offshoot/core comes from vendor/, a tarball of this checkout: the registry does not have it yet.",
            `Until it has, run \`${prefix}\` wherever a page says \`npx create-offshoot\`.`,
          ]
        : []),
      ...(git === "made" || git === "not asked for" ? [] : [`No git repository was created: ${git}.`]),
      ...(problem ? [`${manager} install failed; the project was created without it:\n${problem}`] : []),
    ];
    return {
      data: {
        folder,
        name: names.package,
        template: { name: template.name, version: template.version },
        core,
        git,
        installed,
        client,
        remarks,
      },
      text: [
        `${names.package} is in ${folder}, from ${template.name} ${template.version}.`,
        ...remarks,
        "",
        nextSteps(folder, { marker, manager, installed, builds: "build" in scripts }),
      ].join("\n"),
      exitCode: problem ? 1 : 0,
    };
  },
});

function coreSourceOf(word: string): CoreSource {
  if (word === "registry" || word === "pack") return word;
  throw new Refusal(`--core ${word} is neither registry nor pack.`, "leave it out to take the one that works.");
}

/** A project can be made by an older Node than the one that runs it. */
function tooOld(engine: string): string[] {
  const [wanted, given] = [engine.replace(">=", ""), process.versions.node].map((text) => text.split(".").map(Number));
  const [major = 0, minor = 0] = wanted ?? [];
  const [ownMajor = 0, ownMinor = 0] = given ?? [];
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return [];
  return [`The server needs Node ${engine.replace(">=", "")} or newer, and this is ${process.versions.node}.`];
}
