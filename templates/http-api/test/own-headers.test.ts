import { expect, test } from "vitest";
import type { Document } from "../src/domain/openapi/document/document.ts";
import { flatInputs } from "../src/domain/openapi/inputs/flat-inputs.ts";
import { listOperations } from "../src/domain/openapi/operations.ts";
import { described, operation } from "./fixtures/description.ts";

/** The fields a model is offered for a GET that has this header parameter. */
const offered = (name: string): string[] => {
  const parameters = [{ name, in: "header", schema: { type: "string" } }];
  const document = described({ "/x": { get: operation({ operationId: "x", parameters }) } }) as unknown as Document;
  return flatInputs(listOperations(document).get("x")).fields.map((field) => field.name);
};

const METHOD = ["X-HTTP-Method-Override", "x-http-method", "X-Method-Override", "X_HTTP_METHOD_OVERRIDE"];
const PLACE = ["Host", "X-Forwarded-Host", "X-Forwarded-For", "Forwarded", "X-Original-URL", "X-Rewrite-URL", "X-Host"];
const FRAME = ["Content-Length", "Transfer-Encoding", "Content-Encoding", "Accept-Encoding", "TE", "Trailer", "Expect"];
const OURS = ["Authorization", "Proxy-Authorization", "Cookie", "Proxy-Connection", "Connection", "Upgrade", "Via"];

test.each([
  ...METHOD,
  ...PLACE,
  ...FRAME,
  ...OURS,
  "X-Real-IP",
  "True-Client-IP",
  "CF-Connecting-IP",
  "X-Ключ",
  "X A",
  "Host ",
])("a model is never offered the header %s", (name) => {
  expect(offered(name)).toEqual([]);
});

test.each([
  "If-Match",
  "X-Request-Id",
  "X-GitHub-Api-Version",
  "Prefer",
  "X-Methods",
  "Accept-Language",
  "Notion-Version",
])("a model is offered the header %s", (name) => {
  expect(offered(name)).toHaveLength(1);
});
