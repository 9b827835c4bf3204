import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

/** A process that can be ended and started again, always on the same port. */
export interface Managed {
  port: number;
  /** Starts it, and resolves when it is ready. */
  start(): Promise<void>;
  /** Ends it, and resolves when it has ended. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

function manage(
  port: number,
  command: string,
  args: string[],
  ready: string,
  env: Record<string, string> = {},
): Managed {
  let child: ChildProcess | undefined;
  return {
    port,
    async start() {
      let log = "";
      const started = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] });
      started.stderr?.setEncoding("utf8").on("data", (text: string) => {
        log = `${log}${text}`.slice(-2_000);
      });
      child = started;
      while (
        !(await fetch(`http://127.0.0.1:${port}${ready}`).then(
          () => true,
          () => false,
        ))
      ) {
        if (started.exitCode !== null) throw new Error(`${command} ended: ${log}`);
        await pause(50);
      }
    },
    async end(signal) {
      if (child === undefined || child.exitCode !== null) return;
      const gone = once(child, "exit");
      child.kill(signal);
      await gone;
    },
  };
}

/** The built server, as one of several. */
export function instance(port: number, name: string, databaseUrl: string, secret: string | undefined): Managed {
  const shared = secret === undefined ? [] : ["--instance", name, "--state-secret", "env:FLEET_SECRET"];
  const args = [main, "--store", "postgres", "--transport", "http", "--port", String(port), "--log-level", "error"];
  return manage(port, process.execPath, [...args, ...shared], "/readyz", {
    NOTES_DATABASE_URL: databaseUrl,
    FLEET_SECRET: secret ?? "",
  });
}

/** HAProxy before the instances, with this configuration and the addresses in place of those in it. */
export function balancer(port: number, file: string, configuration: string, instances: Managed[]): Managed {
  const [first = ""] = /^ *server .*$/m.exec(configuration) ?? [];
  const servers = instances.map(({ port }, at) => `  server s${at} 127.0.0.1:${port}`).join("\n");
  const text = configuration
    .replace(/^ *server .*\n?/gm, (line) => (line.startsWith(first) ? `${servers}\n` : ""))
    .replace("bind :8080", `bind 127.0.0.1:${port}`);
  writeFileSync(file, text);
  return manage(port, "haproxy", ["-db", "-f", file], "/readyz");
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
