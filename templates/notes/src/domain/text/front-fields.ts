import { Document, isMap, isScalar, parseDocument, type YAMLMap } from "yaml";
import { NotesError } from "../errors.ts";
import { NoteId, Tag, Tags, Title } from "../note.ts";

/** What front matter says about a note, as far as it is understood. */
export interface FrontFields {
  id?: string;
  title?: string;
  tags: string[];
  aliases: string[];
  created_at?: string;
  updated_at?: string;
  /** All of it as data. */
  fields: Record<string, unknown>;
  /** Fields that mean something here and could not be read, or "front matter" where it is no YAML. They stay as they are. */
  notUnderstood: string[];
}

const marks = /^(\uFEFF?---[ \t]*)(\r\n?|\n)([\s\S]*?)(---[ \t]*(?:\r\n?|\n|$))$/;

const reserved = {
  title: ["title"],
  tags: ["tags", "tag"],
  aliases: ["aliases", "alias"],
  created_at: ["created_at", "created", "date created", "date"],
  updated_at: ["updated_at", "updated", "modified", "date modified"],
};

/** Reads front matter leniently: a field that is not understood is named, and nothing is refused. */
export function readFront(front: string): FrontFields {
  const read: FrontFields = { tags: [], aliases: [], fields: {}, notUnderstood: [] };
  if (front === "") return read;
  const data = dataOf(front);
  if (data === undefined) return { ...read, notUnderstood: ["front matter"] };
  read.fields = data;
  const entries = new Map(Object.entries(data).map(([key, value]) => [key.toLowerCase().trim(), value]));
  const take = (keys: string[], use: (value: unknown) => boolean) => {
    for (const key of keys) {
      const value = entries.get(key);
      if (value === undefined || value === null || value === "") continue;
      if (!use(value)) read.notUnderstood.push(key);
    }
  };
  take(reserved.title, (value) => {
    const title = Title.safeParse(String(scalar(value) ?? "").trim());
    if (title.success) read.title = title.data;
    return title.success;
  });
  take(reserved.tags, (value) => addTags(read, value));
  take(reserved.aliases, (value) => {
    const texts = listOf(value, /\s*,\s*|\n/).map((one) => scalar(one));
    for (const text of texts)
      if (text !== undefined && String(text).trim() !== "") read.aliases.push(String(text).trim());
    return texts.every((text) => text !== undefined);
  });
  take(reserved.created_at, (value) => {
    const time = instant(value);
    if (time !== undefined) read.created_at ??= time;
    return time !== undefined;
  });
  take(reserved.updated_at, (value) => {
    const time = instant(value);
    if (time !== undefined) read.updated_at ??= time;
    return time !== undefined;
  });
  const id = NoteId.safeParse(entries.get("id"));
  if (id.success) read.id = id.data;
  return read;
}

function addTags(read: FrontFields, value: unknown): boolean {
  let understood = true;
  for (const one of listOf(value, /[\s,]+/)) {
    const text = scalar(one);
    const name = String(text ?? "")
      .trim()
      .replace(/^#/, "");
    if (name === "" && text !== undefined) continue;
    const tag = Tag.safeParse(name);
    const tags = tag.success && text !== undefined ? Tags.safeParse([...read.tags, tag.data]) : undefined;
    if (tags?.success) read.tags = tags.data;
    else understood = false;
  }
  return understood;
}

const listOf = (value: unknown, parting: RegExp): unknown[] => {
  if (Array.isArray(value)) return value.flat();
  return typeof value === "string" ? value.split(parting) : [value];
};

const scalar = (value: unknown): string | number | boolean | undefined | "" => {
  if (value === null) return "";
  return typeof value === "object" || value === undefined ? undefined : (value as string | number | boolean);
};

/** A date or time as people write it. Without a zone it is UTC: the machine's own would differ from the next one's. */
function instant(value: unknown): string | undefined {
  const text = String(scalar(value) ?? "").trim();
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ]+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}:?\d{2})?)?$/i.exec(
    text,
  );
  if (match === null) return undefined;
  const [, day, time = "00:00", zone = "Z"] = match;
  const date = new Date(`${day}T${time.padStart(5, "0").replace(/^(\d):/, "0$1:")}${zone}`);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function documentOf(front: string): Document | undefined {
  const inner = marks.exec(front)?.[3];
  if (inner === undefined) return undefined;
  // A carriage return alone is no line end to this library.
  const document = parseDocument(inner.replace(/\r(?!\n)/g, "\n"), {
    logLevel: "silent",
    uniqueKeys: false,
    prettyErrors: false,
  });
  if (document.errors.length > 0) return undefined;
  return isMap(document.contents) || document.contents === null ? (document as Document) : undefined;
}

function dataOf(front: string): Record<string, unknown> | undefined {
  try {
    return documentOf(front)?.toJS({ maxAliasCount: 10 }) ?? (documentOf(front) ? {} : undefined);
  } catch {
    return undefined; // aliases that grow without end
  }
}

/** A value as it is written in YAML; what is no YAML, and a wiki link, is text. */
export function readValue(text: string): unknown {
  if (text.startsWith("[[")) return text;
  const document = parseDocument(text, { logLevel: "silent" });
  try {
    return document.errors.length > 0 ? text : document.toJS({ maxAliasCount: 10 });
  } catch {
    return text;
  }
}

/** A change of fields: a value sets one, null takes it away. */
export type FieldChanges = Record<string, unknown>;

/**
 * Front matter with fields changed, and everything else as it was: comments, order, quotes. Front matter that is no YAML
 * is a NotesError. Without any field left there is none.
 */
export function setFields(front: string, changes: FieldChanges): string {
  const document = front === "" ? new Document({}) : documentOf(front);
  if (document === undefined) {
    throw new NotesError(
      "invalid",
      "The front matter of this note is not YAML, so that no field of it can be changed. Nothing was changed. Correct the file and import it again with update true.",
    );
  }
  if (!isMap(document.contents)) document.contents = document.createNode({}) as YAMLMap;
  const map = document.contents as YAMLMap;
  for (const [name, value] of Object.entries(changes)) {
    const written = map.items.find(
      ({ key }) => isScalar(key) && String(key.value).toLowerCase() === name.toLowerCase(),
    );
    const key = written && isScalar(written.key) ? written.key.value : name;
    if (value === null) map.delete(key);
    else if (isScalar(written?.value) && typeof written.value.value === typeof value) written.value.value = value;
    else map.set(key, document.createNode(value));
  }
  if (map.items.length === 0) return "";
  const [, opening = "---", lineEnd = "\n", , closing = "---\n"] = marks.exec(front) ?? [];
  const text = document.toString({ lineWidth: 0 });
  return `${opening}${lineEnd}${lineEnd === "\n" ? text : text.replaceAll("\n", lineEnd)}${closing}`;
}

/** The field that front matter keeps something in: the name it is written by, or the usual one. */
export function fieldFor(front: string, what: keyof typeof reserved): string {
  const names = Object.keys(dataOf(front) ?? {});
  return names.find((name) => reserved[what].includes(name.toLowerCase().trim())) ?? what;
}
