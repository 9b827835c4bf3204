import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type * as Evals from "@offshoot/core/evals";
import { Refusal } from "../terminal.ts";

/** Where a project keeps its evals, the first that is there. */
const PLACES = ["test/evals/index.ts", "test/evals.ts"];

/** A project's evals, and the core that it is tested with. */
export interface LoadedEvals {
  core: typeof Evals;
  definition: Evals.Eval;
}

/** Whether a project has evals, or has them where `file` says. */
export const evalsFile = (folder: string, file?: string): string | undefined =>
  file === undefined ? PLACES.find((place) => existsSync(join(folder, place))) : file;

/** Loads a project's evals with the project's own core. @throws Refusal when they are not there or cannot be loaded */
export async function loadEvals(folder: string, given?: string): Promise<LoadedEvals> {
  const file = evalsFile(folder, given);
  if (file === undefined || !existsSync(resolve(folder, file)))
    throw new Refusal(
      `There are no evals: ${given === undefined ? `neither ${PLACES.join(" nor ")}` : `no file ${given}`}.`,
      "write one that exports defineEval(…) of @offshoot/core/evals as its default.",
    );
  const core = await loadCore(folder);
  const definition = (await defaultOf(folder, file)) as Evals.Eval;
  if (typeof definition?.server !== "function" || !Array.isArray(definition.scenarios))
    throw new Refusal(`${file} does not export an eval.`, "export defineEval(…) as its default.");
  return { core, definition };
}

/** The project's own core: what it is tested with. @throws Refusal when it cannot be loaded */
export async function loadCore(folder: string): Promise<typeof Evals> {
  const name = "@offshoot/core/evals";
  try {
    return await import(pathToFileURL(createRequire(join(folder, "package.json")).resolve(name)).href);
  } catch (cause) {
    const next = "`npm install @offshoot/core@latest`.";
    throw new Refusal(`${name} cannot be loaded from this project: ${(cause as Error).message}`, next, { cause });
  }
}

/** How long a file may take to be loaded, in ms. */
const LOAD_MS = 60_000;

/** What a file of the project exports as its default: TypeScript as it is, since Node runs it. */
export async function defaultOf(folder: string, file: string): Promise<unknown> {
  let late: NodeJS.Timeout | undefined;
  try {
    const never = new Promise<never>((_, reject) => {
      late = setTimeout(() => reject(new Error(`an await in it did not end within ${LOAD_MS / 1_000} s`)), LOAD_MS);
    });
    return (await Promise.race([import(pathToFileURL(resolve(folder, file)).href), never])).default;
  } catch (cause) {
    throw new Refusal(
      `${file} cannot be loaded: ${(cause as Error).message}`,
      "correct it, or install what it needs.",
      {
        cause,
      },
    );
  } finally {
    clearTimeout(late);
  }
}
