import { rename, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { type SpawnedClient, spawn } from "@offshoot/core/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { described, descriptionFile, operation } from "./fixtures/description.ts";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));

/** What the API sends next, whatever it is asked. */
interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer;
}

/** An API that gives tokens of its own choice, and answers what it is told to. */
async function serveEcho() {
  const api = { answer: { status: 200, headers: {}, body: "" } as Answer, token: "", url: "", close: () => {} };
  const server = createServer((request, response) => {
    request.resume();
    const { status, headers, body } = api.answer;
    if (request.url !== "/token") return response.writeHead(status, headers).end(body);
    // Used up at once, so that each run has its own.
    return response.writeHead(200).end(JSON.stringify({ access_token: api.token, expires_in: 0.001 }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  api.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  api.close = () => {
    server.closeAllConnections();
    server.close();
  };
  return api;
}

/** Legal ways to write a character, of which a writer may take any for each: JSON, URL, HTML. */
const hex = (code: number, width: number): string => code.toString(16).padStart(width, "0");
type Write = (character: string, choice: number) => string;
const json: Write = (c, n) => {
  const must = { '"': '\\"', "\\": "\\\\" }[c];
  if (n % 3 === 1) return `\\u${n % 2 ? hex(c.charCodeAt(0), 4) : hex(c.charCodeAt(0), 4).toUpperCase()}`;
  return must ?? (c === "/" && n % 3 === 2 ? "\\/" : c);
};
const percent: Write = (c, n) =>
  n % 3 === 0 && /[A-Za-z0-9._~-]/.test(c)
    ? c
    : `%${n % 2 ? hex(c.charCodeAt(0), 2) : hex(c.charCodeAt(0), 2).toUpperCase()}`;
const html: Write = (c, n) =>
  n % 3 === 0 && !/[<>&"']/.test(c) ? c : n % 2 ? `&#${c.charCodeAt(0)};` : `&#x${hex(c.charCodeAt(0), 2)};`;
const each =
  (write: Write) =>
  (text: string, choices: readonly number[]): string =>
    [...text].map((c, at) => write(c, choices[at % choices.length] ?? 0)).join("");

/** Spellings of a whole text, and what reads each of them: not the server's own readers. */
const SPELLINGS = {
  plain: { write: (text: string) => text, read: (text: string) => text },
  url: { write: each(percent), read: readPercent },
  form: {
    write: (text: string) => new URLSearchParams({ a: text }).toString().slice(2),
    read: (text: string) => new URLSearchParams(`a=${text}`).get("a") ?? "",
  },
  html: {
    write: each(html),
    read: (text: string) =>
      text.replace(/&#(x?)([0-9a-f]+);/gi, (_all, x, digits) => String.fromCharCode(parseInt(digits, x ? 16 : 10))),
  },
  base64: {
    write: (text: string) => Buffer.from(text).toString("base64"),
    read: (text: string) => Buffer.from(text, "base64").toString("latin1"),
  },
  base64url: {
    write: (text: string) => Buffer.from(`x:${text}`).toString("base64url"),
    read: (text: string) => Buffer.from(text, "base64url").toString("latin1"),
  },
  hex: {
    write: (text: string) => Buffer.from(text).toString("hex"),
    read: (text: string) => Buffer.from(text, "hex").toString("latin1"),
  },
  octal: {
    write: (text: string) => each((c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`)(text, [0]),
    read: (text: string) => text.replace(/\\([0-7]{3})/g, (_all, digits) => String.fromCharCode(parseInt(digits, 8))),
  },
  quotedPrintable: {
    write: each((c, n) => (n % 2 === 0 || /[=\s]/.test(c) ? `=${hex(c.charCodeAt(0), 2).toUpperCase()}` : c)),
    read: (text: string) =>
      text.replace(/=\r?\n/g, "").replace(/=([0-9A-F]{2})/g, (_all, code) => String.fromCharCode(parseInt(code, 16))),
  },
  fullwidth: {
    write: (text: string) => each((c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0))(text, [0]),
    read: (text: string) => text.normalize("NFKC"),
  },
  jsonInside: {
    write: each(json),
    read: (text: string) =>
      text.replace(/\\u(....)/g, (_all, code) => String.fromCharCode(parseInt(code, 16))).replace(/\\(.)/g, "$1"),
  },
};
type Spelling = keyof typeof SPELLINGS;
const SPELLED = Object.keys(SPELLINGS) as Spelling[];

function readPercent(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_all, digits) => String.fromCharCode(parseInt(digits, 16)));
}

/** Where in an answer it stands. `told` is legal text of any kind, spelled already. */
const PLACES: Record<string, (told: string, choices: number[]) => Partial<Answer>> = {
  "a value of JSON": (told, choices) => ({ body: `{"a":[{"told":"${each(json)(`it is ${told}.`, choices)}"}]}` }),
  "a key of JSON": (told, choices) => ({ body: `{"${each(json)(told, choices)}":1}` }),
  "JSON of another charset": (told, choices) => ({
    headers: { "content-type": "application/json; charset=utf-16le" },
    body: Buffer.from(`{"told":"${each(json)(told, choices)}"}`, "utf16le"),
  }),
  text: (told) => ({ headers: { "content-type": "text/plain" }, body: `it is ${told} here` }),
  "a form": (told) => ({ headers: { "content-type": "application/x-www-form-urlencoded" }, body: `b=1&a=${told}` }),
  "a page of an error": (told) => ({
    // Not 500, after some of which the API would not be asked any more.
    status: 422,
    headers: { "content-type": "text/html" },
    body: `<html><p>${told}</p></html>`,
  }),
  "JSON of an error": (told, choices) => ({ status: 400, body: `{"error":"${each(json)(told, choices)}"}` }),
  "JSON of a refusal": (told, choices) => ({ status: 403, body: `{"error":"${each(json)(told, choices)}"}` }),
  "what is no JSON": (told) => ({ body: `{"told": ${told}` }),
  headers: (told) => ({
    // A header has one byte for each character.
    headers: /[^\x20-\xff]/.test(told)
      ? {}
      : {
          location: `https://api.test/x?k=${told}`,
          link: `<https://api.test/x?k=${told}>; rel="next"`,
          "x-total-count": told,
          "retry-after": told,
        },
    body: "{}",
  }),
  "bytes that are text": (told) => ({ headers: { "content-type": "application/octet-stream" }, body: `it is ${told}` }),
  "a picture that is text": (told) => ({
    headers: { "content-type": "image/svg+xml" },
    body: `<svg xmlns="http://www.w3.org/2000/svg"><text>${told}</text></svg>`,
  }),
  "a redirect": (told) => ({
    status: 302,
    headers: { location: `https://api.test/?k=${/[^\x20-\xff]/.test(told) ? "" : told}` },
    body: "",
  }),
};
const PLACE = Object.keys(PLACES);

/** Every text there is in a value: what is in base64 too. */
function* textsIn(value: unknown): Iterable<string> {
  if (typeof value === "string") {
    yield value;
    if (/^[A-Za-z0-9+/]+={0,2}$/.test(value)) yield Buffer.from(value, "base64").toString("latin1");
  } else if (typeof value === "object" && value !== null)
    for (const [key, item] of Object.entries(value)) {
      yield key;
      yield* textsIn(item);
    }
}

const secrets = fc
  .string({
    // What a header, a query and a cookie all take.
    unit: fc.constantFrom(..."abcdefghijkmnopqrstuvwxyzABCDEFGHKLMNPQRSTUVWXYZ0123456789+/=~.-_!*'()@:$&?%#<>\"\\"),
    minLength: 12,
    maxLength: 40,
  })
  .filter((secret) => new Set(secret).size > 6);

const WAYS: Record<string, { args: string[]; kind: "secret" | "token" }> = {
  bearer: { args: ["--api-auth", "bearer"], kind: "secret" },
  header: { args: ["--api-auth", "header:X-Key"], kind: "secret" },
  query: { args: ["--api-auth", "query:key"], kind: "secret" },
  cookie: { args: ["--api-auth", "cookie:session"], kind: "secret" },
  basic: { args: ["--api-auth", "basic:shop"], kind: "secret" },
  "an OAuth client's secret": { args: ["--api-auth", "oauth", "--client-id", "shop"], kind: "secret" },
  "an OAuth token": { args: ["--api-auth", "oauth", "--client-id", "shop"], kind: "token" },
};

const anything = { 200: { description: "ok", content: { "application/json": { schema: {} } } } };
const document = described({
  "/read": { get: operation({ operationId: "read", responses: anything }) },
  "/write": {
    post: operation({
      operationId: "write",
      responses: anything,
      requestBody: {
        content: { "application/json": { schema: { type: "object", properties: { a: { type: "string" } } } } },
      },
    }),
  },
});
const map = { tools: { read: "read", write: "write" }, resources: { all: { operation: "read", uri: "all://here" } } };

test.each(Object.entries(WAYS))(
  "%s: whatever the API repeats, in any legal spelling, no client and no log sees it",
  async (_way, { args, kind }) => {
    const api = await serveEcho();
    const secretFile = await descriptionFile("not-yet-0123456789", "secret");
    const written = async (secret: string): Promise<void> => {
      // Another file each time: one that is written over looks the same, within a moment and of the same length.
      await writeFile(`${secretFile}.new`, secret);
      await rename(`${secretFile}.new`, secretFile);
    };
    let log = "";
    let runs = 0;
    let blanked = 0;
    api.token = "not-yet-0123456789";
    const client: SpawnedClient = await spawn(process.execPath, {
      args: [
        ...[main, "--api", await descriptionFile(document), "--map", await descriptionFile(map, "map.json")],
        ...["--base-url", api.url, "--private-hosts", "127.0.0.1", "--secret", `file:${secretFile}`, ...args],
        ...(args.includes("oauth") ? ["--token-url", `${api.url}/token`] : []),
        ...["--keep-stale", "0", "--log-level", "debug"],
      ],
      onStderr: (text) => {
        log += text;
      },
    });
    try {
      await fc.assert(
        fc.asyncProperty(
          secrets,
          fc.constantFrom(...SPELLED),
          fc.constantFrom(...PLACE),
          fc.array(fc.nat(5), { minLength: 1, maxLength: 40 }),
          async (secret, spelling, place, choices) => {
            log = "";
            runs += 1;
            if (kind === "token") api.token = secret;
            else await written(secret);
            const { write, read } = SPELLINGS[spelling];
            const told = write(secret, choices);
            const { status = 200, headers = {}, body = "" } = PLACES[place]?.(told, choices) ?? {};
            api.answer = { status, headers: { "content-type": "application/json", ...headers }, body };
            const seen: unknown[] = [
              await client.call("read", {}),
              await client.call("write", { a: "b" }),
              await client.call("write", { a: "b", dry_run: true }),
              await client.read("all://here").catch((error: Error) => error.message),
            ];
            for (const uri of new Set(JSON.stringify(seen).match(/api-file:\/\/[\w-]+/g)))
              seen.push(await client.read(uri));
            // A dry run is full of it.
            if ([...textsIn(seen.toSpliced(2, 1))].some((text) => text.includes("[secret]"))) blanked += 1;
            for (const text of [...textsIn(seen), log]) {
              for (const one of [text, read(text), ...text.split(/[^\w+/=-]+/).map(read), readPercent(text)])
                if (one.includes(secret))
                  throw new Error(`${JSON.stringify(secret)} is seen in: ${text.slice(0, 400)}`);
              // Whole, as it was written: what is plain can be part of many a word.
              if (text.includes(told)) throw new Error(`${JSON.stringify(told)} is seen in: ${text.slice(0, 400)}`);
            }
          },
        ),
        { numRuns: process.env.OFFSHOOT_LONG ? 400 : 30 },
      );
      // Where nothing is blanked, nothing was tried.
      expect(blanked).toBeGreaterThan(runs / 4);
    } finally {
      await client.close();
      api.close();
    }
  },
);
