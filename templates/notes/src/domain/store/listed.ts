import type { Derived, ListQuery } from "./store.ts";

/** A path and those above it: "a/b" is below "a". */
function upwards(path: string): string[] {
  const above: string[] = [];
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) above.push(path.slice(0, at));
  return [...above, path];
}

const listOfTag = (key: string) => `#${key}`;
const listOfFolder = (folder: string) => `/${folder}`;

/**
 * The lists that a note stands in: one for each of its tags, one for its folder, and those of what is above them. Each keeps
 * the order of changes, so that a page of a list reads no more notes than it shows.
 */
export function listsOf(folder: string, tags: Derived["tags"]): string[] {
  const lists = tags.flatMap(({ key }) => upwards(key)).map(listOfTag);
  if (folder !== "") lists.push(...upwards(folder).map(listOfFolder));
  return [...new Set(lists)];
}

/** The lists in all of which a note has to stand. */
export const listsAsked = ({ tag, folder }: Pick<ListQuery, "tag" | "folder">): string[] => [
  ...(tag === undefined ? [] : [listOfTag(tag)]),
  ...(folder === undefined || folder === "" ? [] : [listOfFolder(folder)]),
];
