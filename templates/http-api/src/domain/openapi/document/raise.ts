import { ApiError } from "../../errors.ts";
import type { Document } from "./document.ts";
import { spellNullable } from "./nullable.ts";
import { type Flaw, inside } from "./pointer.ts";

type Json = Record<string, unknown>;

/** Which OpenAPI a description is written in. @throws ApiError for one that is not understood */
export function versionOf(name: string, { openapi, swagger }: Json): "2.0" | "3.0" | "3.1" {
  // YAML reads 3.1 and 2.0 as numbers where nobody put them into quotes.
  const said = String(openapi ?? "");
  if (/^3\.0(\.|$)/.test(said) || said === "3") return "3.0";
  // What 3.2 adds is read where it matters; its schemas are those of 3.1.
  if (/^3\.[12](\.|$)/.test(said)) return "3.1";
  if (/^2(\.0)?$/.test(String(swagger ?? ""))) return "2.0";
  const found = swagger === undefined ? `openapi: ${JSON.stringify(openapi)}` : `swagger: ${JSON.stringify(swagger)}`;
  throw new ApiError(
    "description_version",
    `${name} says ${found}; OpenAPI 3.0, 3.1 and 3.2 and Swagger 2.0 are understood.`,
  );
}

/**
 * An older description as OpenAPI 3.1, so that everything after this knows one dialect of schemas. What the conversion
 * cannot take is left out, and named.
 *
 * @param raw is changed on the way
 * @param parsed gives the same once more, as it was
 */
export async function raiseDocument(
  raw: Json,
  parsed: () => Promise<Json>,
): Promise<{ document: Document; flaws: Flaw[] }> {
  const { upgrade } = await import("@scalar/openapi-parser");
  const convert = (part: Json): Document => upgrade(structuredClone(part)).specification as Document;
  spellNullable(raw);
  try {
    return { document: upgrade(raw).specification as Document, flaws: [] };
  } catch {
    // Somewhere in it. Each part alone says where.
    const flaws: Flaw[] = [];
    const again = await parsed();
    spellNullable(again);
    const { paths, components, definitions, ...head } = again;
    const sound = (map: unknown, place: string, wrap: (part: Json) => Json): Json =>
      Object.fromEntries(
        Object.entries((map ?? {}) as Json).filter(([name, part]) => {
          try {
            convert({ ...head, ...wrap({ [name]: part }) });
            return true;
          } catch {
            flaws.push({ pointer: inside(place, name), reason: "it cannot be converted to OpenAPI 3.1: left out" });
            return false;
          }
        }),
      );
    const kept: Json = {
      ...head,
      paths: sound(paths, "#/paths", (part) => ({ paths: part })),
      ...(definitions === undefined
        ? {}
        : { definitions: sound(definitions, "#/definitions", (part) => ({ paths: {}, definitions: part })) }),
      ...(typeof components !== "object" || components === null
        ? {}
        : {
            components: Object.fromEntries(
              Object.entries(components).map(([kind, map]) => [
                kind,
                sound(map, `#/components/${kind}`, (part) => ({ paths: {}, components: { [kind]: part } })),
              ]),
            ),
          }),
    };
    return { document: convert(kept), flaws };
  }
}
