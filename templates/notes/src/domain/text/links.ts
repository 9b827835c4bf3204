import { idOf, NoteId } from "../note.ts";
import { maskCode } from "./code.ts";

/** One `[[Title]]`, `[[Title#Heading]]` or `[[Title|label]]` of a body; `[[n42|label]]` names a note by its id. */
export interface Link {
  target: string;
  /** What the target is compared by; see titleKey. */
  key: string;
  heading?: string;
  label?: string;
  from: number;
  to: number;
}

const wikiLink = /\[\[([^[\]\p{Cc}]+)\]\]/gu;

/** Titles that differ only in capitals, blanks or Unicode composition are one link target. */
export const titleKey = (title: string): string => title.normalize("NFC").trim().replace(/\s+/g, " ").toLowerCase();

/** The wiki links of a body in their order. Code holds none, and `[[#Heading]]` points to no other note. */
export function linksIn(body: string): Link[] {
  return [...maskCode(body).matchAll(wikiLink)].flatMap((match) => {
    const [path = "", ...label] = (match[1] ?? "").split("|");
    const [target = "", ...heading] = path.split("#");
    if (target.trim() === "") return [];
    const link: Link = {
      target: target.trim(),
      key: titleKey(target),
      from: match.index,
      to: match.index + match[0].length,
    };
    if (heading.length > 0) link.heading = heading.join("#");
    if (label.length > 0) link.label = label.join("|");
    return [link];
  });
}

export const linkKeys = (body: string): string[] => [...new Set(linksIn(body).map((link) => link.key))];

/** The body with every link to `key` written as a link to `target`, headings and labels kept. */
export function retarget(body: string, key: string, target: LinkTarget): string {
  const parts: string[] = [];
  let done = 0;
  for (const link of linksIn(body)) {
    if (link.key !== key) continue;
    const label = link.label ?? target.label;
    const heading = link.heading === undefined ? "" : `#${link.heading}`;
    parts.push(body.slice(done, link.from), `[[${target.text}${heading}${label === undefined ? "" : `|${label}`}]]`);
    done = link.to;
  }
  return [...parts, body.slice(done)].join("");
}

export interface LinkTarget {
  text: string;
  /** Shown where the link has no label of its own. */
  label?: string;
}

/**
 * How to link to a note: by its title, or by its id where the title cannot stand in a link or belongs to an older note.
 */
export function linkTarget(number: number, title: string, titleIsFree: boolean): LinkTarget {
  const writable = !/[[\]|#]/.test(title) && !NoteId.safeParse(titleKey(title)).success;
  if (writable && titleIsFree) return { text: title };
  const label = title.replace(/[[\]|]/g, " ").trim();
  return { text: idOf(number), ...(label !== "" && { label }) };
}
