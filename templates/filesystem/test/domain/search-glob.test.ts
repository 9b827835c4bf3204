import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileGlob } from "../../src/domain/search/glob.ts";

function matches(pattern: string, path: string): boolean {
  const { accepts, start, step } = compileGlob(pattern);
  return accepts(path.split("/").reduce(step, start));
}

/** Obviously right and hopelessly slow: every way to spend the pattern is tried. Knows *, **, ? and [ab] only. */
function slowly(pattern: string, path: string): boolean {
  const names = (segments: string[], parts: string[]): boolean => {
    const [segment, ...rest] = segments;
    if (segment === undefined) return parts.length === 0;
    if (segment !== "**") return parts.length > 0 && signs(segment, parts[0] ?? "") && names(rest, parts.slice(1));
    const least = rest.length === 0 ? 1 : 0;
    return (
      parts.some((_, at) => at >= least && names(rest, parts.slice(at))) || (names(rest, []) && parts.length >= least)
    );
  };
  const signs = (segment: string, name: string): boolean => {
    if (segment === "") return name === "";
    if (segment[0] === "*") return signs(segment.slice(1), name) || (name !== "" && signs(segment, name.slice(1)));
    if (name === "") return false;
    const set = /^\[(!?)(\w+)\]/.exec(segment);
    if (set) {
      const inside = (set[2] ?? "").includes(name[0] ?? "");
      return inside !== (set[1] === "!") && signs(segment.slice(set[0].length), name.slice(1));
    }
    return (segment[0] === "?" || segment[0] === name[0]) && signs(segment.slice(1), name.slice(1));
  };
  return names(pattern.split("/"), path.split("/"));
}

describe("globs", () => {
  test("twenty-five stars and a letter that is not there take no time", () => {
    const start = process.cpuUsage();
    expect(matches(`${"*a".repeat(25)}b`, "a".repeat(40))).toBe(false);
    expect(matches(`${"**/a/".repeat(25)}b`, `${"a/".repeat(40)}c`)).toBe(false);
    expect(matches(`{${"*a".repeat(25)},**/${"?*".repeat(50)}}b`, "a".repeat(255))).toBe(false);
    // Of the processor: the machine may have other work.
    expect(process.cpuUsage(start).user / 1_000).toBeLessThan(200);
  });

  test("a glob matches what a slow matcher, which tries everything, says it does", () => {
    const segment = fc
      .array(fc.constantFrom("a", "b", "*", "?", "[ab]", "[!a]", "."), { minLength: 1, maxLength: 4 })
      .map((signs) => signs.join("").replaceAll(/\*+/g, "*"))
      .filter((text) => text !== "." && text !== "..");
    const pattern = fc.array(fc.oneof(segment, fc.constant("**")), { minLength: 1, maxLength: 4 });
    const name = fc.string({ unit: fc.constantFrom("a", "b", "."), minLength: 1, maxLength: 4 });
    const path = fc.array(
      name.filter((text) => text !== "." && text !== ".."),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(pattern, path, (segments, parts) => {
        const [glob, whole] = [segments.join("/"), parts.join("/")];
        expect(matches(glob, whole), `${glob} on ${whole}`).toBe(slowly(glob, whole));
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    ["*.ts", "a.ts", "d/a.ts"],
    ["**/*.ts", "a.ts", "a.tsx"],
    ["**/*.ts", "d/e/.ts", "d/e/ts"],
    ["src/**", "src/a/b", "src"],
    ["src/**/x", "src/x", "src/x/y"],
    ["*", ".hidden", "a/b"],
    ["{a,b{c,d}}.md", "bd.md", "b.md"],
    ["{,un}read", "read", "{,un}read"],
    ["file{1..12}", "file10", "file13"],
    ["{c..a}", "b", "d"],
    ["{a}", "{a}", "a"],
    ["{a,b", "{a,b", "a"],
    ["[a-c]x", "bx", "dx"],
    ["[!a-c]x", "dx", "bx"],
    ["[^a]", "b", "a"],
    ["[]a]", "]", "b"],
    ["[[:digit:]]", "7", "x"],
    ["[a", "[a", "a"],
    ["[&&]", "&", "a"],
    ["\\*", "*", "a"],
    ["\\!a", "!a", "a"],
    ["#a", "#a", "a"],
    ["?", "😀", "ab"],
    ["[😀-😂]", "😁", "a"],
    ["./a/", "a", "b"],
    ["a**b", "axb", "a/b"],
    ["A", "A", "a"],
    ["a/**/**", "a/b", "a"],
  ])("%s takes %s and not %s", (pattern, taken, left) => {
    expect([matches(pattern, taken), matches(pattern, left)]).toEqual([true, false]);
  });

  test.each([
    ["", /use \*\*/],
    ["!a", /excludePatterns/],
    ["+(a|b)", /\{a,b\}/],
    ["/etc/*", /leading "\/"/],
    ["a/../b", /"\.\."/],
    ["[z-a]", /\[z-a\]/],
    ["[[:no:]]", /class/],
    ["a".repeat(1001), /1000 characters/],
    ["{a,b}".repeat(20), /256 patterns/],
    ["{1..999999}", /256 patterns/],
    [`${"{a,b}".repeat(8)}${"/**/*".repeat(190)}`, /1000 parts/],
  ])("a glob is refused, and the message says what to write instead: %#", (pattern, message) => {
    expect(() => compileGlob(pattern)).toThrow(message);
  });

  test("any text is a glob or refused, and never an error of another kind", () => {
    const text = fc.string({ unit: fc.constantFrom(..."ab*?[]{},./\\!^-:😀1"), maxLength: 20 });
    fc.assert(
      fc.property(text, text, (pattern, path) => {
        try {
          matches(pattern, path);
        } catch (error) {
          expect(error).toMatchObject({ name: "FilesError", code: "invalid" });
        }
      }),
      { numRuns: 5000 },
    );
  });
});
