import { describe, expect, test } from "vitest";
import type { Document } from "../../src/domain/openapi/document/document.ts";
import { filterOperations } from "../../src/domain/openapi/filter.ts";
import { listOperations } from "../../src/domain/openapi/operations.ts";
import { described, operation } from "../fixtures/description.ts";

const { entries } = listOperations(
  described({
    "/orders": {
      get: operation({ operationId: "list", tags: ["orders"] }),
      post: operation({ operationId: "add", tags: ["orders"] }),
    },
    "/orders/{id}": { get: operation({ operationId: "get", tags: ["orders"] }) },
    "/orders/{id}/lines/{line}": { get: operation({ operationId: "line", tags: ["orders", "lines"] }) },
    "/users.json": { get: operation({ operationId: "users" }) },
  }) as unknown as Document,
);
const left = (include: string[], exclude: string[] = []) =>
  filterOperations(entries, { include, exclude }).map(({ id }) => id);

test.each([
  [["tag:Lines"], [], ["line"]],
  [["GET"], [], ["list", "get", "line", "users"]],
  [["method:post"], [], ["add"]],
  [["/orders"], [], ["list", "add"]],
  [["/orders/*"], [], ["get"]],
  [["/orders/**"], [], ["list", "add", "get", "line"]],
  [["/**/lines/*"], [], ["line"]],
  [["/users.*"], [], ["users"]],
  [["path:/users*"], [], ["users"]],
  [["POST /orders", "/users*"], [], ["add", "users"]],
  [[], ["POST"], ["list", "get", "line", "users"]],
  [["tag:orders"], ["/orders/*/**"], ["list", "add"]],
])("include %j, exclude %j", (include, exclude, expected) => {
  expect(left(include, exclude)).toEqual(expected);
});

describe("a pattern that fits nothing is refused by the flag that gave it", () => {
  test.each([
    [["tag:order"], [], /--include "tag:order" fits no operation.*Tags are: orders, lines/],
    [[], ["DELETE"], /--exclude "DELETE" fits no operation/],
    [["orders/*"], [], /--include "orders\/\*" is not one of/],
  ])("%j %j", (include, exclude, why) => {
    expect(() => left(include, exclude)).toThrow(why);
  });
});

test("a glob of many stars is decided at once", () => {
  const path = `/${"a".repeat(60)}`;
  const one = [{ ...entries[0], path }] as typeof entries;
  expect(() => filterOperations(one, { include: [`/${"*a".repeat(25)}b`], exclude: [] })).toThrow(/fits no operation/);
});
