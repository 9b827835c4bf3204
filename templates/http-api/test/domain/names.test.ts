import fc from "fast-check";
import { expect, test } from "vitest";
import type { Document } from "../../src/domain/openapi/document/document.ts";
import { fieldName } from "../../src/domain/openapi/inputs/field-names.ts";
import { flatInputs } from "../../src/domain/openapi/inputs/flat-inputs.ts";
import { nameOperations } from "../../src/domain/openapi/names.ts";
import { nearest } from "../../src/domain/openapi/nearest.ts";
import { listOperations } from "../../src/domain/openapi/operations.ts";
import { described, operation } from "../fixtures/description.ts";

const names = (...entries: [id: string, method: "GET" | "POST", path: string][]) => [
  ...nameOperations(entries.map(([id, method, path]) => ({ id, method, path }))).keys(),
];

test("an id is a name in snake_case, at most 64 characters, and the same at every start", () => {
  expect(names(["repos/get-branch", "GET", "/x"], ["2fa", "GET", "/y"])).toEqual(["repos_get_branch", "op_2fa"]);
  const long = `get${"VeryLong".repeat(20)}`;
  const [first, second] = names([long, "GET", "/a"], [`${long}r`, "GET", "/b"]);
  expect(first).toMatch(/^[a-z][a-z0-9_]{1,63}$/);
  expect(second).not.toBe(first);
  expect(names([long, "GET", "/other"])).toEqual([first]);
});

test("ids that come to one name are told apart by their paths, then by their methods", () => {
  expect(names(["getUser", "GET", "/a"], ["get_user", "GET", "/b"], ["listUsers", "GET", "/c"])).toEqual([
    "get_user_a",
    "get_user_b",
    "list_users",
  ]);
  expect(names(["do", "GET", "/a"], ["Do", "POST", "/a"])).toEqual(["do_get_a", "do_post_a"]);
});

test("an id without Latin letters says nothing there: its method and path do", () => {
  expect(names(["获取用户", "GET", "/users/{id}"], ["列出用户", "GET", "/users"])).toEqual([
    "get_users_id",
    "get_users",
  ]);
});

test("any operations get names of their own that every client takes", () => {
  const id = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("getUser", "get_user", "get-user", "用户", "get__user", "GET user"),
  );
  const entry = fc.record({
    id,
    method: fc.constantFrom("GET" as const, "POST" as const),
    path: fc.oneof(fc.webPath(), fc.constantFrom("/a", "/{a}", "/A", "/用")),
  });
  const distinct = fc.uniqueArray(entry, {
    selector: ({ id, method, path }) => `${id}\0${method}\0${path}`,
    maxLength: 30,
  });
  const taken = fc.uniqueArray(fc.constantFrom("get_user", "get_user_a", "get_a"));
  fc.assert(
    fc.property(distinct, taken, (entries, already) => {
      const named = nameOperations(entries, new Set(already));
      expect([...named.values()]).toHaveLength(entries.length);
      expect(new Set(named.values()).size).toBe(entries.length);
      for (const name of named.keys()) {
        expect(name).toMatch(/^[a-z][a-z0-9_]{1,63}$/);
        expect(already).not.toContain(name);
      }
    }),
    { numRuns: 300 },
  );
});

const inputsOf = (...parameters: object[]) =>
  flatInputs(
    listOperations(described({ "/a": { get: operation({ parameters }) } }) as unknown as Document).get("get /a"),
  );
const inQuery = (name: string, more: object = {}) => ({ name, in: "query", schema: { type: "string" }, ...more });

test("parameters that differ in a sign alone are told apart by what it says, and the description names the wire's", () => {
  const parameters = ["DateSent<", "DateSent", "DateSent>", "Size<", "Size>=", "ids[]", "filter[state]"].map((name) =>
    inQuery(name),
  );
  const { schema, fields } = inputsOf(...parameters);
  expect(fields.map(({ name }) => name)).toEqual([
    "DateSent_before",
    "DateSent",
    "DateSent_after",
    "Size_below",
    "Size_at_least",
    "ids",
    "filter_state",
  ]);
  const { DateSent_before: before, DateSent: plain } = schema.properties as Record<string, { description: string }>;
  expect(before?.description).toBe("Sent as DateSent<: date sent before");
  expect(plain?.description).toBe("date sent");
});

test("any names of parameters become distinct fields that providers accept", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom("a<", "a>", "a", "a[]", "__proto__", "ü", "é"))),
      (wanted) => {
        const taken: Record<string, unknown> = {};
        for (const name of wanted) {
          const made = fieldName(name, "query", taken);
          expect(made).toMatch(/^[A-Za-z0-9_.-]{1,64}$/);
          expect(Object.hasOwn(taken, made)).toBe(false);
          taken[made] = true;
        }
      },
    ),
  );
});

test("a mistyped id has one that is meant, or none", () => {
  const known = ["listOrders", "getOrder", "createOrder"];
  expect(nearest("getOrdr", known)).toBe("getOrder");
  expect(nearest("get_order", known)).toBe("getOrder");
  expect(nearest("Orders", known)).toBe("listOrders");
  expect(nearest("zzzzzz", known)).toBeUndefined();
});
