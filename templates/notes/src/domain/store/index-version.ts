/** Raise it when `derive` finds something else in a note. */
const derivation = 4;

/** Which letters make a word is Unicode's matter: an index of another version would miss words of this one. */
export const unicode = `Unicode ${process.versions.unicode}`;
export const indexVersion = `${derivation} ${unicode}`;
