/** Calls of a chunk, which go in together. */
export const CHUNK = 16;
const WARM_UP = 20;
const SLICES = 40;

/**
 * Prints the µs of CPU that a call takes within this process: the 10th percentile of many slices, which a busy machine
 * hardly moves.
 *
 * @param prepare makes a chunk of calls with ids from `first` on, uncounted; what it returns sends them and waits for
 *   their answers
 * @param count chunks of a slice
 */
export async function printSlices(prepare: (first: number) => () => Promise<void>, count: number): Promise<void> {
  const slices: number[] = [];
  for (let slice = 0, first = 1; slice < WARM_UP + SLICES; slice += 1) {
    const chunks: (() => Promise<void>)[] = [];
    for (let at = 0; at < count; at += 1, first += CHUNK) chunks.push(prepare(first));
    const before = process.cpuUsage();
    for (const send of chunks) await send();
    const { user, system } = process.cpuUsage(before);
    if (slice >= WARM_UP) slices.push((user + system) / (count * CHUNK));
  }
  slices.sort((one, other) => one - other);
  process.stdout.write(`${slices[SLICES / 10]}\n`);
}
