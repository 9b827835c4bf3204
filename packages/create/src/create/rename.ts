import type { Template, TemplateFile } from "../templates.ts";
import { namesOf } from "./name.ts";

/**
 * A template's files under a project's own name: package, command, server and the default place of its data. The README
 * keeps speaking of the published server below its title, since `npx <your name>` would start somebody else's package.
 *
 * `offshoot.json` remembers the name, so that an update writes upstream's files under it before it compares.
 */
export function renamed(template: Template, name: string): Map<string, TemplateFile> {
  const names = namesOf(name);
  const { name: was } = template;
  const upstream = new RegExp(`@offshoot/${was}(?![\\w-]*/)|offshoot-${was}`, "g");
  const everywhere = (text: string) =>
    text.replaceAll(upstream, (found) => (found.startsWith("@") ? names.package : names.bin));
  const special: Record<string, (text: string) => string> = {
    "package.json": (text) => manifestOf(text, names.package, names.bin),
    "offshoot.json": (text) => `${JSON.stringify({ ...JSON.parse(text), name }, null, 2)}\n`,
    "README.md": (text) => text.replace(/^# .*/, `# ${names.package}`),
    "src/server.ts": (text) => everywhere(text).replace(`name: "${was}"`, `name: "${names.bin}"`),
    "contract.lock.json": (text) => text.replace(`\n  "name": "${was}"`, `\n  "name": "${names.bin}"`),
  };
  const files = new Map<string, TemplateFile>();
  for (const [path, file] of template.files) {
    const text = file.bytes.toString("utf8");
    const isText = !file.bytes.includes(0) && Buffer.from(text).equals(file.bytes);
    files.set(path, isText ? { ...file, bytes: Buffer.from((special[path] ?? everywhere)(text)) } : file);
  }
  return files;
}

/** Version, privacy, keywords, licence and where to publish are upstream's to say of upstream only. */
function manifestOf(text: string, name: string, bin: string): string {
  const { name: _name, version: _version, keywords, license, publishConfig, ...rest } = JSON.parse(text);
  const [main] = Object.values(rest.bin);
  return `${JSON.stringify({ name, version: "0.1.0", private: true, ...rest, bin: { [bin]: main } }, null, 2)}\n`;
}
