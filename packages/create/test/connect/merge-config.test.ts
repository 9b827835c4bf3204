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
