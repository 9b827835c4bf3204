/** Why bytes are not read as text. Quotes nothing of them. */
export class NotText extends Error {}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Bytes as text, in the charset of their byte order mark, else of their content type, else of their own XML
 * declaration, else UTF-8. The mark itself is left out.
 *
 * @throws NotText for bytes that are not the charset: with replacement characters in it, a text is another one
 */
export function decodeText(bytes: Buffer, contentType = ""): string {
  const label = markOf(bytes) ?? charsetOf(contentType) ?? charsetIn(bytes) ?? "utf-8";
  // A label of windows-1252 to decoders, which would take any byte.
  if (/^(us-)?ascii$/i.test(label) && bytes.some((byte) => byte > 0x7f)) throw new NotText(`is not ${label}`);
  try {
    const decoder = label === "utf-8" ? utf8 : new TextDecoder(label, { fatal: true });
    return decoder.decode(bytes).replace(/^\ufeff+/, "");
  } catch (error) {
    if (error instanceof RangeError)
      throw new NotText(`is in the charset ${label.slice(0, 40)}, which is unknown here`);
    throw new NotText(`is not ${label}`);
  }
}

function markOf(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return "utf-8";
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  return undefined;
}

const charsetOf = (contentType: string): string | undefined =>
  /;\s*charset\s*=\s*["']?([\w.:+-]+)/i.exec(contentType)?.[1]?.toLowerCase();

function charsetIn(bytes: Buffer): string | undefined {
  // JSON begins otherwise.
  if (bytes[0] === 0x7b || bytes[0] === 0x5b) return undefined;
  return /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w.-]+)/i.exec(bytes.toString("latin1", 0, 200))?.[1];
}
