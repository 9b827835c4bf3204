/** A shorter text beside the data is not looked for in it. */
const WORTH_FINDING = 1_024;

/** Where a result carries its {@link Ready}. A symbol: no JSON has it, and a copy of the result keeps it. */
export const READY = Symbol("ready JSON");

/**
 * JSON of a tool's data as it was proved, for a wire that writes its own lines: nothing is made or escaped twice.
 */
export interface Ready {
  json: string;
  /** The text beside the data, and its JSON, where a member of the data says the same: as a file's content does. */
  text?: string | undefined;
  quoted?: string | undefined;
}

/**
 * A tool's data as `JSON.stringify` has it.
 *
 * @throws TypeError for what JSON does not have: a BigInt, a cycle
 */
export function stringifyData(data: Record<string, unknown>, text: string | undefined): Ready {
  // Looked for by content, which costs a comparison where lengths agree; its JSON costs much more.
  const told = text !== undefined && text.length > WORTH_FINDING && Object.values(data).includes(text);
  const quoted = told ? JSON.stringify(text) : undefined;
  if (quoted === undefined || "toJSON" in data) return { json: JSON.stringify(data), text, quoted };
  return { json: stringifyMembers(data, (_key, value) => (value === text ? quoted : undefined)), text, quoted };
}

/** A message as `JSON.stringify` has it. */
export function stringifyMessage(message: object): string {
  const { result } = message as { result?: object | null };
  if (result === undefined || result === null) return JSON.stringify(message);
  return stringifyMembers(message, (key) => (key === "result" ? stringifyResult(result) : undefined));
}

/** A result as `JSON.stringify` has it. */
export function stringifyResult(result: object): string {
  const { [READY]: made } = result as { [READY]?: Ready };
  if (made === undefined) return JSON.stringify(result);
  const twin = twinOf(result);
  if (twin !== undefined && made.quoted === undefined)
    return `{"content":[{"type":"text","text":${JSON.stringify(twin)}}],"structuredContent":${made.json}}`;
  const block = (one: { type?: unknown; text?: unknown }): string =>
    made.quoted !== undefined && one.text === made.text
      ? stringifyMembers(one, (key) => (key === "text" ? made.quoted : undefined))
      : JSON.stringify(one);
  return stringifyMembers(result, (key, value) => {
    if (key === "structuredContent") return made.json;
    return key === "content" && Array.isArray(value) ? `[${value.map(block).join(",")}]` : undefined;
  });
}

/** The text of a result that is nothing but its data and one text, as most are. */
function twinOf(result: object): string | undefined {
  for (const key in result) if (key !== "content" && key !== "structuredContent") return undefined;
  const { content } = result as { content?: { type?: unknown; text?: unknown }[] };
  const block = Array.isArray(content) && content.length === 1 ? content[0] : undefined;
  if (block?.type !== "text" || typeof block.text !== "string") return undefined;
  for (const key in block) if (key !== "type" && key !== "text") return undefined;
  return block.text;
}

/** An object as `JSON.stringify` has it, with JSON that is there already for some of its members. */
function stringifyMembers(object: object, made: (key: string, value: unknown) => string | undefined): string {
  let json = "";
  for (const [key, value] of Object.entries(object)) {
    const member = made(key, value) ?? JSON.stringify(value);
    if (member !== undefined) json += `${json === "" ? "{" : ","}${JSON.stringify(key)}:${member}`;
  }
  return json === "" ? "{}" : `${json}}`;
}
