/**
 * Prints what a server masked: the client of a test sees a correlation id and nothing else, and the reason stands in a
 * log that the test does not read.
 *
 * @returns takes the lines of a server's log, in chunks of any size
 */
export function printMasked(print: (text: string) => void = console.error): (chunk: string) => void {
  let rest = "";
  return (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() as string;
    for (const line of lines) {
      const text = maskedIn(line);
      if (text !== undefined) print(text);
    }
  };
}

function maskedIn(line: string): string | undefined {
  if (!line.startsWith('{"level":"error"')) return undefined;
  const { err, method, name, correlationId } = JSON.parse(line) as {
    err?: { stack?: string | undefined; message?: string | undefined } | undefined;
    method?: string | undefined;
    name?: string | undefined;
    correlationId?: string | undefined;
  };
  if (err === undefined || method === undefined) return undefined;
  return `${method} ${name} failed, and the client was told no more than the id ${correlationId}:\n${err.stack ?? err.message}`;
}
