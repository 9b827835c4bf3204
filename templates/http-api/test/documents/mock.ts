import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Validator } from "@cfworker/json-schema";
import { sample } from "openapi-sampler";
import { fromPairs, type Json, multipartFields, resolve, typed } from "./reading.ts";

/** A server that knows an API by its description alone, and refuses every request that is not as described. */
export interface Mock {
  baseUrl: string;
  close(): Promise<void>;
}

const METHODS = ["get", "head", "post", "put", "patch", "delete"];
const HERE = "https://description.example/api";

/** The same without examples, in which a validator would look for schemas, and with references that work from anywhere. */
function asSchemas(document: Json, node: unknown): unknown {
  if (Array.isArray(node)) return node.map((item) => asSchemas(document, item));
  if (typeof node !== "object" || node === null) return node;
  const { $ref } = node as Json;
  // The validator knows no way into the paths.
  if (typeof $ref === "string" && $ref.startsWith("#/paths/")) return asSchemas(document, resolve(document, node));
  return Object.fromEntries(
    Object.entries(node).flatMap(([key, value]) => {
      const named = typeof value === "object" && value !== null && !Array.isArray(value);
      if (/^(example|examples|default|x-.*)$/.test(key) && !(named && "type" in value)) return [];
      if (key === "nullable" || key === "description" || (key === "id" && !named)) return [];
      return [[key, key === "$ref" && typeof value === "string" ? HERE + value : asSchemas(document, value)]];
    }),
  );
}

/** Serves a mock of a description as it is, 3.0 or 3.1: nothing of it is converted by the code that is judged. */
export async function startMock(document: Json): Promise<Mock> {
  // A validator of another make than the server's own; 3.0's schemas are those of draft 4, more or less.
  const draft = String(document.openapi).startsWith("3.0") ? "4" : "2020-12";
  const components = asSchemas(document, { components: document.components });
  const issuesOf = (schema: unknown, value: unknown): string[] => {
    const validator = new Validator(asSchemas(document, schema) as never, draft, true);
    validator.addSchema(components as never, HERE);
    try {
      return validator
        .validate(value)
        .errors.slice(-1)
        .map(({ error, instanceLocation }) => `${instanceLocation} ${error}`);
    } catch (error) {
      // What this validator cannot read, it cannot judge: a pattern of another dialect.
      if (error instanceof SyntaxError) return [];
      throw error;
    }
  };

  const routes = Object.entries((document.paths ?? {}) as Json).flatMap(([path, found]) => {
    const item = resolve(document, found);
    const template = new RegExp(
      `^${path
        .split("?")[0]
        ?.split("#")[0]
        ?.replace(/[.*+^$()|[\]\\]/g, "\\$&")
        .replace(/\{([^{}]+)\}/g, "([^/]+)")}$`,
    );
    const names = [...path.matchAll(/\{([^{}]+)\}/g)].map(([, name]) => name as string);
    return METHODS.flatMap((method) =>
      item[method] === undefined ? [] : [{ path, method, item, operation: item[method] as Json, template, names }],
    );
  });

  async function judge(request: IncomingMessage, body: Buffer): Promise<{ issues: string[]; operation?: Json }> {
    const url = new URL(request.url ?? "/", "http://mock");
    const fits = routes.filter(
      ({ method, template }) => method === request.method?.toLowerCase() && template.test(url.pathname),
    );
    // A literal segment goes before a variable.
    const route = fits.sort((a, b) => a.names.length - b.names.length)[0];
    if (route === undefined) return { issues: [`no operation is ${request.method} ${url.pathname}`] };
    const { item, operation, template, names } = route;
    const issues: string[] = [];
    const segments = (template.exec(url.pathname) ?? []).slice(1).map(decodeURIComponent);
    const unknown = new Set(url.searchParams.keys());
    const parameters = [
      ...((item.parameters as unknown[] | undefined) ?? []),
      ...((operation.parameters as unknown[] | undefined) ?? []),
    ];
    for (const node of parameters) {
      const parameter = resolve(document, node);
      const name = String(parameter.name);
      const place = parameter.in;
      const style = String(parameter.style ?? (place === "query" || place === "cookie" ? "form" : "simple"));
      const explode = parameter.explode === undefined ? style === "form" : parameter.explode === true;
      let value: unknown;
      if (place === "path") value = typed(document, parameter.schema, segments[names.indexOf(name)]);
      else if (place === "header") value = typed(document, parameter.schema, request.headers[name.toLowerCase()]);
      else if (place === "query" && parameter.content !== undefined) {
        const text = url.searchParams.get(name);
        value = text === null ? undefined : JSON.parse(text);
        unknown.delete(name);
      } else if (place === "query") {
        const read = fromPairs(document, url.searchParams, { name, style, explode, schema: parameter.schema });
        for (const key of read.took) unknown.delete(key);
        value = read.value;
      } else continue;
      if (value === undefined) {
        // A credential that is described once more, as Slack's is, came with its scheme.
        const again = /token/.test(name) && request.headers.authorization !== undefined;
        if (parameter.required === true && !again) issues.push(`${place} ${name} is missing`);
        continue;
      }
      if (parameter.schema !== undefined)
        issues.push(...issuesOf(parameter.schema, value).map((issue) => `${place} ${name}: ${issue}`));
    }
    issues.push(...securityIssues(document, operation, request, url, unknown));
    issues.push(...[...unknown].map((name) => `query ${name} is in no parameter`));
    issues.push(...(await bodyIssues(operation, request, body)));
    return { issues, operation };
  }

  async function bodyIssues(operation: Json, request: IncomingMessage, body: Buffer): Promise<string[]> {
    if (operation.requestBody === undefined) return body.length === 0 ? [] : ["a body came, and none is described"];
    const { required, content = {} } = resolve(document, operation.requestBody) as {
      required?: boolean;
      content?: Json;
    };
    const sent =
      String(request.headers["content-type"] ?? "")
        .split(";")[0]
        ?.trim()
        .toLowerCase() ?? "";
    if (sent === "" && body.length === 0) return required === true ? ["the body is missing"] : [];
    const type = Object.keys(content).find((key) => {
      const wanted = key.split(";")[0]?.trim().toLowerCase() ?? "";
      return wanted === sent || wanted === "*/*" || (wanted.endsWith("/*") && sent.startsWith(wanted.slice(0, -1)));
    });
    if (type === undefined)
      return [`the body travels as ${sent}, and may travel as ${Object.keys(content).join(", ")}`];
    const media = (content[type] ?? {}) as { schema?: Json; encoding?: Record<string, Json> };
    if (media.schema === undefined) return [];
    const value = await bodyValue(media, sent, request, body);
    return issuesOf(media.schema, value).map((issue) => `body: ${issue}`);
  }

  async function bodyValue(
    { schema, encoding = {} }: { schema?: Json; encoding?: Record<string, Json> },
    sent: string,
    request: IncomingMessage,
    body: Buffer,
  ): Promise<unknown> {
    if (/json$/.test(sent)) return JSON.parse(body.toString());
    if (sent === "application/x-www-form-urlencoded") {
      const pairs = new URLSearchParams(body.toString());
      const names = new Set([...pairs.keys()].map((key) => key.split("[")[0] as string));
      return Object.fromEntries(
        [...names].map((name) => {
          const { style = "form", explode } = encoding[name] ?? {};
          const property = (resolve(document, schema).properties as Json | undefined)?.[name];
          const plain = encoding[name] === undefined ? pairs.getAll(name) : [];
          if (plain.length === 1 && /^[{[]/.test(plain[0] ?? "")) return [name, JSON.parse(plain[0] ?? "")];
          const given = {
            name,
            style: String(style),
            explode: explode === undefined ? style === "form" : explode === true,
            schema: property,
          };
          return [name, fromPairs(document, pairs, given).value];
        }),
      );
    }
    if (sent.startsWith("multipart/")) {
      const properties = (resolve(document, schema).properties ?? {}) as Json;
      const fields = await multipartFields(request.headers as Json, body);
      return Object.fromEntries(
        Object.entries(fields).map(([name, values]) => [
          name,
          typed(document, properties[name], resolve(document, properties[name]).type === "array" ? values : values[0]),
        ]),
      );
    }
    return body.toString("latin1");
  }

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", async () => {
      const { issues, operation } = await judge(request, Buffer.concat(parts)).catch((error: Error) => ({
        issues: [`the mock failed: ${error.stack}`],
        operation: undefined,
      }));
      if (issues.length > 0 || operation === undefined)
        return response.writeHead(422, { "content-type": "application/json" }).end(JSON.stringify({ issues }));
      const { status, type, body } = answerOf(document, operation);
      response.writeHead(status, type === undefined ? {} : { "content-type": type }).end(body);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Whether one of the operation's security requirements is met. */
function securityIssues(
  document: Json,
  operation: Json,
  { headers }: IncomingMessage,
  url: URL,
  unknown: Set<string>,
): string[] {
  const schemes = ((document.components as Json | undefined)?.securitySchemes ?? {}) as Record<string, Json>;
  for (const { type, in: place, name } of Object.values(schemes))
    if (type === "apiKey" && place === "query") unknown.delete(String(name));
  const alternatives = (operation.security ?? document.security ?? []) as Record<string, unknown>[];
  if (alternatives.length === 0) return [];
  const met = alternatives.some((one) =>
    Object.keys(one).every((key) => {
      const { type, in: place, name } = resolve(document, schemes[key]);
      if (type !== "apiKey") return headers.authorization !== undefined;
      if (place === "query") return url.searchParams.has(String(name));
      return place === "cookie" ? headers.cookie !== undefined : headers[String(name).toLowerCase()] !== undefined;
    }),
  );
  return met ? [] : [`no security: ${JSON.stringify(alternatives).slice(0, 200)}`];
}

/** An answer made from the description's schema by another library. */
function answerOf(document: Json, operation: Json): { status: number; type: string | undefined; body: string } {
  const replies = Object.entries((operation.responses ?? {}) as Json).filter(([status]) =>
    /^(2\d\d|2XX|default)$/.test(status),
  );
  const [status = "204", found] = replies.sort(([a], [b]) => a.localeCompare(b))[0] ?? [];
  const code = /^\d+$/.test(status) ? Number(status) : 200;
  const content = (resolve(document, found).content ?? {}) as Record<string, { schema?: Json }>;
  const type = Object.keys(content).find((key) => /json/.test(key)) ?? Object.keys(content)[0];
  if (type === undefined) return { status: code, type: undefined, body: "" };
  if (!/json|\*/.test(type)) return { status: code, type, body: "text" };
  const made = sample(
    (content[type]?.schema ?? {}) as never,
    { quiet: true, skipWriteOnly: true, maxSampleDepth: 15 },
    document as never,
  );
  return { status: code, type: "application/json", body: JSON.stringify(made) ?? "null" };
}
