// Everything that a model reads of a definition is looked at when it is made.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { DefinitionError, definePrompt, defineResource, defineServer, defineTool, jsonSchema } from "../src/index.ts";

const LONG = process.env.OFFSHOOT_LONG === "1";

const described = z.object({ text: z.string().describe("Some text") });
const tool = (changes: object): unknown =>
  defineTool({
    name: "say",
    title: "Say",
    description: "Says it.",
    inputSchema: described,
    outputSchema: described,
    handler: () => ({ text: "" }),
    ...changes,
  } as never);
const field = (one: z.ZodType): unknown => tool({ inputSchema: z.object({ field: one.describe("A field") }) });
const given = (property: object): unknown =>
  tool({
    inputSchema: jsonSchema(
      { type: "object", properties: { field: { description: "A field", ...property } } },
      () => [],
    ),
  });
const resource = (changes: object): unknown =>
  defineResource({
    name: "item",
    title: "Item",
    description: "A thing.",
    uri: "item://{id}",
    read: () => "x",
    ...changes,
  } as never);
const prompt = (changes: object): unknown =>
  definePrompt({ name: "greet", title: "Greet", description: "Greets.", handler: () => "hi", ...changes } as never);
const server = (changes: object): unknown =>
  defineServer({ name: "lab", version: "1.0.0", tools: [tool({}) as never], ...changes });

/** Each text that reaches a model, with a text put there. */
const places: Record<string, (text: string) => unknown> = {
  "a tool's title": (text) => tool({ title: text }),
  "a tool's description": (text) => tool({ description: text }),
  "a tool's annotation title": (text) => tool({ annotations: { title: text } }),
  "a field's name": (text) => tool({ inputSchema: z.object({ [text]: z.string().describe("A field") }) }),
  "a field's description": (text) => tool({ inputSchema: z.object({ field: z.string().describe(text) }) }),
  "a field's title": (text) => field(z.string().meta({ title: text })),
  "a choice": (text) => field(z.enum(["a", text])),
  "a constant": (text) => field(z.literal(text)),
  "a default": (text) => field(z.string().default(text)),
  "a default deep inside": (text) => field(z.object({ a: z.array(z.string()).describe("A") }).default({ a: [text] })),
  "an example": (text) => field(z.string().meta({ examples: [text] })),
  "a choice of a list": (text) => field(z.array(z.enum(["a", text]))),
  "a branch's description": (text) => field(z.union([z.string().describe(text), z.number()])),
  "an output field's description": (text) => tool({ outputSchema: z.object({ field: z.string().describe(text) }) }),
  "an output choice": (text) => tool({ outputSchema: z.object({ field: z.enum(["a", text]).describe("A field") }) }),
  "a choice of a given schema": (text) => given({ enum: ["a", text] }),
  "an example of a given schema": (text) => given({ type: "object", examples: [{ [text]: 1 }] }),
  "a comment of a given schema": (text) => given({ $comment: text }),
  "a pattern of a given schema": (text) => given({ type: "string", pattern: text }),
  "a resource's title": (text) => resource({ title: text }),
  "a resource's description": (text) => resource({ description: text }),
  "a resource's MIME type": (text) => resource({ mimeType: text }),
  "a resource's URI": (text) => resource({ uri: `item://x${text}` }),
  "a prompt's title": (text) => prompt({ title: text }),
  "a prompt's description": (text) => prompt({ description: text }),
  "a prompt argument's description": (text) => prompt({ arguments: z.object({ style: z.string().describe(text) }) }),
  "a prompt argument's choice": (text) =>
    prompt({ arguments: z.object({ style: z.enum(["a", text]).describe("How") }) }),
  "a server's title": (text) => server({ title: text }),
  "a server's instructions": (text) => server({ instructions: text }),
};

/** Character, and the words by which an error names it. */
const hidden: [what: string, character: string, named: RegExp][] = [
  ["zero-width space", "\u200b", /invisible character U\+200B/],
  ["zero-width joiner", "\u200d", /U\+200D/],
  ["soft hyphen", "\u00ad", /U\+00AD/],
  ["byte order mark", "\ufeff", /U\+FEFF/],
  ["bidirectional override", "\u202e", /bidirectional control U\+202E/],
  ["bidirectional isolate", "\u2066", /bidirectional control U\+2066/],
  ["right-to-left mark", "\u200f", /bidirectional control U\+200F/],
  ["tag character", "\u{e0041}", /tag.* U\+E0041/],
  ["variation selector of the supplement", "\u{e0101}", /U\+E0101/],
  ["variation selector behind a letter", "\ufe0f", /U\+FE0F/],
  ["combining grapheme joiner", "\u034f", /U\+034F/],
  ["Hangul filler", "\u3164", /U\+3164/],
  ["Hangul leading filler", "\u115f", /U\+115F/],
  ["Hangul vowel filler", "\u1160", /U\+1160/],
  ["halfwidth Hangul filler", "\uffa0", /U\+FFA0/],
  ["blank pattern of Braille", "\u2800", /U\+2800/],
  ["note without a head", "\u{1d159}", /U\+1D159/],
  ["noncharacter", "\ufdd0", /U\+FDD0/],
  ["line separator", "\u2028", /U\+2028/],
  ["bell", "\u0007", /control character U\+0007/],
  ["escape", "\u001b", /control character U\+001B/],
  ["C1 control", "\u009b", /control character U\+009B/],
  ["half of a character", "\ud800", /U\+D800/],
  ["private use", "\ue000", /U\+E000/],
];

describe.each(Object.keys(places))("in %s", (place) => {
  const put = places[place] as (text: string) => unknown;

  test.each(hidden)("a %s is refused by name", (_what, character, named) => {
    expect(() => put(`on${character}e`)).toThrow(DefinitionError);
    expect(() => put(`on${character}e`)).toThrow(named);
  });

  test("100 kB are refused", () => {
    expect(() => put("x".repeat(100_000))).toThrow(DefinitionError);
    expect(() => put("x".repeat(100_000))).toThrow(/100[\d]{3} characters|must be lower-case/);
  });
});

test("texts of the world's languages, and emoji, are taken", () => {
  for (const text of [
    "Grüße, naïve café",
    "日本語の説明",
    "שלום",
    "हिन्दी",
    "👍 done ⚠️ careful ❤️",
    "a\tb\nc",
    "“quotes” — dash…",
  ])
    for (const [place, put] of Object.entries(places))
      if (place !== "a resource's URI") expect(() => put(text), `${text} in ${place}`).not.toThrow();
});

test("whatever the text, what is taken has nothing in it that a reader cannot see", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 12 }), (text) => {
      try {
        tool({ description: `x${text}` });
      } catch (error) {
        expect(error).toBeInstanceOf(DefinitionError);
        return;
      }
      const seen = text.replace(/\p{Emoji}\ufe0f/gu, "");
      expect(seen).not.toMatch(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}]/u);
    }),
    { numRuns: LONG ? 2_000 : 500 },
  );
});

describe("a schema is published without what says nothing", () => {
  const Item = z.object({
    count: z.int().describe("How many"),
    small: z.int().min(1).max(9).describe("How few"),
    at: z.iso.datetime().describe("When"),
    code: z
      .string()
      .regex(/^[A-Z]+$/)
      .describe("A code"),
    nested: z.object({ at: z.iso.datetime({ offset: true }).optional().describe("When") }).describe("Nested"),
    list: z.array(z.int()).describe("Numbers"),
  });

  test.each([
    ["by zod", Item],
    ["as JSON Schema", jsonSchema(z.toJSONSchema(Item) as { type: "object" }, () => [])],
  ])("%s: no $schema", (_how, schema) => {
    const { json } = tool({ inputSchema: schema, outputSchema: schema }) as { json: { input: object; output: object } };
    expect(JSON.stringify(json)).not.toContain("$schema");
  });

  test("no bounds that only say that a number is whole, no pattern beside a date-time", () => {
    const { json } = tool({ inputSchema: Item, outputSchema: Item }) as { json: { input: object; output: object } };
    for (const { properties } of [json.input, json.output] as { properties: Record<string, object> }[]) {
      expect(properties.count).toEqual({ type: "integer", description: "How many" });
      expect(properties.small).toEqual({ type: "integer", minimum: 1, maximum: 9, description: "How few" });
      expect(properties.at).toEqual({ type: "string", format: "date-time", description: "When" });
      expect(properties.code).toMatchObject({ pattern: "^[A-Z]+$" });
      expect(JSON.stringify(properties.nested)).not.toContain("pattern");
      expect(properties.list).toMatchObject({ items: { type: "integer" } });
      expect(JSON.stringify(properties.list)).not.toContain("9007199254740991");
    }
  });
});
