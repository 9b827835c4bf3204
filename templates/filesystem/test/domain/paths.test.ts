import path from "node:path";
import { describe, expect, test } from "vitest";
import { below, findRoot, isReserved, isSystemPlace, type PathRules } from "../../src/domain/safe-fs/paths.ts";

// What other systems decide, tested on any.
const windows: PathRules = { platform: "win32", path: path.win32, home: "C:\\Users\\me" };
const mac: PathRules = { platform: "darwin", path: path.posix, home: "/Users/me" };
const linux: PathRules = { platform: "linux", path: path.posix, home: "/home/me" };

const partsOf = (given: string, root: { given: string; real: string }, rules: PathRules) => {
  try {
    return findRoot(given, [root], rules).parts.join("/");
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("Windows", () => {
  const root = { given: "C:\\Work", real: "C:\\Work" };

  test.each([
    ["a\\b.txt", "a/b.txt"],
    ["a/b.txt", "a/b.txt"],
    ["c:\\WORK\\a", "a"],
    ["C:\\Work", ""],
    ["C:\\Work\\..\\Other\\a", "refused"],
    ["C:\\Workshop\\a", "refused"],
    ["D:\\Work\\a", "refused"],
    ["..\\a", "refused"],
    ["\\\\server\\share\\a", "refused"],
    ["\\\\?\\C:\\Work\\a", "refused"],
    ["\\\\.\\PhysicalDrive0", "refused"],
    ["a.txt:stream", "invalid"],
    ["NUL", "invalid"],
    ["d\\con.txt", "invalid"],
    ["COM1", "invalid"],
    ["trailing.", "invalid"],
    ["trailing ", "invalid"],
    ["D:a", "refused"],
  ])("takes %s for %s", (given, expected) => {
    const found = partsOf(given, root, windows);
    if (given === "D:a") expect(["refused", "invalid"]).toContain(found);
    else expect(found).toBe(expected);
  });

  test("knows devices from files and shares", () => {
    expect(isSystemPlace("\\\\.\\PIPE\\x", "win32")).toBe(true);
    expect(isSystemPlace("\\\\?\\C:\\x", "win32")).toBe(false);
    expect(isSystemPlace("C:\\x", "win32")).toBe(false);
  });
});

describe("macOS", () => {
  const root = { given: "/tmp/w", real: "/private/tmp/w" };

  test.each([
    ["/tmp/w/a", "a"],
    ["/private/tmp/w/a", "a"],
    ["/TMP/W/a", "a"],
    ["/tmp/w2/a", "refused"],
    ["/tmp/w/../w2", "refused"],
    ["~/a", "refused"],
  ])("takes %s for %s", (given, expected) => {
    expect(partsOf(given, root, mac)).toBe(expected);
  });
});

describe("Linux", () => {
  const root = { given: "/w", real: "/w" };

  test.each([
    ["a\\b", "a\\b"],
    ["/W/a", "refused"],
    ["./a//b/", "a/b"],
    [".", ""],
    ["a/../..", "refused"],
    ["...", "..."],
    ["..a", "..a"],
    ["%2e%2e/a", "%2e%2e/a"],
  ])("takes %s for %s", (given, expected) => {
    expect(partsOf(given, root, linux)).toBe(expected);
  });

  test("gives the nearest root the path", () => {
    const roots = [root, { given: "/w/deep", real: "/w/deep" }, { given: "/home/me", real: "/home/me" }];
    expect(findRoot("/w/deep/a", roots, linux)).toMatchObject({ root: roots[1], parts: ["a"] });
    expect(findRoot("~/a", roots, linux)).toMatchObject({ root: roots[2], parts: ["a"] });
    expect(findRoot("a", roots, linux).root).toBe(root);
  });

  test("takes the whole disk as a root", () => {
    expect(below("/", "/etc", linux)).toBe("etc");
    expect(below("/", "/", linux)).toBe("");
  });

  test("keeps its own names whatever their case", () => {
    expect([".offshoot", ".OffShoot", ".offshoot-tmp-1"].every(isReserved)).toBe(true);
    expect([".offshoots", "offshoot", ".offshoot.json"].some(isReserved)).toBe(false);
  });
});
