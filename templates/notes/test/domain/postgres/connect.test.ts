// How a database is reached over a network: by a certificate, and not through a pooler.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { createNotes } from "../../../src/domain/notes.ts";
import { openPostgresStore } from "../../../src/domain/store/postgres/open.ts";
import { type Certificate, startPostgres } from "../../fixtures/postgres/server.ts";
import { emptySchema } from "../../fixtures/stores.ts";

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "notes-connect-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A private authority, and what it vouches for under a name. */
function authority(folder: string, name: string) {
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync("openssl", args, { cwd: folder, encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
  };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...key,
    "-keyout",
    `${name}.key`,
    "-out",
    `${name}.pem`,
    "-subj",
    `/CN=${name}`,
    "-days",
    "2",
  );
  return {
    file: join(folder, `${name}.pem`),
    vouch(host: string): Certificate {
      openssl("req", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=database");
      writeFileSync(join(folder, "san"), `subjectAltName=${host}`);
      const by = ["-CA", `${name}.pem`, "-CAkey", `${name}.key`, "-CAcreateserial", "-days", "2"];
      openssl("x509", "-req", "-in", "server.csr", ...by, "-out", "server.pem", "-extfile", "san");
      const read = (file: string) => readFileSync(join(folder, file), "utf8");
      return { certificate: read("server.pem"), key: read("server.key") };
    },
  };
}

test("over TLS a server is trusted by its name and its authority, and by nothing less", async ({ skip }) => {
  if (spawnSync("openssl", ["version"]).status !== 0) skip("openssl is not installed here");
  const folder = temporary();
  const [ours, another] = [authority(folder, "ours"), authority(folder, "another")];
  const server = await startPostgres({ tls: ours.vouch("IP:127.0.0.1") });
  onTestFinished(() => server.stop());
  const at = (more: string) => `${server.url.replace("@/", "@localhost/")}&${more}`;

  const notes = createNotes(await openPostgresStore(at(`sslmode=verify-full&sslrootcert=${ours.file}`)));
  onTestFinished(() => notes.close());
  expect((await notes.create({ title: "A", body: "" })).id).toBe("n1");
  const admin = new pg.Client({ connectionString: at(`sslmode=verify-full&sslrootcert=${ours.file}`) });
  await admin.connect();
  const query =
    "SELECT bool_and(ssl) AS encrypted FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'offshoot-notes'";
  expect((await admin.query(query)).rows).toEqual([{ encrypted: true }]);

  // What is given up is ended on the server over TLS too.
  await admin.query("BEGIN; SELECT * FROM owners FOR UPDATE");
  const stop = new AbortController();
  const failed = expect(notes.create({ title: "B", body: "" }, { signal: stop.signal })).rejects.toThrow(/abort/i);
  const waiting = async () => {
    // Within a transaction it shows who was connected when it was first asked.
    await admin.query("SELECT pg_stat_clear_snapshot()");
    const blocked = "SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))";
    return (await admin.query(blocked)).rowCount;
  };
  await expect.poll(waiting).toBe(1);
  stop.abort();
  await failed;
  await expect.poll(waiting).toBe(0);
  await admin.end();

  const refused = (more: string) =>
    expect(openPostgresStore(at(more))).rejects.toMatchObject({ code: "refused", message: /does not prove/ });
  await refused("sslmode=verify-full");
  await refused(`sslmode=verify-full&sslrootcert=${another.file}`);
});

test("a certificate of another name, and a server without any, are refused", async ({ skip }) => {
  if (spawnSync("openssl", ["version"]).status !== 0) skip("openssl is not installed here");
  const ours = authority(temporary(), "ours");
  const server = await startPostgres({ tls: ours.vouch("DNS:db.example.com") });
  onTestFinished(() => server.stop());
  const more = `&sslmode=verify-full&sslrootcert=${ours.file}`;
  const refused = { code: "refused", message: expect.stringMatching(/does not prove/) };
  await expect(openPostgresStore(server.url.replace("@/", "@localhost/") + more)).rejects.toMatchObject(refused);
  await expect(openPostgresStore((await emptySchema()) + more)).rejects.toMatchObject(refused);
});

describe("behind PgBouncer a server does not start, and says what to do", () => {
  const dropped = "extra_float_digits,options,statement_timeout,lock_timeout,idle_in_transaction_session_timeout";
  test.for([
    ["that refuses time limits", "transaction", ""],
    ["that drops them, a connection for each transaction", "transaction", dropped],
    ["that drops them, a connection for each session", "session", dropped],
  ] as const)("%s", async ([, mode, ignored], { skip }) => {
    if (spawnSync("pgbouncer", ["--version"]).status !== 0) skip("pgbouncer is not installed here");
    const url = new URL(await emptySchema());
    const [listener, folder] = [createServer().listen(0, "127.0.0.1"), temporary()];
    await once(listener, "listening");
    const address = listener.address();
    const port = typeof address === "object" ? Number(address?.port) : 0;
    listener.close();
    const { password, pathname, searchParams } = url;
    const name = pathname.slice(1);
    const where = `host=${searchParams.get("host")} port=${searchParams.get("port")} user=postgres password=${password}`;
    const settings = [
      ...["[databases]", `${name} = dbname=${name} ${where}`, "[pgbouncer]", "listen_addr=127.0.0.1"],
      ...[`listen_port=${port}`, "unix_socket_dir=", "auth_type=any", `pool_mode=${mode}`],
      ...(ignored === "" ? [] : [`ignore_startup_parameters=${ignored}`]),
    ];
    writeFileSync(join(folder, "bouncer.ini"), settings.join("\n"));
    chmodSync(folder, 0o755);
    // It refuses to run as root.
    const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const bouncer = spawn("pgbouncer", [join(folder, "bouncer.ini")], { stdio: "ignore", ...user });
    onTestFinished(() => void bouncer.kill("SIGKILL"));
    const through = `postgres://postgres:x@127.0.0.1:${port}/${name}`;
    const open = () => openPostgresStore(through, { budgetMs: 500 });
    await expect
      .poll(() =>
        open().then(
          () => "opened",
          (error) => error.message,
        ),
      )
      .toMatch(/pooler, such as PgBouncer.*own address in --database-url/);
  });
});
