/** Shows on stderr what takes a moment, and what came of it; a spinner where there is a terminal. */
export async function during<T>(title: string, quiet: boolean, work: () => Promise<T>): Promise<T> {
  if (quiet) return work();
  if (!process.stderr.isTTY) {
    process.stderr.write(`${title} …\n`);
    return work();
  }
  const { spinner } = await import("@clack/prompts");
  const shown = spinner({ output: process.stderr });
  shown.start(title);
  try {
    const result = await work();
    shown.stop(title);
    return result;
  } catch (error) {
    shown.error(title);
    throw error;
  }
}
