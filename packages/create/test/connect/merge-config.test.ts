import { parse } from "jsonc-parser";
import * as toml from "smol-toml";
import { describe, expect, test } from "vitest";
import { type Client, clients } from "../../src/connect/clients.ts";
import { mergeConfig } from "../../src/connect/merge-config.ts";

const server = { command: "/usr/bin/node", args: ["/my notes/dist/main.js"] };
const [vscode, desktop, codex] = ["vscode", "claude-desktop", "codex"].map((name) => clients[name]) as [
  Client,
  Client,
  Client,
];

describe("a client's configuration with one server more", () => {
  test("comments, order, trailing commas and other servers stay", () => {
    const before =
      '{\n\t// mine\n\t"servers": {\n\t\t"other": { "type": "http", "url": "http://x" }, // keep\n\t},\n\t"inputs": []\n}\n';
    const after = mergeConfig(before, vscode, "notes", server);
    for (const kept of ["\t// mine", "// keep", '\t"inputs": []']) expect(after).toContain(kept);
    const entry = { type: "stdio", ...server };
    expect(parse(after)).toEqual({ servers: { other: { type: "http", url: "http://x" }, notes: entry }, inputs: [] });
    expect(mergeConfig(after, vscode, "notes", server)).toBe(after);
  });

  test("no file yet, an empty one, and CRLF", () => {
    expect(JSON.parse(mergeConfig("", desktop, "notes", server))).toEqual({ mcpServers: { notes: server } });
    const after = mergeConfig('{\r\n  "a": 1\r\n}\r\n', desktop, "notes", server);
    expect(after.replaceAll("\r\n", "")).not.toContain("\n");
  });

  test("a server of the same name is replaced, and nothing else", () => {
    const before = mergeConfig('{ "mcpServers": { "a": { "command": "x" } } }', desktop, "notes", {
      command: "old",
      args: [],
    });
    expect(JSON.parse(mergeConfig(before, desktop, "notes", server)).mcpServers).toEqual({
      a: { command: "x" },
      notes: server,
    });
  });

  test("every other byte stays where it was: the text without what was added is the text before", () => {
    const added = JSON.stringify({ type: "stdio", ...server });
    const entry = '"servers": { "a": {"command":"x"}, "b":{ } }';
    for (const [before, after] of [
      ['{"servers":{"a":{"command":"x"}}}', `{"servers":{"a":{"command":"x"},"notes":${added}}}`],
      ['{"a":1}', `{"a":1,"servers":{"notes":${added}}}`],
      ['{"servers":{"notes":null},"z":[1, 2]}', `{"servers":{"notes":${added}},"z":[1, 2]}`],
      ['{"servers":{ }}', `{"servers":{"notes":${added}}}`],
      ['{ "servers": {/* none */} }', `{ "servers": {"notes":${added}/* none */} }`],
      [`{${entry}}`, `{${entry.replace("} }", `},"notes":${added} }`)}}`],
    ] as const)
      expect(mergeConfig(before, vscode, "notes", server)).toBe(after);
    const lines = [
      "{",
      '  "servers": {',
      '    "a": {"command":"x"}, // one',
      '    "b": {"command":"y"} /* two */',
      "    // last",
      "  }, // three",
      '  "inputs": [ 1,2 ]',
      "}",
    ];
    for (const end of ["\n", "\r\n"])
      for (const comma of ["", ","]) {
        const text = lines.join(end).replace('"y"}', `"y"}${comma}`);
        const out = mergeConfig(text, vscode, "notes", server);
        const own = /"notes": \{[^}]*\}/.exec(out)?.[0] as string;
        expect(own.split(end).length).toBe(7);
        expect(out.replace(`${end}    ${own}${comma}`, "").replace('"y"},', '"y"}')).toBe(lines.join(end));
        expect(mergeConfig(out, vscode, "notes", server)).toBe(out);
      }
  });

  test.each([
    "{}",
    "[]",
    "null",
    "7",
    '"x"',
    '{"command":"old"}',
    '{"type":"stdio","command":"a","command":"b"}',
    '{\n      "command": "old" // mine\n    }',
  ])("a server that was %s is replaced, and the second time nothing changes", (value) => {
    for (const text of [`{"servers":{"notes":${value}}}`, `{\n  "servers": {\n    "notes": ${value}\n  }\n}\n`]) {
      const after = mergeConfig(text, vscode, "notes", server);
      expect(parse(after)).toEqual({ servers: { notes: { type: "stdio", ...server } } });
      expect(mergeConfig(after, vscode, "notes", server)).toBe(after);
    }
  });

  test("names that are no plain words are keys like any other", () => {
    for (const name of ["__proto__", "constructor", "a.b", "", "\ud800", 'q"', "日本語"]) {
      const after = mergeConfig('{"servers":{"__proto__":{"command":"x"},"toString":{}}}', vscode, name, server);
      expect(after).toContain(`${JSON.stringify(name)}:${JSON.stringify({ type: "stdio", ...server })}`);
      expect(mergeConfig(after, vscode, name, server)).toBe(after);
    }
  });

  test("of a hundred thousand servers is written like any other", () => {
    const many = Array.from({ length: 100_000 }, (_, index) => `"s${index}":{"command":"c"}`).join(",");
    const after = mergeConfig(`{"servers":{${many}}}`, vscode, "notes", server);
    expect(after.startsWith(`{"servers":{${many},"notes":`)).toBe(true);
  });

  test.each([
    ["lists", (depth: number) => "[".repeat(depth) + "]".repeat(depth)],
    ["objects", (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`],
    ["a list without an end", (depth: number) => "[".repeat(depth)],
  ])("%s in one another are left alone when they are more than any reader takes", (_, nested) => {
    for (const depth of [1_000, 100_000])
      for (const text of [`{"a":${nested(depth)}}`, `{"servers":{"notes":${nested(depth)}}}`, nested(depth)])
        expect(() => mergeConfig(text, vscode, "notes", server)).toThrow(/left alone/);
  });

  test.each([
    ["broken JSON", desktop, '{ "mcpServers": { '],
    ["a list where servers should be", desktop, '{ "mcpServers": [] }'],
    ["broken TOML", codex, "model = \n"],
    ["a server written inline", codex, 'mcp_servers = { notes = { command = "x" } }\n'],
  ])("%s is left alone", (_name, client, text) => {
    expect(() => mergeConfig(text, client, "notes", server)).toThrow(/left alone/);
  });

  test("TOML keeps its comments and tables, and replaces a table with those below it", () => {
    const before =
      '# mine\nmodel = "o"\n\n[mcp_servers.notes]\ncommand = "old"\n[mcp_servers.notes.env]\nA = "1"\n\n[mcp_servers.other]\ncommand = "keep" # so\n';
    const after = mergeConfig(before, codex, "notes", server);
    expect(after).toContain("# mine");
    expect(after).toContain('command = "keep" # so');
    expect(toml.parse(after)).toEqual({ model: "o", mcp_servers: { notes: server, other: { command: "keep" } } });
    expect(toml.parse(mergeConfig("", codex, "my notes", server))).toEqual({ mcp_servers: { "my notes": server } });
  });
});
