import { z } from "zod";
import { fail } from "../contract/errors.ts";
import { defineServer } from "../contract/server.ts";
import { defineTool } from "../contract/tool.ts";
import { defineEval } from "../evals/define-eval.ts";
import type { Eval, Scenario } from "../evals/scenario.ts";

/** A tool of the drill's library: what it says of itself, and what it does with a title. */
interface Desk {
  description: string;
  answer(title: string): string;
}

/** A release of the library, tool by tool. */
export type Release = Record<"find" | "lend" | "price", Desk>;

const BOOKS: Record<string, { author: string; shelf: string; price: number }> = {
  Emma: { author: "Austen", shelf: "A1", price: 12 },
  Ulysses: { author: "Joyce", shelf: "J4", price: 18 },
  Walden: { author: "Thoreau", shelf: "T2", price: 9 },
  Faust: { author: "Goethe", shelf: "G7", price: 11 },
};
/** Titles that stand in no scenario of the gate: users ask for them. */
const ASKED = ["Walden", "Faust"];

const book = (title: string) =>
  BOOKS[title] ??
  fail(`There is no "${title}". Find what there is, and call again with one of: ${Object.keys(BOOKS).join(", ")}.`);

/** The release that works. */
export const goodRelease: Release = {
  find: {
    description: "Find on which shelf a book stands, and who wrote it.",
    answer: (title) => `${title} by ${book(title).author} stands on ${book(title).shelf}`,
  },
  lend: {
    description: "Lend a book to a reader for four weeks.",
    answer: (title) => `${title} is lent, from ${book(title).shelf}`,
  },
  price: { description: "Say how much a book costs to buy.", answer: (title) => `${title} costs ${book(title).price}` },
};

/** A change that goes into a release. */
export interface Change {
  what: string;
  worse: boolean;
  to(release: Release): Release;
}

const withDescription = (tool: keyof Release, description: string) => (release: Release) => ({
  ...release,
  [tool]: { ...release[tool], description },
});
const withAnswer = (tool: keyof Release, answer: Desk["answer"]) => (release: Release) => ({
  ...release,
  [tool]: { ...release[tool], answer },
});

/** Of each kind a few, from which a seed takes. */
export const changes: Record<"words" | "handler" | "harmless", Change[]> = {
  words: [
    { what: "vague", worse: true, to: withDescription("find", "Do something with one of the items.") },
    {
      what: "misleading",
      worse: true,
      to: withDescription("price", "Find a shelf, who wrote it, where it stands."),
    },
    { what: "too short", worse: true, to: withDescription("lend", "For four weeks.") },
  ],
  handler: [
    {
      what: "lost field",
      worse: true,
      to: withAnswer("find", (title) => `${title} stands on ${book(title).shelf}`),
    },
    {
      what: "one too many",
      worse: true,
      to: withAnswer("price", (title) => `${title} costs ${book(title).price + 1}`),
    },
    { what: "unchecked", worse: true, to: withAnswer("lend", (title) => `${title} is lent, from A1`) },
  ],
  harmless: [
    {
      what: "reworded",
      worse: false,
      to: withDescription("find", "On which shelf does a book stand, and who wrote it? Find it."),
    },
    {
      what: "longer",
      worse: false,
      to: withDescription("lend", "Lend a book to a reader for four weeks, and note the day."),
    },
    {
      what: "rewritten",
      worse: false,
      to: withAnswer("price", (title) => [title, "costs", book(title).price].join(" ")),
    },
  ],
};

function libraryServer(release: Release) {
  return defineServer({
    name: "library",
    version: "1.0.0",
    tools: Object.entries(release).map(([name, { description, answer }]) =>
      defineTool({
        name,
        title: name,
        description,
        inputSchema: z.object({ title: z.string().describe("The title") }),
        outputSchema: z.object({ answer: z.string().describe("The answer") }),
        handler: ({ title }) => ({ answer: answer(title) }),
      }),
    ),
  });
}

/** What users want of the library, about some of its books. */
function scenariosFor(titles: readonly string[]): Scenario[] {
  const scenario = (name: string, task: string, call: string, title: string, text: string[]): Scenario => ({
    name: `${name}: ${title}`,
    kind: "golden",
    task,
    steps: [{ call, input: { title }, expect: { text } }],
    says: { text },
  });
  return titles.flatMap((title) => {
    const { author, shelf, price } = BOOKS[title] as (typeof BOOKS)[string];
    return [
      scenario("is found", `Find the shelf where the book "${title}" stands, and who wrote it`, "find", title, [
        author,
        shelf,
      ]),
      scenario("is lent", `Lend the book "${title}" to a reader`, "lend", title, [title, shelf]),
      scenario("has a price", `How much does the book "${title}" cost?`, "price", title, [`costs ${price}`]),
    ];
  });
}

const unknown: Scenario = {
  name: "a title that is not there is refused with those that are",
  kind: "adversarial",
  steps: (["find", "lend", "price"] as const).map((call) => ({
    call,
    input: { title: "Hamlet" },
    expect: { refused: ["Hamlet", "Emma"] },
  })),
};

const evalOn = (release: Release, scenarios: Scenario[]): Eval =>
  defineEval({ name: "library", server: () => ({ server: libraryServer(release) }), scenarios });

/** What stands before a release goes out. */
export const gateOn = (release: Release): Eval => evalOn(release, [...scenariosFor(["Emma", "Ulysses"]), unknown]);

/** What users ask once it is out. */
export const trafficOn = (release: Release): Eval => evalOn(release, scenariosFor(ASKED));
