import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { openShop } from "./shop.ts";

/** The sample API, served. */
export interface Sample {
  baseUrl: string;
  close(): Promise<void>;
}

interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

const problem = (status: number, detail: string): Answer => ({ status, body: { status, detail } });
const MAX_BODY = 65_536;

/**
 * A small real HTTP API on this machine, so that the first call needs neither a key nor a network: a tea shop's
 * products and orders, with pages, ETags, idempotency keys and errors as APIs have them. openapi.json beside this
 * describes it.
 */
export async function serveSample(): Promise<Sample> {
  const shop = await openShop();

  const answer = (method: string, url: URL, headers: IncomingMessage["headers"], body: unknown): Answer => {
    const path = url.pathname.split("/").slice(1).map(decodeURIComponent);
    const query = Object.fromEntries(url.searchParams);
    const limit = Math.min(Math.max(Number(query.limit ?? 20) || 20, 1), 100);
    const [collection, id, action] = path;
    const at = `${method} ${collection}${id === undefined ? "" : "/id"}${action === undefined ? "" : `/${action}`}`;
    switch (at) {
      case "GET products":
        return page(shop.products({ ...query, limit: limit + 1 }), limit);
      case "GET products/id":
        return answerWith(shop.product(id as string), "product");
      case "GET orders":
        return page(shop.orders({ ...query, limit: limit + 1 }), limit);
      case "GET orders/id":
        return answerWith(shop.order(id as string), "order");
      case "POST orders": {
        const { customer, lines, note } = (body ?? {}) as Record<string, unknown>;
        if (typeof customer !== "string" || !isLines(lines)) return problem(422, "customer and lines are needed.");
        const key = headers["idempotency-key"];
        const made = shop.create(
          { customer, lines, ...(typeof note === "string" ? { note } : {}) },
          typeof key === "string" ? key : undefined,
        );
        return typeof made === "string" ? problem(409, made) : { status: 201, body: made };
      }
      case "PATCH orders/id": {
        const { note } = (body ?? {}) as { note?: unknown };
        if (typeof note !== "string") return problem(422, "note is needed.");
        return answerWith(shop.note(id as string, note), "order");
      }
      case "POST orders/id/cancel": {
        const cancelled = shop.cancel(id as string);
        if (cancelled === "not_open") return problem(409, "Only an open order can be cancelled.");
        return answerWith(cancelled, "order");
      }
      default:
        return problem(404, "There is nothing here.");
    }
  };

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    let length = 0;
    request.on("data", (part: Buffer) => {
      length += part.length;
      if (length <= MAX_BODY) parts.push(part);
    });
    request.on("end", () => {
      let made: Answer;
      try {
        const text = Buffer.concat(parts).toString("utf8");
        const body: unknown = text === "" ? undefined : JSON.parse(text);
        const url = new URL(request.url ?? "/", "http://sample");
        made =
          length > MAX_BODY ? problem(413, "Too much.") : answer(request.method ?? "GET", url, request.headers, body);
      } catch {
        made = problem(400, "The request cannot be read.");
      }
      const json = made.body === undefined ? "" : JSON.stringify(made.body);
      const etag = `"${createHash("sha256").update(json).digest("base64url").slice(0, 22)}"`;
      const known = request.method === "GET" && made.status === 200 && request.headers["if-none-match"] === etag;
      response.writeHead(known ? 304 : made.status, {
        "content-type": made.status < 400 ? "application/json" : "application/problem+json",
        ...(request.method === "GET" && made.status === 200 ? { etag } : {}),
      });
      response.end(known ? undefined : json);
    });
    request.on("error", () => {});
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  // A server that waits for its client must not be kept alive by its own sample.
  server.unref();
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      shop.close();
    },
  };
}

function page<Item extends { id: string }>(items: Item[], limit: number): Answer {
  const shown = items.slice(0, limit);
  const next = items.length > limit ? { next: shown.at(-1)?.id } : {};
  return { status: 200, body: { items: shown, ...next } };
}

const answerWith = (value: unknown, what: string): Answer =>
  value === undefined ? problem(404, `There is no such ${what}.`) : { status: 200, body: value };

const isLines = (value: unknown): value is { product: string; quantity: number }[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every(
    (line) =>
      typeof line?.product === "string" &&
      Number.isInteger(line?.quantity) &&
      line.quantity > 0 &&
      line.quantity <= 100,
  );
