import { join } from "node:path";
import { must } from "../command.ts";
import { done, type Report, timed } from "../row.ts";
import { checkout } from "../ways.ts";

/** Each package's suite with the whole sweeps, of which `npm test` takes a sample. */
export async function longSuites(templates: string[], report: Report): Promise<void> {
  const env = { ...process.env, OFFSHOOT_LONG: "1" };
  for (const folder of ["packages/core", "packages/create", ...templates.map((name) => `templates/${name}`)]) {
    const suite = () => done(must(["pnpm", "run", "test"], join(checkout, folder), env));
    report(await timed({ part: "long", what: folder }, [["suite", suite]]));
  }
}
