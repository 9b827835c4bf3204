/** The value of a digit in hexadecimal; -1 for what is none. */
export const digit = (text: string, at: number): number => {
  const code = text.charCodeAt(at);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
};

/** A number in hexadecimal of exactly so many digits; -1 where there is none. */
export function hex(text: string, at: number, digits: number): number {
  let value = 0;
  for (let n = 0; n < digits; n += 1) {
    const one = digit(text, at + n);
    if (one < 0) return -1;
    value = value * 16 + one;
  }
  return value;
}
