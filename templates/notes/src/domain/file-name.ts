/** Windows keeps these for itself, with any extension. */
const device = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** What no system or no link takes in a name. */
const unfit = /[\\/:*?"<>|#^[\]\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** A title as the name of a file, without its extension: the title itself where every system and a link take it. */
export function basenameOf(title: string): string {
  const plain = title.normalize("NFC").replace(unfit, " ").replace(/\s+/g, " ").trim();
  let name = plain
    .replace(/^[. ]+/, "")
    .replace(/[. ]+$/, "")
    .trim();
  while (Buffer.byteLength(name) > 200) name = [...name].slice(0, -1).join("").trim();
  if (name === "") return "Untitled";
  return device.test(name) ? `${name}_` : name;
}

/** One part of a folder's path: no dot in front, no separator of any system, nothing Windows keeps for itself. */
const part = /^(?!\.)[^\\/:*?"<>|\p{Cc}]{1,100}(?<![. ])$/u;

/** Whether a path such as "trip/2026" names a folder on every system, inside the one it is relative to. */
export const isFolderPath = (path: string, deepest: number): boolean => {
  const parts = path.split("/");
  return parts.length <= deepest && parts.every((one) => part.test(one) && one.isWellFormed() && !device.test(one));
};
