import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";

/**
 * A registry on this machine: the packed tarballs given, and for any other name the way to the registry that npm is
 * configured with. A package's time is long ago, because package managers distrust what has just appeared.
 */
export async function openRegistry(tarballs: string[], upstream: string) {
  const server = createServer(({ url = "/" }, response) => {
    const path = decodeURIComponent(url.slice(1).split("?")[0] ?? "");
    const tarball = tarballs.find((file) => path === `-/${basename(file)}`);
    if (tarball) return response.end(readFileSync(tarball));
    const own = packages.get(path);
    if (own) return response.setHeader("content-type", "application/json").end(JSON.stringify(own));
    return response.writeHead(307, { location: new URL(url.slice(1), upstream).href }).end();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const packages = new Map<string, PackageDocument>();
  for (const file of tarballs) addTo(packages, file, `${url}-/${basename(file)}`);
  return { url, close: () => void server.close() };
}

interface PackageDocument {
  name: string;
  "dist-tags": Record<string, string>;
  time: Record<string, string>;
  versions: Record<string, object>;
}

/** Adds a version to its package. The first one is `latest`, the last one `next`. */
function addTo(packages: Map<string, PackageDocument>, file: string, tarball: string): void {
  const manifest = JSON.parse(execFileSync("tar", ["-xOzf", file, "package/package.json"], { encoding: "utf8" }));
  const { name, version } = manifest as { name: string; version: string };
  const integrity = `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
  const shasum = createHash("sha1").update(readFileSync(file)).digest("hex");
  const then = "2026-01-01T00:00:00.000Z";
  const none: PackageDocument = {
    name,
    "dist-tags": { latest: version },
    time: { created: then, modified: then },
    versions: {},
  };
  const known = packages.get(name) ?? none;
  known["dist-tags"].next = version;
  known.time[version] = then;
  known.versions[version] = { ...manifest, _id: `${name}@${version}`, dist: { tarball, integrity, shasum } };
  packages.set(name, known);
}
