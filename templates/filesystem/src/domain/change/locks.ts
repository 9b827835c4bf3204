/** One holder for each key; the others wait in line. */
export function createLocks() {
  const tails = new Map<string, Promise<void>>();

  async function lock(key: string): Promise<() => void> {
    const before = tails.get(key);
    let release = () => {};
    const mine = new Promise<void>((resolve) => {
      release = resolve;
    });
    tails.set(key, mine);
    await before;
    return () => {
      if (tails.get(key) === mine) tails.delete(key);
      release();
    };
  }

  /** Takes all the keys, always in one order, so that two callers never wait for each other. */
  return async function holding<Result>(keys: string[], work: () => Promise<Result>): Promise<Result> {
    const held: (() => void)[] = [];
    try {
      for (const key of [...new Set(keys)].sort()) held.push(await lock(key));
      return await work();
    } finally {
      for (const release of held) release();
    }
  };
}
