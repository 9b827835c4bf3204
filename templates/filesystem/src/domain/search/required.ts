/** Escapes that stand for one character of a kind, or for a place. */
const kinds = /^[dDsSwWbBAz]$/;
const punctuation = /^[!-/:-@[-`{-~]$/;
const repetition = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/;
/** A group without another one or a class in it, and without flags. */
const group = /^\((?:\?:|\?P?<\w+>|(?!\?))(?:[^\\()[\]]|\\[^QE])*\)/;
/** A class without another one in it, or a bracket where it would be a character. */
const characterClass = /^\[\^?(?![\]^])(?:[^\\[\]]|\\[^QE])+\]/;

/** Looking for more than these takes as long as the pattern itself. */
const mostTexts = 10;

/**
 * Texts in ASCII, one of which every match of a pattern in RE2's syntax contains: of each alternative the longest.
 * Undefined where there is none, or where it takes a whole parser to say: it only saves time.
 */
export function requiredTexts(pattern: string): string[] | undefined {
  const texts: string[] = [];
  let [run, longest] = ["", ""];
  const cut = () => {
    if (run.length > longest.length) longest = run;
    run = "";
  };
  for (let at = 0; at < pattern.length; ) {
    const rest = pattern.slice(at);
    if (rest.startsWith("|")) {
      cut();
      texts.push(longest);
      longest = "";
      at++;
      continue;
    }
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
  texts.push(longest);
  return texts.includes("") || texts.length > mostTexts ? undefined : texts;
}
