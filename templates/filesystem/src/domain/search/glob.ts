import { FilesError } from "../errors.ts";
import { expandBraces } from "./braces.ts";
import { anyName, compileSegment, type Segment } from "./segment.ts";

/** Where a walk stands in a glob: the places of its program that the path so far may have reached. */
export type Place = readonly number[];

/**
 * A glob over paths relative to a folder, matched name by name on the way down, in time that grows with the product of
 * both lengths and no faster. `*` and `?` stay inside a name, `**` as a whole segment spans folders, `[a-z]`, `[!a]`,
 * `{a,b}` and `{1..9}` are known, a backslash takes a sign as it is, and a dot file is like any other.
 */
export interface Glob {
  start: Place;
  /** The place after one more name, or an empty one: then nothing below can match. */
  step(place: Place, name: string): Place;
  /** Whether the path that led here matches as a whole. */
  accepts(place: Place): boolean;
}

const across = Symbol("**");
const end = Symbol("end");
type Instruction = Segment | typeof across | typeof end;

const longest = 1000;

/** What is no glob is a FilesError "invalid" that says what to write instead. `argument` is where it came from. */
export function compileGlob(
  pattern: string,
  argument = "pattern",
  { ignoreCase }: { ignoreCase?: boolean | undefined } = {},
): Glob {
  const refused = (reason: string) => new FilesError("invalid", `${argument}: ${reason}.`);
  if (pattern.length > longest) throw refused(`a glob has at most ${longest} characters`);
  const reason = unsupportedPart(pattern);
  if (reason !== undefined) throw refused(reason);
  const alternatives = expandBraces(pattern);
  if (alternatives === undefined)
    throw refused("the braces stand for more than 256 patterns. Use * or make several calls");
  const program: Instruction[] = [];
  const starts: number[] = [];
  for (const alternative of alternatives) {
    const segments = alternative.split("/").filter((segment) => segment !== "" && segment !== ".");
    if (segments.length === 0) throw refused("it matches nothing: use ** for everything");
    if (alternative.startsWith("/") || segments.includes("..")) {
      throw refused(`it is matched against paths below the folder searched: leave out a leading "/" and ".."`);
    }
    starts.push(program.length);
    for (const [index, segment] of segments.entries()) {
      if (segment !== "**") {
        const compiled = compileSegment(segment, ignoreCase);
        if (compiled === undefined) throw refused(`"${segment}" holds a class that is none, such as [z-a]`);
        program.push(compiled);
      } else if (segments[index - 1] !== "**") program.push(across);
      // "a/**" is what lies below "a", not "a" itself.
      if (segment === "**" && index === segments.length - 1) program.push(anyName);
    }
    program.push(end);
    if (program.length > longest) throw refused(`its braces make more than ${longest} parts: make several calls`);
  }
  return run(program, starts);
}

function unsupportedPart(pattern: string): string | undefined {
  if (pattern.includes("\0")) return "no name holds a NUL character";
  if (pattern.startsWith("!"))
    return `a leading "!" is not supported: exclude by excludePatterns, or write \\\\! for a name that begins so`;
  if (/(?<!\\)[?*+@!]\([^()]*\)/.test(pattern)) {
    return "groups such as +(a|b) are not supported: use {a,b}, and [(] for a bracket that follows * or ?";
  }
}

function run(program: Instruction[], starts: number[]): Glob {
  /**
   * Adds a place, and the one behind a `**`, which may span no folder. Places come in order: a smaller one is a repeat.
   */
  const reach = (places: number[], at: number) => {
    const last = places.at(-1) ?? -1;
    if (at > last) places.push(at);
    if (program[at] === across && at + 1 > last) places.push(at + 1);
  };
  const start: number[] = [];
  for (const at of starts) reach(start, at);
  const step = (place: Place, name: string): Place => {
    const next: number[] = [];
    for (const at of place) {
      const instruction = program[at];
      if (instruction === across) reach(next, at);
      else if (typeof instruction === "function" && instruction(name)) reach(next, at + 1);
    }
    return next;
  };
  const accepts = (place: Place): boolean => place.some((at) => program[at] === end);
  return { start, step, accepts };
}
