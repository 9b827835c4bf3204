import { idOf, NoteId } from "../note.ts";
import { type Mark, marksIn } from "./markdown/inline.ts";
import { joinPath, type LinkKey, linkKeyOf, titleKey } from "./names.ts";

/** One `[[Title]]`, `[[folder/Title#Heading|label]]` or `[label](Title.md)` of a body; `[[n42]]` names a note by its id. */
export interface Link extends LinkKey {
  type: "wiki" | "link";
  target: string;
  heading?: string;
  label?: string;
  /** Where the wiki link, or the destination of the other kind, begins and ends. */
  from: number;
  to: number;
}

/** The links of a body to other notes, in their order. `folder` is the note's own, for relative paths. */
export const linksIn = (body: string, folder = ""): Link[] => linksOf(marksIn(body), folder);

/** The links of a body to other notes and the tags in it, each once, by one reading. */
export function readBody(body: string, folder: string): { links: Link[]; tags: string[] } {
  const marks = marksIn(body);
  const tags = marks.flatMap(({ type, text }) => (type === "tag" ? [text.replace(/\/+$/, "")] : []));
  return { links: linksOf(marks, folder), tags: [...new Set(tags)] };
}

function linksOf(marks: Mark[], folder: string): Link[] {
  return marks.flatMap(({ type, text, from, to }): Link[] => {
    if (type === "tag") return [];
    const [path = "", ...label] = type === "wiki" ? text.split("|") : [destination(text)];
    const [target = "", ...heading] = path.split("#");
    if (target.trim() === "") return [];
    const link: Link = { type, target: target.trim(), ...linkKeyOf(target, folder), from, to };
    if (link.key === "") return [];
    if (heading.length > 0) link.heading = heading.join("#");
    if (label.length > 0) link.label = label.join("|");
    return [link];
  });
}

/** The path a Markdown link leads to; empty where it leads out of the notes. */
function destination(text: string): string {
  const path = text.startsWith("<") ? text.slice(1, -1) : text;
  if (/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(path)) return "";
  try {
    return decodeURIComponent(path.replaceAll("\\", ""));
  } catch {
    return path;
  }
}

/** The body with every link for which there is a target led there, headings and labels kept. */
export function retarget(body: string, folder: string, targetOf: (link: Link) => LinkTarget | undefined): string {
  const parts: string[] = [];
  let done = 0;
  for (const link of linksIn(body, folder)) {
    const target = targetOf(link);
    if (target === undefined) continue;
    const heading = link.heading === undefined ? "" : `#${link.heading}`;
    const written = body.slice(link.from, link.to);
    parts.push(
      body.slice(done, link.from),
      link.type === "wiki" ? wiki(written, link, target, heading) : path(target, heading),
    );
    done = link.to;
  }
  return [...parts, body.slice(done)].join("");
}

function wiki(written: string, link: Link, target: LinkTarget, heading: string): string {
  const label = link.label ?? target.label;
  // In a table the bar has an escape, else it would end the cell.
  const bar = written.includes("\\|") ? "\\|" : "|";
  const extension = /\.md$/i.exec(link.target)?.[0] ?? "";
  return `[[${target.text}${extension}${heading}${label === undefined ? "" : `${bar}${label}`}]]`;
}

const path = ({ text }: LinkTarget, heading: string): string =>
  encodeURI(`${text}.md${heading}`).replace(/[()]/g, (bracket) => `%${bracket.charCodeAt(0).toString(16)}`);

export interface LinkTarget {
  text: string;
  /** Shown where the link has no label of its own. */
  label?: string;
}

/** The ways to link to a note, the shortest first: by its name, by its path, by its id. */
export function linkTargets(number: number, folder: string, name: string): LinkTarget[] {
  const label = name.replace(/[[\]|]/g, " ").trim();
  const labelled = label === "" ? {} : { label };
  const byId = { text: idOf(number), ...labelled };
  if (/[[\]|#^]/.test(name)) return [byId];
  // A name that looks like an id is one, but in the path from the top.
  if (NoteId.safeParse(titleKey(name)).success) return [byId, { text: `/${joinPath(folder, name)}`, ...labelled }];
  return [{ text: name }, ...(folder === "" ? [] : [{ text: `${folder}/${name}`, ...labelled }]), byId];
}

/** Tags written in a body under another name: the tag itself, and those below it. */
export function retag(body: string, renamed: (tag: string) => string | undefined): string {
  const parts: string[] = [];
  let done = 0;
  for (const { type, text, from, to } of marksIn(body)) {
    const name = type === "tag" ? renamed(text) : undefined;
    if (name === undefined) continue;
    parts.push(body.slice(done, from), `#${name}`);
    done = to;
  }
  return [...parts, body.slice(done)].join("");
}
