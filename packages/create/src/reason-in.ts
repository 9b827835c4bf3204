/**
 * Why a server ended, from what it wrote on stderr: its own last line, or the error of a crash, which Node writes between the
 * source line and the stack. Empty when it wrote nothing.
 */
export function reasonIn(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trimEnd());
  const crashed = lines.some((line) => /^Node\.js v\d/.test(line));
  const error = crashed ? lines.find((line) => /^(?:Uncaught )?[A-Za-z]*Error\b/.test(line)) : undefined;
  return error ?? lines.findLast((line) => line !== "" && !/^Node\.js v\d/.test(line) && !/^\s+at /.test(line)) ?? "";
}
