// What this server must do well, as scenarios: `offshoot eval` plays them, and so does `npm test`.
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineEval } from "@offshoot/core/evals";
import { openFiles } from "../../src/domain/open-files.ts";
import { filesystemServer } from "../../src/server.ts";
import { adversarial } from "./adversarial.ts";
import { golden } from "./golden.ts";

export default defineEval({
  name: "filesystem",
  async server() {
    const home = await realpath(await mkdtemp(join(tmpdir(), "offshoot-filesystem-")));
    const root = join(home, "allowed");
    await mkdir(join(root, "docs"), { recursive: true });
    await writeFile(join(home, "secret.txt"), "the secret plan");
    await mkdir(join(home, "allowed-not"));
    await writeFile(join(home, "allowed-not", "near.txt"), "the secret plan");
    await writeFile(join(root, "a.txt"), "one\ntwo\nthree\n");
    await writeFile(join(root, "docs", "guide.md"), "# Guide\n\nStart here.\n");
    await writeFile(join(root, "docs", "copy.md"), "# Guide\n\nStart here.\n");
    await symlink(join(home, "secret.txt"), join(root, "link.txt"));
    await symlink(home, join(root, "up"));
    const files = await openFiles({ roots: [root] });
    const close = async () => {
      await files.close();
      await rm(home, { recursive: true, force: true });
    };
    // Everything, inside and outside, and what the files say.
    const state = async () => {
      const entries = await readdir(home, { recursive: true, withFileTypes: true });
      const texts = entries
        .filter((entry) => entry.isFile() && !entry.parentPath.includes(".offshoot"))
        .map(async ({ parentPath, name }) => [join(parentPath, name), await readFile(join(parentPath, name), "utf8")]);
      return [(await Promise.all(texts)).sort(), entries.filter((entry) => entry.isSymbolicLink()).length];
    };
    return { server: filesystemServer(files), close, state };
  },
  scenarios: [...golden, ...adversarial],
});
