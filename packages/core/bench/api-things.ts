// What the API of `pnpm bench api` answers, how its description says so, and how a server on the raw SDK does.
import { z } from "zod";

/** A case: what each thing has beside its id and name. */
interface Case {
  title: string;
  schema: object;
  schemas: object;
  output: z.ZodRawShape;
  thing(id: string): object;
}

const plain = { id: z.string(), name: z.string(), tags: z.array(z.string()) };
const thing = (id: string) => ({ id, name: `thing ${id}`, tags: ["one", "two"] });
const ref = (name: string): object => ({ $ref: `#/components/schemas/${name}` });
const text = { type: "string" };
const nullable = (schema: object): object => ({ anyOf: [schema, { type: "null" }] });

const Person = z.object({
  id: z.number().int().min(1),
  email: z.email(),
  get manager(): z.ZodNullable<typeof Person> {
    return Person.nullable();
  },
});

/** The best case, whose description says nothing of an answer; and one that says what most do. */
export const cases: Record<"bare" | "described", Case> = {
  bare: { title: "an answer of any shape", schema: { type: "object" }, schemas: {}, output: plain, thing },
  described: {
    title: "an answer with a schema: nested objects, lists, formats, a pattern, null, references",
    schema: ref("Thing"),
    schemas: {
      Thing: {
        type: "object",
        required: ["id", "name", "tags"],
        properties: {
          id: text,
          name: { type: "string", minLength: 1, maxLength: 200 },
          tags: { type: "array", items: text },
          status: { type: "string", enum: ["open", "closed"] },
          owner: ref("Person"),
          created: { type: "string", format: "date-time" },
          note: { type: ["string", "null"] },
          parts: { type: "array", items: ref("Part") },
          url: { type: "string", format: "uri" },
        },
      },
      Person: {
        type: "object",
        required: ["id"],
        properties: {
          id: { type: "integer", format: "int64", minimum: 1 },
          email: { type: "string", format: "email" },
          manager: nullable(ref("Person")),
        },
      },
      Part: {
        type: "object",
        required: ["sku", "count"],
        properties: {
          sku: { type: "string", pattern: "^[A-Z]{2}-[0-9]+$" },
          count: { type: "integer", minimum: 0 },
          price: { type: ["number", "null"] },
        },
      },
    },
    output: {
      ...plain,
      status: z.enum(["open", "closed"]),
      owner: Person,
      created: z.iso.datetime(),
      note: z.string().nullable(),
      parts: z.array(
        z.object({
          sku: z.string().regex(/^[A-Z]{2}-[0-9]+$/),
          count: z.number().int().min(0),
          price: z.number().nullable(),
        }),
      ),
      url: z.url(),
    },
    thing: (id) => ({
      ...thing(id),
      status: "open",
      owner: { id: 17, email: "ada@example.org", manager: null },
      created: "2026-01-02T03:04:05Z",
      note: null,
      parts: [
        { sku: "AB-12", count: 3, price: 1.5 },
        { sku: "CD-7", count: 0, price: null },
      ],
      url: `https://example.org/things/${id}`,
    }),
  },
};
