import { closeSync, openSync, readSync, type Stats } from "node:fs";

const buffer = Buffer.allocUnsafe(512);

/**
 * Which mount an open thing was reached through. Two mounts can show one device, and a mount can show a part of it, so
 * the device says nothing; it is all there is on systems other than Linux.
 */
export function mountOf(fd: number | undefined, stats: Pick<Stats, "dev">): number {
  if (fd === undefined) return stats.dev;
  const info = openSync(`/proc/self/fdinfo/${fd}`, "r");
  try {
    const text = buffer.toString("latin1", 0, readSync(info, buffer, 0, buffer.length, 0));
    return Number(/^mnt_id:\s*(\d+)$/m.exec(text)?.[1] ?? Number.NaN);
  } finally {
    closeSync(info);
  }
}
