import { afterEach, expect, test, vi } from "vitest";
import { findLeak } from "../../src/testing/leaks.ts";

afterEach(() => vi.unstubAllEnvs());

test.each([
  ["a stack trace", "failed\n    at open (file.js:10:4)\n    at main (file.js:2:1)"],
  ["the host's path /home/ada/notes.db", "ENOENT: no such file, open '/home/ada/notes.db'"],
  ["the host's path /etc/ssl/key.pem", "cannot read /etc/ssl/key.pem."],
  ["the host's path file:///srv/data/a.txt", "see file:///srv/data/a.txt"],
  ["the host's path C:\\Users\\ada\\notes.db", 'open "C:\\Users\\ada\\notes.db"'],
  [`the host's path ${process.cwd()}/a.json`, `cannot open ${process.cwd()}/a.json`],
  ["a path inside node_modules", "in node_modules/pg/lib/client.js"],
])("finds %s", (found, text) => {
  expect(findLeak(text, {})).toBe(found);
});

test.each([
  ["a relative path", "No file docs/home/readme.md. Call list_directory."],
  ["a URI of the server's own", "No resource note://var/log has that id."],
  ["an endpoint", "Not found. The endpoint is /mcp."],
  ["a path that the client sent", "/etc/passwd is outside the allowed folders."],
  ["a Windows path that the client sent", "C:\\temp\\a.txt is outside the allowed folders."],
  ["prose", "Look at line 3: it must be a number."],
])("lets %s through", (_what, text) => {
  expect(findLeak(text, { path: "/etc/passwd", other: "C:\\temp\\a.txt" })).toBeUndefined();
});

test("finds the value of a secret environment variable, and names only the variable", () => {
  vi.stubEnv("UPSTREAM_API_KEY", "s3cr3t-and-long");
  vi.stubEnv("PLAIN_SETTING", "just-a-setting");
  expect(findLeak("401 for key s3cr3t-and-long", {})).toBe("the value of the environment variable UPSTREAM_API_KEY");
  expect(findLeak("unknown just-a-setting", {})).toBeUndefined();
});
