import { findVersion, type Pins, versionsOf } from "../call/versions.ts";
import type { ServerDefinition } from "../contract/server.ts";
import { SettingsError } from "../flags.ts";

/**
 * `--pin-versions`: which version of a tool clients get that name none.
 *
 * @throws SettingsError naming the tools that have versions, or the versions that the tool has
 */
export function pinsOf(texts: readonly string[], { tools }: ServerDefinition): Pins {
  const wrong = (why: string): SettingsError => new SettingsError(`--pin-versions is wrong: ${why}`);
  const pins = new Map<string, string>();
  for (const text of texts) {
    const [name = "", version, ...more] = text.split("@");
    if (version === undefined || more.length > 0)
      throw wrong(`${JSON.stringify(text)} is no tool and version, such as get_note@1.`);
    const tool = tools.get(name);
    if (tool === undefined || tool.version === undefined) {
      const versioned = [...tools.values()].filter((one) => one.version !== undefined);
      const those = versioned.flatMap((one) => versionsOf(one).map((known) => `${one.name}@${known}`));
      throw wrong(
        `there ${tool === undefined ? "is no tool" : "are no versions of"} "${name}". There ${those.length === 1 ? "is" : "are"} ${those.join(", ") || "none here"}.`,
      );
    }
    if (pins.has(name)) throw wrong(`${name} stands twice.`);
    try {
      findVersion(tool, version);
    } catch {
      throw wrong(`${name} has no version "${version}". It has ${versionsOf(tool).join(", ")}.`);
    }
    pins.set(name, version);
  }
  return pins;
}

/** Days before its end from which on a version is warned of at every start. */
const SOON_DAYS = 90;

/** Has the log say which earlier versions end, and when. */
export function announceSunsets(
  { tools }: ServerDefinition,
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void },
  now: number = Date.now(),
): void {
  for (const { name, earlier } of tools.values())
    for (const { version, sunset } of earlier?.values() ?? []) {
      if (sunset === undefined) continue;
      const days = Math.ceil((Date.parse(sunset) - now) / 86_400_000);
      const fields = { name, version, sunset };
      if (days <= 0) log.warn(fields, "an earlier version has reached its end and is still served");
      else log[days <= SOON_DAYS ? "warn" : "info"](fields, "an earlier version ends");
    }
}
