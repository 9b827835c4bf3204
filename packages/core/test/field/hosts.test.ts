// What a request says of itself, said twice or in a strange way.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { META, toolCall } from "../fixtures/raw.ts";
import { type Field, modernHeaders, send, speak, startField } from "./field.ts";

const message = toolCall(1, "echo", { text: "x" }, META);
const body = JSON.stringify(message);
const raw = (lines: string[]): string =>
  `POST /mcp HTTP/1.1\r\n${[...lines, `content-length: ${body.length}`, "connection: close"].join("\r\n")}\r\n\r\n${body}`;

describe("headers that decide", () => {
  let field: Field;
  let url: URL;
  beforeAll(async () => {
    field = startField("http", 256);
    url = await field.url();
  });
  afterAll(() => field[Symbol.asyncDispose]());
  const usual = [
    "accept: application/json, text/event-stream",
    ...Object.entries(modernHeaders(message)).map(([name, value]) => `${name}: ${value}`),
  ];
  test.each([
    ["two Host headers, the first local", ["host: localhost", "host: evil.com"]],
    ["two Host headers, the second local", ["host: evil.com", "host: localhost"]],
    ["two Host headers that agree", ["host: localhost", "Host: localhost"]],
    ["no Host header", []],
    ["two media types", ["host: localhost", "content-type: text/plain"]],
    ["two names of the method", ["host: localhost", "mcp-method: tools/call"]],
    ["two versions", ["host: localhost", "mcp-protocol-version: 2026-07-28"]],
    ["two sessions", ["host: localhost", "mcp-session-id: a", "mcp-session-id: b"]],
    ["two authorizations", ["host: localhost", "authorization: Bearer a", "authorization: Bearer b"]],
    ["two origins", ["host: localhost", "origin: http://localhost", "origin: http://localhost"]],
  ])("%s: 400", async (_title, lines) => {
    const text = await speak(url, raw([...lines, "content-type: application/json", ...usual]));
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
  });

  test.each([
    ["application/json; charset=utf-8", 200],
    ['application/json; charset="UTF-8"', 200],
    ["application/json;charset=utf8", 200],
    ["APPLICATION/JSON", 200],
    ["application/json; charset=us-ascii", 200],
    ["application/json; charset=utf-16", 415],
    ["application/json; charset=utf-16le", 415],
    ["application/json; charset=latin1", 415],
    ['application/json; charset="utf-7"', 415],
    ["application/json; CHARSET=UTF-16", 415],
    ["application/json; x=y; charset=utf-16", 415],
    ["application/json-seq", 415],
    ["application/jsonp", 415],
    ["text/json", 415],
    ["application/json, text/plain", 415],
    [";application/json", 415],
  ])("Content-Type %s: %i", async (type, status) => {
    const headers = { ...modernHeaders(message), "content-type": type };
    expect((await send(url, message, { headers })).status).toBe(status);
  });
});
