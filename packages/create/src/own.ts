/** What an object itself has under a name that came from outside: `constructor` is a name like any other. */
export const own = <Value>(object: Readonly<Record<string, Value>>, key: string): Value | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;
