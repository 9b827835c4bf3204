/** Names that mislead: in a text they look like another one, like nothing, or like a line of its own. */

/** A joiner or a variation selector makes one sign of others, in emoji and in Persian; elsewhere it only hides. */
const joined = /(?<=[^\0-\x7f])(\u200c|\u200d|\ufe0e|\ufe0f)/gu;
const misleading = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/gu;

/** The first character that misleads in a name. */
export const misleadingIn = (name: string): string | undefined => name.replace(joined, "").match(misleading)?.[0];

/** Such characters as escapes of JSON, in a text that is a JSON string or is put in quotes. */
export const escapeMisleading = (text: string): string =>
  text.replace(misleading, (sign, at) =>
    isJoiner(sign) && at > 0 && text.charCodeAt(at - 1) > 0x7f
      ? sign
      : [...Array(sign.length).keys()].map((unit) => escapeOf(sign, unit)).join(""),
  );

const isJoiner = (sign: string) => /^(\u200c|\u200d|\ufe0e|\ufe0f)$/.test(sign);
const escapeOf = (sign: string, unit: number) => `\\u${sign.charCodeAt(unit).toString(16).padStart(4, "0")}`;

/** A name or path for a text: one that misleads comes as a JSON string with escapes, on one line. */
export const escapeName = (name: string): string =>
  misleadingIn(name) === undefined ? name : escapeMisleading(JSON.stringify(name));
