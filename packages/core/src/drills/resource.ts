/**
 * What stands behind a handler in a drill: so many at work, everyone else in line. Its capacity is a number and not
 * this machine's, so that a busy machine does not decide. Past it, time in line grows for as long as the load lasts.
 */
export interface SimulatedResource {
  /** How many it serves at once. May change at any time; work that is under way is finished. */
  servers: number;
  readonly waiting: number;
  /** Resolves when it has been served, which takes so many ms once it is its turn. */
  use(ms: number): Promise<void>;
}

export function createResource(servers: number): SimulatedResource {
  let busy = 0;
  const line: (() => void)[] = [];
  let head = 0;
  const begin = (): void => {
    while (busy < resource.servers && head < line.length) {
      busy += 1;
      (line[head++] as () => void)();
    }
    if (head > 1_024 && head * 2 > line.length) {
      line.splice(0, head);
      head = 0;
    }
  };
  const resource = {
    get servers() {
      return servers;
    },
    set servers(next: number) {
      servers = next;
      begin();
    },
    get waiting() {
      return line.length - head;
    },
    use: (ms: number) =>
      new Promise<void>((resolve) => {
        line.push(() =>
          setTimeout(() => {
            busy -= 1;
            resolve();
            begin();
          }, ms),
        );
        begin();
      }),
  };
  return resource;
}
