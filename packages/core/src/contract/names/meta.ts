import { firstWrongMember } from "../content.ts";
import { DefinitionError } from "../errors.ts";

/** What a definition carries for programs, as the specification's `_meta`: `{ ui: { resourceUri: "ui://notes/list" } }`. */
export type Meta = Record<string, unknown>;

/** An icon, as in the specification. */
export interface Icon {
  src: string;
  mimeType?: string | undefined;
  sizes?: string[] | undefined;
}

// The specification's grammar: an optional prefix of dotted labels, and a name.
const LABELS = "(?:[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?\\.)*[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?/";
const NAME = "[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?";
const KEY = new RegExp(`^(?:${LABELS})?${NAME}$`);
const EXTENSION = new RegExp(`^${LABELS}${NAME}$`);

/** Refuses a `_meta` that is no JSON object, or with a key that the specification does not allow. */
export function checkMeta(where: string, meta: Meta | undefined): void {
  if (meta !== undefined)
    checkMembers(`The _meta of ${where}`, meta, KEY, "a name, or a prefix and a name: example.com/name");
}

/** Refuses icons of another shape than the specification's: clients refuse the whole list for one. */
export function checkIcons(where: string, icons: unknown): void {
  if (firstWrongMember({ icons }) !== undefined)
    throw new DefinitionError(`The icons of ${where} must be a list of { src, mimeType, sizes }; only src is needed.`);
}

/** Refuses extensions that are no JSON objects, or whose id has no prefix. */
export function checkExtensions(where: string, extensions: Record<string, Meta> | undefined): void {
  if (extensions === undefined) return;
  checkMembers(`The extensions of ${where}`, extensions, EXTENSION, "an id with a prefix: io.modelcontextprotocol/ui");
  for (const [id, settings] of Object.entries(extensions))
    if (typeof settings !== "object" || settings === null || Array.isArray(settings))
      throw new DefinitionError(
        `The extension ${id} of ${where} must be an object; {} says that there is nothing to set.`,
      );
}

function checkMembers(where: string, members: Meta, keys: RegExp, form: string): void {
  const wrong = Object.keys(members).find((key) => !keys.test(key));
  if (wrong !== undefined)
    throw new DefinitionError(`${where} has the key ${JSON.stringify(wrong)}. It must be ${form}.`);
  let json: string | undefined;
  try {
    json = JSON.stringify(members);
  } catch (cause) {
    throw new DefinitionError(`${where} cannot be written as JSON: ${(cause as Error).message}`, { cause });
  }
  if (!json?.startsWith("{")) throw new DefinitionError(`${where} must be an object.`);
}
