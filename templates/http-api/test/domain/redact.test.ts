import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blank } from "../../src/domain/upstream/secrecy/redact.ts";

/** What a credential may be made of: it travels in a header, a query or a form. */
const secrets = fc
  .string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 8,
    maxLength: 48,
  })
  .filter((secret) => new Set(secret).size > 4 && !/[[\]]|secret/.test(secret));

const hex = (code: number, width: number): string => code.toString(16).padStart(width, "0");
const anyCase = (text: string, upper: boolean): string => (upper ? text.toUpperCase() : text);

/** One character, in one of the ways that a writer of this kind may write it. */
type Spell = (character: string, choice: number) => string;
const SPELLINGS: Record<string, Spell> = {
  json: (c, n) => {
    const short = { "/": "\\/", '"': '\\"', "\\": "\\\\" }[c];
    const unicode = `\\u${anyCase(hex(c.charCodeAt(0), 4), n % 2 === 0)}`;
    if (n % 3 === 0) return unicode;
    return short ?? c;
  },
  percent: (c, n) => (n % 3 > 0 || c === "%" ? `%${anyCase(hex(c.charCodeAt(0), 2), n % 2 === 0)}` : c),
  html: (c, n) => {
    if (n % 4 === 0) return `&#${c.charCodeAt(0)};`;
    if (n % 4 === 1) return `&#x${anyCase(hex(c.charCodeAt(0), 2), n % 2 === 0)};`;
    const named = {
      "&": "&amp;",
      "<": "&lt;",
      ">": "&gt;",
      '"': "&quot;",
      "+": "&plus;",
      "/": "&sol;",
      "=": "&equals;",
    }[c];
    return named ?? c;
  },
};

const spelled = (secret: string, spell: Spell, choices: number[]): string =>
  [...secret].map((c, at) => spell(c, choices[at % choices.length] ?? 0)).join("");
const choices = fc.array(fc.nat(11), { minLength: 1, maxLength: 48 });

/** Nothing of it is left that a decoder could read. */
const gone = (clean: string, whole: string, secret: string): void => {
  expect(clean).toContain("[secret]");
  expect(clean).not.toContain(whole);
  // Six characters in a row could be a coincidence in a short text about nothing; eight are not.
  expect(clean).not.toContain(secret.slice(0, 8));
};

describe("a secret is taken out of a text", () => {
  test.each(Object.entries(SPELLINGS))("in any spelling of %s, once or twice over", (_kind, spell) => {
    fc.assert(
      fc.property(secrets, choices, (secret, how) => {
        const once = spelled(secret, spell, how);
        gone(blank(`before ${once} after`, [secret]), once, secret);
        const twice = spelled(once, spell, how);
        gone(blank(`before ${twice} after`, [secret]), twice, secret);
      }),
      { numRuns: 400 },
    );
  });

  test("in one spelling inside another: a URL in JSON, JSON in HTML", () => {
    const kinds = fc.constantFrom(...Object.values(SPELLINGS));
    fc.assert(
      fc.property(secrets, choices, kinds, kinds, kinds, (secret, how, a, b, c) => {
        const inner = [a, b, c].reduce((text, spell) => spelled(text, spell, how), secret);
        gone(blank(`${inner}`, [secret]), inner, secret);
      }),
      { numRuns: 400 },
    );
  });

  test("in one spelling inside another, in a long text", () => {
    const kinds = fc.constantFrom(...Object.values(SPELLINGS));
    fc.assert(
      fc.property(secrets, kinds, kinds, fc.constantFrom(5_000, 70_000), (secret, a, b, length) => {
        // As writers do it, each in one way.
        const inner = [a, b].reduce((text, spell) => spelled(text, spell, [0]), secret);
        gone(blank(`${"x".repeat(length)} ${inner}`, [secret]), inner, secret);
      }),
      { numRuns: 100 },
    );
  });

  test("in base64 of either alphabet, padded or not, at each of three offsets and whatever follows", () => {
    const around = fc.string({ unit: "binary-ascii", maxLength: 7 });
    fc.assert(
      fc.property(secrets, around, around, fc.boolean(), (secret, before, after, url) => {
        const encoded = Buffer.from(before + secret + after).toString(url ? "base64url" : "base64");
        const clean = blank(`token=${encoded}`, [secret]);
        expect(clean).toContain("[secret]");
        const left = clean.replace("token=", "").split("[secret]");
        // What is left of it on either side decodes to nothing of the secret beyond what a neighbour shares.
        for (const part of left) expect(Buffer.from(part, "base64").toString()).not.toContain(secret.slice(1, 5));
      }),
      { numRuns: 400 },
    );
  });

  test("in base64 of a text that spells it: JSON, a URL, base64 again", () => {
    const text = (value: string): string => Buffer.from(value).toString("base64");
    fc.assert(
      fc.property(secrets, choices, fc.constantFrom(...Object.values(SPELLINGS)), (secret, how, spell) => {
        const inner = text(`{"cursor":"${spelled(secret, spell, how)}"}`);
        for (const encoded of [inner, text(inner)]) expect(blank(`next: ${encoded}`, [secret])).toBe("next: [secret]");
      }),
      { numRuns: 200 },
    );
  });

  test("as JavaScript, Python and a fourth encoding write it", () => {
    const secret = "aB3+/xyz98==";
    const each = (write: (code: string) => string): string =>
      [...secret].map((c) => write(c.charCodeAt(0).toString(16))).join("");
    for (const form of [
      each((code) => `\\u{${code}}`),
      each((code) => `\\U000000${code}`),
      each((code) => `%u00${code}`),
      each((code) => `%252525${code}`),
      [...secret].join("\0"),
    ])
      expect(blank(`x ${form} y`, [secret])).toMatch(/^x \[secret\]\0? y$/);
  });

  test("as shells, mail and Asian keyboards write it", () => {
    const secret = "aB3+/xyz98==";
    const each = (write: (code: number) => string): string => [...secret].map((c) => write(c.charCodeAt(0))).join("");
    const quoted = each((code) => `=${code.toString(16).toUpperCase().padStart(2, "0")}`);
    for (const form of [
      each((code) => `\\${code.toString(8).padStart(3, "0")}`),
      each((code) => `\\\\${code.toString(8).padStart(3, "0")}`),
      quoted,
      `${quoted.slice(0, 15)}=\r\n${quoted.slice(15)}`,
      "aB3+/xyz98=3D=3D",
      each((code) => String.fromCharCode(code + 0xfee0)),
      each((code) => (code > 96 ? String.fromCodePoint(0x1d41a + code - 97) : String.fromCharCode(code))),
    ])
      expect(blank(`x ${form} y`, [secret])).toBe("x [secret] y");
  });

  test("in a form, in hexadecimal, with lines folded and with invisible characters in between", () => {
    const secret = "correct horse/battery+staple";
    for (const form of [
      new URLSearchParams({ a: secret }).toString(),
      Buffer.from(secret).toString("hex"),
      [...secret].join("\u200b"),
      `${Buffer.from(secret).toString("base64").slice(0, 10)}\r\n ${Buffer.from(secret).toString("base64").slice(10)}`,
      [...secret].join("\u{e0001}"),
    ])
      expect(blank(`x ${form} y`, [secret])).toMatch(/\[secret\]/);
  });

  test("at the seams of a long text", () => {
    const secret = "aB3+/xyz9876543210==";
    for (const at of [0, 114_680, 131_060, 131_072, 300_000, 399_980]) {
      const text = `${"x".repeat(at)}${secret}${"y".repeat(400_000 - at)}`;
      expect(blank(text, [secret])).toBe(text.replace(secret, "[secret]"));
    }
  });
});

describe("what is no secret stays as it is", () => {
  test("texts of every kind", () => {
    const known = ["aB3+/xyz9876543210==", "abc8Q~Xy.z1_K~dddd", "user-token-12345"];
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "grapheme" }), fc.lorem(), fc.webUrl(), fc.json(), fc.base64String()),
        (text) => {
          expect(blank(text, known)).toBe(text);
        },
      ),
      { numRuns: 1_000 },
    );
  });
  test("words that only begin like one", () => {
    expect(blank("The password of passwords, passw0rd", ["passw0rd-of-mine"])).toBe(
      "The password of passwords, passw0rd",
    );
  });
  test("only the secret goes, and what stands around it stays", () => {
    expect(blank("key=abc8Q~Xy.z1_K~dddd&page=2", ["abc8Q~Xy.z1_K~dddd"])).toBe("key=[secret]&page=2");
    expect(blank("key=abc8Q%7EXy.z1_K%7edddd&page=2", ["abc8Q~Xy.z1_K~dddd"])).toBe("key=[secret]&page=2");
  });
});
