const KEY = Symbol.for("offshoot.instance");

/**
 * Random, and one for a process however many copies of this module it loads: a bundled server, and the package that a
 * preloaded OpenTelemetry setup imports. Correlation ids begin with it.
 */
export const instanceId: string = readId();

function readId(): string {
  const kept = globalThis as { [KEY]?: string };
  // Random enough for a name, and node:crypto alone would be a twentieth of a start.
  kept[KEY] ??= `${Math.random().toString(36).slice(2, 8)}${Date.now().toString(36)}`;
  return kept[KEY];
}

/**
 * The name of this process in a fleet, where each first process of a container has the same process id: its host, and
 * what its correlation ids begin with. `target_info` of `--metrics` and the records of the audit have it; give it to your
 * own OpenTelemetry SDK as `service.instance.id`.
 */
export function instanceName(): string {
  return `${process.getBuiltinModule("node:os").hostname()}-${instanceId}`;
}
