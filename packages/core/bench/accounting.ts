import { readdirSync, readFileSync } from "node:fs";

/**
 * CPU time a process has used so far, in ms: user and system, all its threads, the compiler's and the garbage
 * collector's too. From the scheduler's own count in ns, which is exact while the process waits for work.
 *
 * @returns `undefined` elsewhere than on Linux
 */
export function cpuOf(pid: number): number | undefined {
  const ns = attempt(() =>
    readdirSync(`/proc/${pid}/task`)
      .map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]))
      .reduce((sum, thread) => sum + thread, 0),
  );
  return ns === undefined ? undefined : ns / 1e6;
}

/** Memory of a process that is in RAM now, in MB. @returns `undefined` elsewhere than on Linux */
export function rssOf(pid: number): number | undefined {
  const kilobytes = attempt(() => /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
}

function attempt<Value>(read: () => Value): Value | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    return read();
  } catch {
    // A kernel built without this file, or a process that has just ended.
    return undefined;
  }
}
