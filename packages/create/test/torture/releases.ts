import { readFileSync } from "node:fs";
import { readTemplate } from "../../src/templates.ts";
import { fileExporting, insert, mark, moveFiles, plainLines, randomFrom, type Texts, touchable } from "./texts.ts";

/** A release of upstream's, made for the trial. */
export interface TrialRelease {
  version: string;
  files: Texts;
}

/** Files that upstream edits in every release: forks edit them as well. */
export const hotFiles = (files: Texts): string[] => touchable(files).filter((_, index) => index % 4 === 0);

/**
 * The notes template as it is, and three releases after it: lines, files, a folder and a file renamed, a function
 * renamed, dependencies, the lock, a picture.
 */
export function makeReleases(): TrialRelease[] {
  const first = start();
  const second = release(first, "0.2.0", (files) => {
    files.set("src/domain/limits-of-upstream.ts", "export const upstreamLimit = 7; // up-2-file\n");
    if (!files.delete("test/domain/agreement.test.ts")) throw new Error("The trial deletes a test that is not there.");
    manifest(files, (data) => {
      data.dependencies.zod = "^4.6.9";
      data.dependencies["p-limit"] = "^7.0.0";
    });
    files.set(
      "contract.lock.json",
      (files.get("contract.lock.json") as string).replace("Create one note.", "Make one note."),
    );
  });
  const third = release(second, "0.3.0", (files) => {
    const moved = moveFiles(files, (path) =>
      path === "src/tools/shared.ts"
        ? "src/tools/common.ts"
        : path.replace(/^src\/domain\/text\//, "src/domain/texts/"),
    );
    files.clear();
    for (const [path, text] of moved) files.set(path, text);
    manifest(files, (data) => {
      data.dependencies.yaml = "^2.9.4";
    });
  });
  const fourth = release(third, "0.4.0", (files) => {
    fileExporting(files, "src/domain/texts/", "titleKey");
    for (const [path, text] of files)
      if (path.endsWith(".ts")) files.set(path, text.replaceAll(/\btitleKey\b/g, "keyOfTitle"));
    files.set("src/domain/extra.ts", "export const extra = 4; // up-4-file\n");
    manifest(files, (data) => {
      data.dependencies["p-limit"] = undefined;
      data.dependencies.zod = "^4.7.0";
    });
  });
  return [first, second, third, fourth];
}

function start(): TrialRelease {
  const files: Texts = new Map();
  for (const [path, { bytes }] of readTemplate("notes").files) files.set(path, bytes.toString("utf8"));
  files.set("gate.mjs", readFileSync(new URL("gate.mjs", import.meta.url), "utf8"));
  files.set("icon.png", picture(1));
  manifest(files, (data) => {
    // What breaks is found by TypeScript alone: build and tests of a fork often run what types would refuse.
    data.scripts = { ...data.scripts, build: undefined, types: "node gate.mjs", test: "node --eval 0" };
    data.files.push("*.mjs", "*.png");
  });
  return { version: "0.1.0", files };
}

function release(before: TrialRelease, version: string, change: (files: Texts) => void): TrialRelease {
  const files: Texts = new Map(before.files);
  const number = Number(version.split(".")[1]);
  const random = randomFrom(number);
  for (const [index, path] of hotFiles(files).entries()) {
    const lines = plainLines(files.get(path) as string);
    const line = lines[Math.floor(random() * lines.length)] as number;
    mark(files, path, line, `up-${number}-${index}`);
    if (random() < 0.5) insert(files, path, lines[0] as number, `up-${number}-${index}-new`);
  }
  files.set("README.md", `${files.get("README.md")}\nup-${number}-readme\n`);
  files.set("icon.png", picture(number));
  change(files);
  manifest(files, (data) => {
    data.version = version;
  });
  files.set("offshoot.json", `{ "template": "notes", "version": "${version}" }\n`);
  return { version, files };
}

const picture = (number: number): string => `\x89PNG\0\0${"\0\xff".repeat(40)}${number}\n\n`;

// biome-ignore lint/suspicious/noExplicitAny: a package.json, written to freely
function manifest(files: Texts, change: (data: any) => void): void {
  const data = JSON.parse(files.get("package.json") as string);
  change(data);
  files.set("package.json", `${JSON.stringify(data, null, 2)}\n`);
}
