// The commands of docs/let-others-in.md, run as the page has them: only its host names, ports and folders are others. TLS is
// Caddy's and nginx's, by the configurations of docs/deploy.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { freePort } from "../auth/endpoint.ts";
import { startProvider } from "../auth/provider.ts";
import { initialize, META, toolCall } from "../fixtures/raw.ts";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const page = readFileSync(at("../../../../docs/let-others-in.md"), "utf8");
const deploy = (name: string) => readFileSync(at(`../../../../docs/deploy/${name}`), "utf8");
const folder = mkdtempSync(join(tmpdir(), "let-others-in-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The shell commands below a heading, without their comments. */
function commandsOf(heading: string): string[] {
  const [, section = ""] = page.split(new RegExp(`^### ${heading}$`, "m"));
  const [, fence = ""] = /^```sh\n([\s\S]*?)^```$/m.exec(section) ?? [];
  return fence
    .replaceAll("\\\n", " ")
    .split("\n")
    .map((line) => line.replace(/\s+#.*$/, ""))
    .filter((line) => line !== "");
}

const offshoot = `'${process.execPath}' '${at("../../../create/src/offshoot.ts")}'`;
const shell = (command: string): { status: number | null; stdout: string; stderr: string } =>
  spawnSync("sh", ["-c", `npx() { test "$1" = create-offshoot && shift && ${offshoot} "$@"; }\n${command}`], {
    cwd: folder,
    encoding: "utf8",
  });

/** Starts what a command of the page starts. @returns its log, once it says where it listens */
async function start(command: string, ...more: string[]): Promise<string> {
  const [node, main, ...args] = command.split(/\s+/);
  expect([node, main]).toEqual(["node", "dist/main.js"]);
  const server = spawn(process.execPath, [at("../fixtures/main.ts"), ...args, ...more], { cwd: folder });
  return untilSaid(server, /listens on \S+/);
}

async function untilSaid(child: ChildProcess, text: RegExp): Promise<string> {
  onTestFinished(async () => {
    if (child.exitCode !== null) return;
    child.kill();
    await once(child, "exit");
  });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (part: string) => {
    said += part;
  });
  await expect
    .poll(() => (child.exitCode === null ? said : `ended: ${said}`), { timeout: 30_000, interval: 50 })
    .toMatch(text);
  return said;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}
/** @param until ends a stream once this has come */
function send(options: RequestOptions & { tls?: boolean }, body?: unknown, until?: string): Promise<Answer> {
  const { tls = false, headers, ...rest } = options;
  return new Promise((resolve, reject) => {
    const outgoing = (tls ? httpsRequest : httpRequest)(
      {
        ...{ host: "127.0.0.1", path: "/mcp", method: body === undefined ? "GET" : "POST", ...rest },
        // The certificate is made for this test.
        ...(tls && { servername: "mcp.example.com", rejectUnauthorized: false }),
        headers: {
          ...(body !== undefined && {
            "content-type": "application/json",
            accept: "application/json, text/event-stream",
          }),
          ...(headers as object),
        },
      },
      (response) => {
        let text = "";
        const done = () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
          if (until === undefined || !text.includes(until)) return;
          done();
          outgoing.destroy();
        });
        response.on("end", done);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
const modern = (method: string, name?: string) => ({
  ...{ "mcp-protocol-version": "2026-07-28", "mcp-method": method },
  ...(name !== undefined && { "mcp-name": name }),
});
const echo = toolCall(1, "echo", { text: "hello" }, META);

test("keys: made, used, listed, rotated, checked and revoked", async () => {
  const [add = "", serve = ""] = commandsOf("Keys");
  const [key = ""] = /offshoot_\S+/.exec(shell(add).stdout) ?? [];
  const [, port] = /listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(await start(serve, "--port", "0")) ?? [];
  const call = async (token: string) =>
    (await send({ port, headers: { ...modern("tools/call", "echo"), authorization: `Bearer ${token}` } }, echo)).status;
  expect([await call(key), await call("none")]).toEqual([200, 401]);
  writeFileSync(join(folder, "key.txt"), key);
  const table = [...page.matchAll(/^\| `(npx create-offshoot keys [^`]+)` \|/gm)].map(([, command = ""]) => command);
  expect(table).toHaveLength(5);
  const said: Record<string, string> = {};
  for (const command of table.filter((one) => !one.includes("revoke"))) {
    const { status, stdout, stderr } = shell(command);
    expect([command, status, stderr]).toEqual([command, expect.any(Number), ""]);
    said[command.split(" ")[3] as string] = stdout;
  }
  expect(said.list).toContain("ci");
  expect(said.check).toMatch(/notes:read/);
  const [next = ""] = /offshoot_[0-9a-f]{12}_\S+/.exec(said.rotate ?? "") ?? [];
  expect([await call(key), await call(next)]).toEqual([200, 200]);
  expect(shell(table.find((one) => one.includes("revoke")) as string).status).toBe(0);
  expect([await call(key), await call(next)]).toEqual([401, 401]);
});

test.skipIf(process.platform === "win32")(
  "a proxy: believed on its socket, which knows no one without the header",
  async () => {
    const [serve = ""] = commandsOf("A proxy");
    const socketPath = join(folder, "mcp.sock");
    await start(serve.replace("/run/my-server/mcp.sock", socketPath));
    const as = async (headers: object) =>
      (await send({ socketPath, host: "localhost", headers: { ...modern("tools/call", "echo"), ...headers } }, echo))
        .status;
    expect([await as({}), await as({ "x-forwarded-user": "ada" })]).toEqual([401, 200]);
  },
);

/** Each ends TLS on a port in front of a server on another, by the file of docs/deploy. */
const inFront: Record<string, (port: number, backend: string) => ChildProcess> = {
  caddy(port, backend) {
    const site = deploy("Caddyfile")
      .replace("mcp.example.com {", `https://mcp.example.com:${port} {\n\ttls internal`)
      .replaceAll("127.0.0.1:3000", backend);
    const file = join(folder, "Caddyfile");
    writeFileSync(file, `{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n}\n${site}`);
    const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
    return spawn("caddy", ["run", "--config", file, "--adapter", "caddyfile"], { env });
  },
  nginx(port, backend) {
    const certificate = ["-keyout", "tls.key", "-out", "tls.pem", "-days", "1", "-subj", "/CN=mcp.example.com"];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...certificate], {
      cwd: folder,
      stdio: "ignore",
    });
    const site = deploy("nginx.conf")
      .replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl`)
      .replace("/etc/ssl/certs/mcp.example.com.pem", join(folder, "tls.pem"))
      .replace("/etc/ssl/private/mcp.example.com.key", join(folder, "tls.key"))
      .replaceAll("127.0.0.1:3000", backend);
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    );
    const file = join(folder, "nginx.conf");
    writeFileSync(
      file,
      `daemon off;\nmaster_process off;\npid ${folder}/nginx.pid;\nerror_log stderr notice;\nevents {}\nhttp {\naccess_log off;\n${paths.join("\n")}\n${site}\n}\n`,
    );
    return spawn("nginx", ["-p", folder, "-c", file]);
  },
};
const READY = { caddy: /serving initial configuration/, nginx: /start worker process|using the "epoll" event method/ };
const isThere = (program: string): boolean => spawnSync(program, [program === "nginx" ? "-v" : "version"]).status === 0;

describe.each(["caddy", "nginx"] as const)("OAuth behind %s", (program) => {
  test("a client is sent to sign in, comes back with a token, calls, and hears of changes as they come", {
    timeout: 90_000,
  }, async ({ skip }) => {
    if (!isThere(program)) skip(`${program} is not installed`);
    const resource = "https://mcp.example.com/mcp";
    const machine = {
      ...{ client_id: "machine", client_secret: "secret", redirect_uris: [], response_types: [] },
      ...{ grant_types: ["client_credentials"], token_endpoint_auth_method: "client_secret_basic" },
    };
    const provider = await startProvider({ resource, scopes: ["lab:read", "lab:write"], clients: [machine] });
    onTestFinished(provider.close);
    const [serve = ""] = commandsOf("OAuth");
    expect(serve).toContain(`--public-url ${resource}`);
    const log = await start(serve.replace("https://login.example.com", provider.url), "--port", "0");
    const [, backend = ""] = /listens on http:\/\/(\S+?)\/mcp/.exec(log) ?? [];
    const port = await freePort();
    await untilSaid((inFront[program] as (typeof inFront)[string])(port, backend), READY[program]);
    const ask = (options: RequestOptions, body?: unknown, until?: string) =>
      send(
        { tls: true, port, ...options, headers: { host: "mcp.example.com", ...(options.headers as object) } },
        body,
        until,
      );

    await expect
      .poll(
        () =>
          ask({}, initialize(0)).then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 20_000 },
      )
      .toBe(401);
    const { headers } = await ask({}, initialize(0));
    const [, metadata = ""] = /resource_metadata="([^"]+)"/.exec(String(headers["www-authenticate"])) ?? [];
    const document = await ask({ path: new URL(metadata).pathname });
    expect([new URL(metadata).origin, JSON.parse(document.text)]).toEqual([
      "https://mcp.example.com",
      expect.objectContaining({ resource, authorization_servers: [provider.url] }),
    ]);
    for (const path of ["/healthz", "/readyz", "/metrics"])
      expect([path, (await ask({ path })).status]).toEqual([path, 404]);

    const granted = await fetch(`${provider.url}/token`, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from("machine:secret").toString("base64")}` },
      body: new URLSearchParams({ grant_type: "client_credentials", scope: "lab:read lab:write", resource }),
    });
    const { access_token } = (await granted.json()) as { access_token: string };
    const authorization = `Bearer ${access_token}`;
    const called = await ask(
      { headers: { ...modern("tools/call", "guarded"), authorization } },
      toolCall(1, "guarded", {}, META),
    );
    expect([called.status, called.text]).toEqual([200, expect.stringContaining('"structuredContent"')]);
    const listen = { toolsListChanged: true };
    const stream = await ask(
      { headers: { ...modern("subscriptions/listen"), authorization } },
      { jsonrpc: "2.0", id: 2, method: "subscriptions/listen", params: { notifications: listen, _meta: META } },
      "notifications/subscriptions/acknowledged",
    );
    expect(stream.status).toBe(200);
  });
});
