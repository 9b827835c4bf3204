import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Field } from "../../../src/domain/openapi/inputs/flat-inputs.ts";
import type { Parameter } from "../../../src/domain/operation.ts";
import { makeRequest } from "../../../src/domain/request/make-request.ts";

const parameter = (name: string, more: Partial<Parameter> = {}): Parameter => ({
  name,
  in: "query",
  required: false,
  description: undefined,
  schema: {},
  style: more.in === "path" || more.in === "header" ? "simple" : "form",
  explode: more.in === undefined || more.in === "query",
  ...more,
});
const field = (of: Parameter): Field => ({ name: of.name, to: "parameter", parameter: of });
const send = (path: string, parameters: Parameter[], input: Record<string, unknown>) =>
  makeRequest({ id: "x", method: "GET", path, body: undefined }, parameters.map(field), input);

const inPath = parameter("id", { in: "path" });
const BASE = "https://api.example.com/v1";

describe("a path parameter cannot leave its segment", () => {
  test.each([[".."], ["."], [""]])("%j is refused", (id) => {
    expect(() => send("/orders/{id}/items", [inPath], { id })).toThrow(/id may not be/);
  });

  test.each(["../admin", "a/b", "a\\b", "a?x=1", "a#b", "%2e%2e", "a;b", "..;/"])("%j stays one segment", (id) => {
    const { path } = send("/orders/{id}/items", [inPath], { id });
    const segments = new URL(`${BASE}${path}`).pathname.split("/");
    expect(segments).toHaveLength(5);
    expect(decodeURIComponent(segments[3] as string)).toBe(id);
  });

  test("whatever the value, the URL has the same segments, or the call is refused", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (id) => {
        let path: string;
        try {
          ({ path } = send("/orders/{id}/items", [inPath], { id }));
        } catch (error) {
          return (error as Error).name === "ApiError";
        }
        const url = new URL(`${BASE}${path}`);
        const segments = url.pathname.split("/");
        return (
          segments.length === 5 &&
          segments[4] === "items" &&
          url.search === "" &&
          decodeURIComponent(segments[3] as string) === id
        );
      }),
      { numRuns: 300 },
    );
  });

  test("a path parameter that is missing is named", () => {
    expect(() => send("/orders/{id}", [inPath], {})).toThrow(/id is needed/);
  });
});

describe("a header cannot be split", () => {
  const header = parameter("X-Note", { in: "header" });
  test.each(["a\r\nEvil: 1", "a\nb", "a\u0000b", "naïve ☃", "a\u2028b"])("%j is refused", (value) => {
    expect(() => send("/a", [header], { "X-Note": value })).toThrow(/travels in a header/);
  });
  test("what is left is sent as it is", () => {
    expect(send("/a", [header], { "X-Note": "café, 1" }).headers).toEqual({ "x-note": "café, 1" });
  });
});

describe("a value is a value, whatever it looks like", () => {
  test("a field that the operation does not have is not sent", () => {
    const input = JSON.parse('{"__proto__": {"q": "x"}, "other": 1}') as Record<string, unknown>;
    expect(send("/a", [parameter("q")], input).query).toEqual([]);
  });
  test("whatever a query value holds, it is read back as it was given", () => {
    fc.assert(
      fc.property(fc.string(), (q) => {
        const { query } = send("/a", [parameter("q")], { q });
        return new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).get("q") === q;
      }),
    );
  });
});

describe("a body is made of the fields that belong to it", () => {
  const of = (contentType: string, input: Record<string, unknown>, fields: Field[]) =>
    makeRequest(
      { id: "x", method: "POST", path: "/a", body: { contentType, schema: {}, required: true } },
      fields,
      input,
    ).body;
  const property = (name: string): Field => ({ name, to: "property", property: name });

  test("JSON, and an empty object where nothing was given but a body is due", () => {
    expect(of("application/json", { a: 1, b: undefined }, [property("a"), property("b")])?.text).toBe('{"a":1}');
    expect(of("application/json", {}, [property("a")])?.text).toBe("{}");
  });
  test("text travels as text, and anything else is refused", () => {
    const body: Field = { name: "body", to: "body" };
    expect(of("text/plain", { body: "hello" }, [body])?.text).toBe("hello");
    expect(() => of("text/plain", { body: { a: 1 } }, [body])).toThrow(/must be text/);
  });
});
