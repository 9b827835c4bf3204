import { Script } from "node:vm";
import { describe, expect, test } from "vitest";
import { compileEarly, type Span } from "../src/bundle/compile-early.ts";

/** A source whose functions that run stand between « and »: what becomes of it, and the same with nothing marked. */
function early(marked: string): string {
  const ran = new Set<Span>();
  const open: number[] = [];
  let source = "";
  for (const part of marked.split(/([«»])/)) {
    if (part === "«") open.push(source.length);
    else if (part === "»") ran.add(`${open.pop() as number}-${source.length}`);
    else source += part;
  }
  return compileEarly(source, ran);
}

describe("a function that a start runs", () => {
  test.each([
    ["an arrow", "var a = «x => x»;", "var a = (x => x);"],
    [
      "an arrow of several words",
      "var a = «async (x, y = 1) => { await x }»;",
      "var a = (async (x, y = 1) => { await x });",
    ],
    ["an expression", "f(«function () {}», 1)", "f((function () {}), 1)"],
    ["one in another", "var a = «() => «() => 1»», b = () => () => 2", "var a = (() => (() => 1)), b = () => () => 2"],
    ["at the end of the file", "a = «() => 1»", "a = (() => 1)"],
    ["a method", "x = { «a(b) { return this }», c() {} }", "x = { a:(function(b) { return this }), c() {} }"],
  ])("stands in parentheses: %s", (_what, marked, expected) => {
    expect(early(marked)).toBe(expected);
  });

  test("goes first as a variable where it is declared, after a first line for shells", () => {
    const marked =
      "#!/usr/bin/env node\nimport x from 'x'; y(); «function y(a) { return «() => a» }»\n«async function* z() {}» export { y };";
    expect(early(marked)).toBe(
      "#!/usr/bin/env node\nvar y=(function(a) { return (() => a) }),z=(async function*() {});import x from 'x'; y(); \n export { y };",
    );
  });

  test.each([
    ["what super is, in a method", "x = { «a() { super.a() }» }"],
    ["a prototype", "x = { «__proto__() {}» }"],
    ["a getter", "x = { «get a() { return 1 }» }"],
    ["a name that is worked out", "x = { «[a]() {}» }"],
    ["what is a promise or a generator by a word before its name", "x = { «async a() {}», «*b() {}» }"],
    ["a class and what is in it", "class A { «constructor() {}» «b() {}» c = 1 }"],
    ["a declaration inside of something", "if (a) { «function b() {}» } x(() => { «function c() {}» })"],
    ["one that is exported where it stands", "export «function a() {}»"],
  ])("stays as it is where that would change %s", (_what, marked) => {
    expect(early(marked)).toBe(marked.replaceAll(/[«»]/g, ""));
  });
});

test("a file without statements, and one of which nothing ran, stay as they are", () => {
  for (const source of ["", "// nothing\n", "#!/usr/bin/env node\nf(() => 1); function f() {}"])
    expect(early(source)).toBe(source);
});

test("a file works out the same, with functions that are used before they are declared", () => {
  const marked = `const log = [first(2), second.name, typeof late];
    «function first(n) { return n === 0 ? [] : [n, ...first(n - 1)] }»
    function second() {}
    var late = «(a) => a»;
    const object = { «method() { return this === object }» };
    «async function third() {}»
    first = (n) => n;
    log.push(late.name, third.name, object.method.name, object.method(), first(2), String(third()));
    log;`;
  const run = (source: string): unknown =>
    JSON.parse(JSON.stringify(new Script(`"use strict";${source}`).runInNewContext()));
  const plain = marked.replaceAll(/[«»]/g, "");
  expect(early(marked)).not.toBe(plain);
  expect(run(early(marked))).toEqual(run(plain));
});
