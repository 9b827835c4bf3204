import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** The paths of a project's own TypeScript and JavaScript, below src/ and test/. Links are not followed. */
export function sourceFiles(folder: string): string[] {
  const below = (path: string): string[] =>
    existsSync(join(folder, path))
      ? readdirSync(join(folder, path), { withFileTypes: true }).flatMap((entry) =>
          entry.isDirectory() ? below(`${path}/${entry.name}`) : entry.isFile() ? [`${path}/${entry.name}`] : [],
        )
      : [];
  return ["src", "test"].flatMap(below).filter((path) => /\.[cm]?[jt]sx?$/.test(path));
}
