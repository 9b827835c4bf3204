import type { Manifest } from "../manifest.ts";
import type { Files } from "./files.ts";

/** Scripts that pnpm leaves out of the package.json that it packs. */
const OF_PACKING = ["prepublishOnly", "prepack", "prepare", "postpack", "publish", "postpublish"];

/**
 * A template's files with a package.json that is the same before and after it was packed: pnpm puts `publishConfig.bin` in the
 * place of `bin` and leaves scripts out, and an update between the two would take that for upstream's change. What `bin` was
 * is in offshoot.json.
 */
export function beforePacking(files: Files): Files {
  const entry = files.get("package.json");
  const manifest = parse(entry?.bytes) as (Manifest & { publishConfig?: Record<string, unknown> }) | undefined;
  const bin = (parse(files.get("offshoot.json")?.bytes) as { bin?: unknown } | undefined)?.bin;
  if (entry === undefined || manifest === undefined) return files;
  const [name] = Object.keys(typeof manifest.bin === "object" ? manifest.bin : {});
  const { bin: _packed, ...publishConfig } = manifest.publishConfig ?? {};
  const all = Object.entries(manifest.scripts ?? {});
  const scripts = all.filter(([script]) => !OF_PACKING.includes(script));
  if (typeof bin !== "string" && scripts.length === all.length) return files;
  const same = {
    ...manifest,
    ...(name !== undefined && typeof bin === "string" && { bin: { [name]: bin } }),
    ...(manifest.publishConfig && { publishConfig }),
    scripts: Object.fromEntries(scripts),
  };
  return new Map(files).set("package.json", { ...entry, bytes: Buffer.from(`${JSON.stringify(same, null, 2)}\n`) });
}

function parse(bytes: Buffer | undefined): unknown {
  try {
    return JSON.parse(String(bytes ?? "null")) ?? undefined;
  } catch {
    return undefined;
  }
}
