import { DefinitionError } from "../errors.ts";

/** The variables of a URI template, as a type: `UriVariables<"note://{id}">` is `{ id: string }`. */
export type UriVariables<Template extends string> = string extends Template
  ? Record<string, string>
  : { [Name in VariableNames<Template>]: string };

type VariableNames<Template extends string> = Template extends `${string}{${infer Expression}}${infer Rest}`
  ? (Expression extends `+${infer Name}` ? Name : Expression) | VariableNames<Rest>
  : never;

/**
 * A parsed template: the part of RFC 6570 that servers use, `{name}` (one segment) and `{+name}` (to the end of a
 * path).
 */
export interface UriTemplate {
  readonly template: string;
  readonly variables: readonly string[];
  /** The variables of a URI, decoded exactly once; `undefined` when it does not match or does not decode. */
  match(uri: string): Record<string, string> | undefined;
  /** The URI for these variables, encoded. */
  expand(values: Record<string, string>): string;
}

const EXPRESSION = /\{(\+?)([A-Za-z][A-Za-z0-9_]*)\}/g;

/** Parses a template. @throws DefinitionError for anything but `{name}` and `{+name}` */
export function parseUriTemplate(template: string, where: string): UriTemplate {
  if (typeof template !== "string") throw new DefinitionError(`${where} has no uri: it must be a text.`);
  const rest = template.replace(EXPRESSION, "");
  if (/[{}]/.test(rest))
    throw new DefinitionError(`${where}: the URI template ${template} may use only {name} and {+name}.`);
  if (!/^[a-z][a-z0-9+.-]*:/.test(rest))
    throw new DefinitionError(`${where}: ${template} must begin with a lower-case scheme, such as note://`);
  const variables = [...template.matchAll(EXPRESSION)].map((match) => match[2] as string);
  const twice = variables.find((name, index) => variables.indexOf(name) !== index);
  if (twice !== undefined) throw new DefinitionError(`${where}: the URI template ${template} names {${twice}} twice.`);
  const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  let pattern = "";
  let end = 0;
  for (const match of template.matchAll(EXPRESSION)) {
    pattern += literal(template.slice(end, match.index)) + (match[1] === "+" ? "(.+)" : "([^/?#]+)");
    end = match.index + match[0].length;
  }
  const expression = new RegExp(`^${pattern}${literal(template.slice(end))}$`, "s");
  return {
    template,
    variables,
    match(uri) {
      const found = expression.exec(uri);
      if (found === null) return undefined;
      const values: Record<string, string> = {};
      try {
        for (const [index, name] of variables.entries()) values[name] = decodeURIComponent(found[index + 1] as string);
      } catch {
        return undefined;
      }
      return values;
    },
    expand: (values) =>
      template.replace(EXPRESSION, (_, plus: string, name: string) => {
        const value = values[name] ?? "";
        return plus === "+" ? value.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(value);
      }),
  };
}
