import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  definePrompt,
  defineResource,
  defineTool,
  fail,
  resourceLink,
  type UriVariables,
  withContent,
} from "../src/index.ts";

test("a handler's input and output types come from the schemas", () => {
  defineTool({
    name: "add",
    title: "Add",
    description: "Adds.",
    inputSchema: z.object({ a: z.number().describe("a"), b: z.number().default(1).describe("b") }),
    outputSchema: z.object({ sum: z.number().describe("sum") }),
    handler: (input) => {
      expectTypeOf(input).toEqualTypeOf<{ a: number; b: number }>();
      return { sum: input.a + input.b };
    },
  });
  defineTool({
    name: "add",
    title: "Add",
    description: "Adds.",
    inputSchema: z.object({}),
    outputSchema: z.object({ sum: z.number().describe("sum") }),
    // @ts-expect-error the output schema wants a number
    handler: () => ({ sum: "three" }),
  });
});

test("a misspelt optional field of the output does not compile", () => {
  const options = {
    name: "rate",
    title: "Rate",
    description: "Rates.",
    inputSchema: z.object({ of: z.string().describe("Of") }),
    outputSchema: z.object({
      rate: z.number().describe("Rate"),
      note: z.string().optional().describe("Note"),
      state: z.enum(["new", "old"]).describe("State"),
    }),
  };
  defineTool({ ...options, handler: () => ({ rate: 1, note: "x", state: "new" }) });
  // A row of a database with more than the schema: what is not in the schema is not sent.
  defineTool({ ...options, handler: () => ({ rate: 1, note: undefined, state: "new", secret: 3 }) });
  defineTool({ ...options, handler: async ({ of }) => (of === "" ? fail("x") : { rate: 1, state: "old" }) });
  defineTool({
    ...options,
    handler: ({ of }) => withContent({ rate: of.length, state: "new" }, resourceLink("a:b", "c")),
  });
  // @ts-expect-error notes is misspelt
  defineTool({ ...options, handler: () => ({ rate: 1, notes: "x", state: "new" }) });
  // @ts-expect-error notes is misspelt
  defineTool({ ...options, handler: async ({ of }) => ({ rate: 1, notes: of, state: "new" }) });
  defineTool({
    ...options,
    // @ts-expect-error notes is misspelt
    handler: ({ of }) => (of === "" ? { rate: 1, state: "new" } : { rate: 1, notes: of, state: "new" }),
  });
  // @ts-expect-error notes is misspelt
  defineTool({ ...options, handler: ({ of }) => withContent({ rate: of.length, notes: "", state: "new" }) });
});

test("a resource's variables come from its URI template", () => {
  expectTypeOf<UriVariables<"note://{id}">>().toEqualTypeOf<{ id: string }>();
  expectTypeOf<UriVariables<"file:///{+path}">>().toEqualTypeOf<{ path: string }>();
  expectTypeOf<UriVariables<"repo://{owner}/{name}">>().toEqualTypeOf<{ owner: string; name: string }>();
  defineResource({
    name: "note",
    title: "Note",
    description: "A note.",
    uri: "note://{id}",
    complete: { id: () => [] },
    read: (variables) => {
      expectTypeOf(variables).toEqualTypeOf<{ id: string }>();
      return variables.id;
    },
  });
});

test("a prompt's input and an answer of the user are typed by their schemas", () => {
  definePrompt({
    name: "greet",
    title: "Greet",
    description: "Greets.",
    arguments: z.object({ style: z.enum(["brief", "long"]).describe("How") }),
    handler: async (input, call) => {
      expectTypeOf(input).toEqualTypeOf<{ style: "brief" | "long" }>();
      const answer = await call.elicit({ message: "Sure?", schema: z.object({ sure: z.boolean().describe("Sure") }) });
      if (answer.action === "accept") expectTypeOf(answer.content).toEqualTypeOf<{ sure: boolean }>();
      return "hi";
    },
  });
});
