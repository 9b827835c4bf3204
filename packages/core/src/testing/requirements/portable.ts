import { Ajv, addFormats } from "@modelcontextprotocol/client/validators/ajv";
import { type Requirement, report, type Subject } from "./requirement.ts";
import type { Json } from "./schemas.ts";
import { geminiProblems, strictProblems } from "./subsets.ts";
import { type Listed, listedTools } from "./tools.ts";

/** Tokens of a model that a list of tools may take, unless the server says another number. */
const LIST_TOKENS = 10_000;

/** Characters of JSON that make a token, about; tokenizers differ, and budgets are no finer than this. */
const CHARACTERS_PER_TOKEN = 4;

async function inputProblems(subject: Subject, problemsOf: (schema: Json) => string[], where: string): Promise<void> {
  const tools = await listedTools(subject);
  report(
    tools.flatMap(({ name, inputSchema }) =>
      problemsOf(inputSchema as Json).map((problem) => `The inputSchema of ${name} does not fit ${where}: ${problem}.`),
    ),
  );
}

/** Requirements of hosts and of makers of models on what is listed, beyond the specification's. */
export const portableRequirements: readonly Requirement[] = [
  {
    id: "schemas-in-draft-seven",
    because:
      "Hosts that compile with Ajv as it comes know draft-07 alone: there a schema that names a later one makes every call of the tool fail.",
    async check(subject) {
      const ajv = new Ajv({ strict: false, logger: false });
      addFormats(ajv);
      report((await listedTools(subject)).flatMap((tool) => draftSevenProblems(ajv, tool)));
    },
  },
  {
    id: "schemas-fit-gemini",
    because:
      "Gemini takes a part of OpenAPI's schemas: one tool outside it, and the request with all the tools is answered 400.",
    check: (subject) => inputProblems(subject, geminiProblems, "Gemini"),
  },
  {
    id: "schemas-fit-openai",
    because:
      "OpenAI's strict mode, which keeps a model to the schema, takes a part of JSON Schema: a tool outside it is used without, or not at all.",
    check: (subject) => inputProblems(subject, strictProblems, "OpenAI's strict mode"),
  },
  {
    id: "list-in-budget",
    because:
      "Every tool's name, description and input schema stand in the model's context before the first question: a long list leaves less room, and picks get worse.",
    async check(subject) {
      const most = subject.listTokens ?? LIST_TOKENS;
      const costs = (await listedTools(subject)).map(({ name, description, inputSchema }) => ({
        name,
        tokens: Math.ceil(JSON.stringify({ name, description, inputSchema }).length / CHARACTERS_PER_TOKEN),
      }));
      const sum = costs.reduce((total, { tokens }) => total + tokens, 0);
      if (sum <= most) return;
      const dearest = costs.toSorted((a, b) => b.tokens - a.tokens).slice(0, 3);
      report([
        `The list of tools takes about ${sum} tokens, more than ${most}. The longest: ${dearest.map(({ name, tokens }) => `${name} (${tokens})`).join(", ")}. Shorten them, offer fewer by a profile, or give testServerContract another listTokens.`,
      ]);
    },
  },
];

function draftSevenProblems(
  ajv: InstanceType<typeof Ajv>,
  { name, inputSchema, outputSchema }: Listed,
): (string | undefined)[] {
  return Object.entries({ inputSchema, outputSchema }).map(([which, schema = {}]) => {
    try {
      ajv.compile(schema as Json);
      return undefined;
    } catch (error) {
      // A reference that leads nowhere is a matter of tool-schemas.
      if ((error as { missingRef?: string }).missingRef !== undefined) return undefined;
      return `The ${which} of ${name} does not compile as draft-07: ${(error as Error).message}.`;
    }
  });
}
