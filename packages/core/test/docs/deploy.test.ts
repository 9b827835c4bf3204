// What deploy/ and docs/deploy hold, judged by the programs that read it. A program that is not here is a skip that says so.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createListener } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const folder = mkdtempSync(join(tmpdir(), "deploy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const has = (program: string, flag: string) => spawnSync(program, [flag]).status === 0;
const programs = { haproxy: has("haproxy", "-v"), nginx: has("nginx", "-v"), caddy: has("caddy", "version") };
const missing = (program: keyof typeof programs) => !programs[program] && `${program} is not installed here`;

/** Names of other machines are nobody's here: a check that looks them up would fail for that. */
const here = (text: string) => text.replace(/notes-[ab]:3000/g, "127.0.0.1:3000");

function check(program: string, args: string[]): void {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  expect(`${status} ${status === 0 ? "" : stdout + stderr}`).toBe("0 ");
}

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** A file of nginx is a part of a whole one. Certificates are made, for what names some. */
function wholeNginx(name: string, part: string): string {
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  spawnSync(
    "openssl",
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x"].concat([
      "-keyout",
      key,
      "-out",
      certificate,
    ]),
  );
  const own = part
    .replace(/(ssl_certificate +)\S+;/, `$1${certificate};`)
    .replace(/(ssl_certificate_key +)\S+;/, `$1${key};`)
    .replace("listen 443", "listen 127.0.0.1:8443");
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((of) => `${of}_temp_path ${folder}/${of};`);
  return write(
    name,
    `daemon off; pid ${folder}/${name}.pid; error_log stderr; events {}\nhttp { access_log off; ${paths.join(" ")}\n${own}\n}`,
  );
}

describe("is taken as it is written", () => {
  test("by HAProxy", ({ skip }) => {
    const why = missing("haproxy");
    if (why) skip(why);
    check("haproxy", ["-c", "-f", write("haproxy.cfg", here(read("templates/notes/deploy/haproxy.cfg")))]);
  });

  test.for(["templates/notes/deploy/nginx.conf", "docs/deploy/nginx.conf"])("by nginx: %s", (path, { skip }) => {
    const why = missing("nginx");
    if (why) skip(why);
    check("nginx", ["-t", "-c", wholeNginx(path.replaceAll("/", "-"), here(read(path)))]);
  });

  test.for(["templates/notes/deploy/Caddyfile", "docs/deploy/Caddyfile"])("by Caddy: %s", (path, { skip }) => {
    const why = missing("caddy");
    if (why) skip(why);
    check("caddy", ["validate", "--adapter", "caddyfile", "--config", join(root, path)]);
  });
});

/** A server that answers /readyz, and a call as it is told. */
async function fake(answer: (respond: (status: number) => void, cut: () => void) => void, ready = async () => {}) {
  let calls = 0;
  const server: Server = createServer(async (request, response) => {
    if (request.url === "/readyz") {
      await ready();
      return void response.end("ready\n");
    }
    calls += 1;
    answer(
      (status) => void response.writeHead(status).end(String(status)),
      () => request.socket.destroy(),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === "object" ? Number(address?.port) : 0, calls: () => calls, server };
}

async function freePort(): Promise<number> {
  const listener = createListener().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  listener.close();
  return typeof address === "object" ? Number(address?.port) : 0;
}

/** The balancer of deploy/ before two servers. */
const balancers = {
  async haproxy(a: number, b: number) {
    const port = await freePort();
    const text = read("templates/notes/deploy/haproxy.cfg")
      .replace("bind :8080", `bind 127.0.0.1:${port}`)
      .replace("notes-a:3000", `127.0.0.1:${a}`)
      .replace("notes-b:3000", `127.0.0.1:${b}`);
    return { port, args: ["-db", "-f", write(`haproxy-${port}.cfg`, text)] };
  },
  async nginx(a: number, b: number) {
    const port = await freePort();
    const text = read("templates/notes/deploy/nginx.conf")
      .replace("listen 8080", `listen 127.0.0.1:${port}`)
      .replaceAll("notes-a:3000", `127.0.0.1:${a}`)
      .replaceAll("notes-b:3000", `127.0.0.1:${b}`);
    return { port, args: ["-c", wholeNginx(`nginx-${port}.conf`, text)] };
  },
};

describe.each(["haproxy", "nginx"] as const)("a call through %s", (program) => {
  async function start(a: number, b: number) {
    const { port, args } = await balancers[program](a, b);
    const child = spawn(program, args, { stdio: "ignore" });
    onTestFinished(() => void child.kill());
    const send = (headers: Record<string, string> = {}) =>
      fetch(`http://127.0.0.1:${port}/mcp`, { method: "POST", body: "{}", headers });
    const ready = () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ status }) => status !== 503,
        () => false,
      );
    await expect.poll(ready, { timeout: 20_000 }).toBe(true);
    return send;
  }

  test("is never sent again once a server may have done it", async ({ skip }) => {
    const why = missing(program);
    if (why) skip(why);
    const [a, b] = [await fake((_, cut) => cut()), await fake((_, cut) => cut())];
    const send = await start(a.port, b.port);
    for (let call = 1; call <= 6; call++) {
      const before = a.calls() + b.calls();
      await send().then(
        ({ status }) => expect(status).toBeGreaterThanOrEqual(500),
        () => {},
      );
      expect(a.calls() + b.calls() - before).toBeLessThanOrEqual(1);
    }
    expect(a.calls() + b.calls()).toBeGreaterThan(1);
  });

  test("goes to another server when one drains, and when one has ended", async ({ skip }) => {
    const why = missing(program);
    if (why) skip(why);
    const [a, b] = [await fake((respond) => respond(503)), await fake((respond) => respond(200))];
    const send = await start(a.port, b.port);
    const statuses = async () => {
      const all: number[] = [];
      for (let call = 0; call < 6; call++) all.push((await send()).status);
      return all;
    };
    expect(await statuses()).toEqual([200, 200, 200, 200, 200, 200]);
    a.server.closeAllConnections();
    a.server.close();
    expect(await statuses()).toEqual([200, 200, 200, 200, 200, 200]);
  });

  test("reaches servers that are slow to say that they are ready", async ({ skip }) => {
    const why = missing(program);
    if (why) skip(why);
    const slow = () => pause(1_500);
    const [a, b] = [await fake((respond) => respond(200), slow), await fake((respond) => respond(200), slow)];
    const send = await start(a.port, b.port);
    for (let call = 0; call < 10; call++) {
      expect((await send()).status).toBe(200);
      await pause(300);
    }
  });
});
