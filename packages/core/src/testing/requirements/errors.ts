import { findLeak } from "../leaks.ts";
import { attempt } from "./attempt.ts";
import { spoil } from "./inputs.ts";
import { type Input, type Requirement, report } from "./requirement.ts";
import type { Listed } from "./tools.ts";

/** Requirements on the texts of errors, whatever caused them. */
export const errorRequirements: readonly Requirement[] = [
  {
    id: "errors-leak-nothing",
    because:
      "An error's text goes to a model and from there anywhere: host paths, stack traces and secrets belong in the log.",
    async check({ client, definition, samples }) {
      const tools = definition.tools.size > 0 ? ((await client.tools()) as Listed[]) : [];
      const base = (name: string): Input => samples.tools?.[name]?.valid[0] ?? {};
      const calls = [
        ...tools.flatMap(({ name, inputSchema }) =>
          [...spoil(inputSchema, base(name))].map(({ input }) => ({ name, input })),
        ),
        ...Object.entries(samples.tools ?? {}).flatMap(([name, { failing = [] }]) =>
          failing.map((input) => ({ name, input })),
        ),
        { name: "offshoot_no_such_tool", input: {} },
      ];
      const problems: string[] = [];
      const look = async (what: string, sent: unknown, work: Promise<unknown>): Promise<void> => {
        const { result, refusal } = await attempt(work);
        const { isError, text } = (result ?? {}) as { isError?: boolean | undefined; text?: string | undefined };
        const leak = findLeak(
          refusal === undefined
            ? isError === true
              ? (text ?? "")
              : ""
            : `${refusal.message} ${JSON.stringify(refusal.data ?? "")}`,
          sent,
        );
        if (leak !== undefined) problems.push(`The error of ${what} shows ${leak}.`);
      };
      for (const { name, input } of calls)
        await look(`${name}(${JSON.stringify(input).slice(0, 120)})`, input, client.call(name, input));
      for (const uri of ["offshoot-unknown://nothing", ...(samples.resources?.missing ?? [])])
        await look(`reading ${uri}`, uri, client.read(uri));
      for (const name of ["offshoot_no_such_prompt", ...definition.prompts.keys()])
        await look(`the prompt ${name}`, name, client.prompt(name));
      await look("an unknown method", "", client.request("offshoot/no-such-method"));
      report(problems);
    },
  },
];
