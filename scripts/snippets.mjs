/** How to connect a client to a template's built server: the settings to paste, with its absolute paths. */

const quoted = (part) => (/[^\w@%+=:,./\\-]/.test(part) ? `"${part}"` : part);
const indented = (value) => JSON.stringify(value, null, 2).replace(/^/gm, "  ");

export function snippets(name, command, args) {
  const place = args.includes("--data")
    ? `without --data the server keeps its data in its own place instead of sandbox/${name}`
    : name === "http-api"
      ? "with --api <openapi file> --base-url <url> it stands before an API of yours"
      : `put folders of your own in the place of sandbox/${name}`;
  const line = [command, ...args].map(quoted).join(" ");
  return `
That was a real client. Connect yours; ${place}.

Claude Code
  claude mcp add ${name} -- ${line}

Claude Desktop (Settings → Developer → Edit Config) and Cursor (~/.cursor/mcp.json)
${indented({ mcpServers: { [name]: { command, args } } })}

VS Code (.vscode/mcp.json)
${indented({ servers: { [name]: { type: "stdio", command, args } } })}

Inspector, to try every tool by hand
  npx -y @modelcontextprotocol/inspector ${line}

Next: sandbox/my-${name} is yours to try things in; its README.md says what to change first. For a project of its own:
  node packages/create/dist/main.js ../my-${name} --template ${name}`;
}
