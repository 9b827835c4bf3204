/** Escapes that stand for one character of a kind, or for a place. */
const kinds = /^[dDsSwWbBAz]$/;
const punctuation = /^[!-/:-@[-`{-~]$/;
const repetition = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/;
/** A group without another one or a class in it, and without flags. */
const group = /^\((?:\?:|\?P?<\w+>|(?!\?))(?:[^\\()[\]]|\\[^QE])*\)/;
/** A class without another one in it, or a bracket where it would be a character. */
const characterClass = /^\[\^?(?![\]^])(?:[^\\[\]]|\\[^QE])+\]/;

/**
 * The longest text that every match of a pattern in RE2's syntax contains, all of it ASCII. Undefined where there is
 * none, or where it takes a whole parser to say: it only saves time.
 */
export function requiredText(pattern: string): string | undefined {
  let [run, longest] = ["", ""];
  const cut = () => {
    if (run.length > longest.length) longest = run;
    run = "";
  };
  for (let at = 0; at < pattern.length; ) {
    const rest = pattern.slice(at);
    const whole = /^\\./s.exec(rest) ?? group.exec(rest) ?? characterClass.exec(rest) ?? /^[^\\()[{|*+?]/s.exec(rest);
    if (whole === null) return undefined;
    const [part] = whole;
    const sign = part.startsWith("\\") ? part.slice(1) : part;
    if (sign !== part && !punctuation.test(sign) && !kinds.test(sign)) return undefined;
    const isPlain = sign === part ? /^[ -~]$/.test(sign) && !/[.^$]/.test(sign) : punctuation.test(sign);
    const repeated = repetition.exec(rest.slice(part.length))?.[0] ?? "";
    const atLeastOnce = repeated === "" || repeated.startsWith("+");
    if (isPlain && atLeastOnce) run += sign;
    if (!isPlain || repeated !== "") cut();
    // The last of several goes on into what follows.
    if (isPlain && repeated !== "" && atLeastOnce) run = sign;
    at += part.length + repeated.length;
    if (repeated !== "" && repetition.test(pattern.slice(at))) return undefined;
  }
  cut();
  return longest === "" ? undefined : longest;
}
