/** An order of the sample shop. Money in cents. */
export interface Order {
  id: string;
  customer: string;
  status: "open" | "shipped" | "cancelled";
  lines: { product: string; quantity: number; price: number }[];
  total: number;
  note: string | null;
  version: number;
  created_at: string;
}

export interface Product {
  id: string;
  name: string;
  kind: string;
  price: number;
  in_stock: number;
}

/** The sample's store: a tea shop in an embedded database, in memory and gone at the end. */
export interface Shop {
  products(filter: { query?: string; after?: string; limit: number }): Product[];
  product(id: string): Product | undefined;
  orders(filter: { status?: string; customer?: string; after?: string; limit: number }): Order[];
  order(id: string): Order | undefined;
  /** The same key gives the same order. @returns a reason where it cannot be */
  create(
    order: { customer: string; lines: { product: string; quantity: number }[]; note?: string },
    key?: string,
  ): Order | string;
  note(id: string, note: string): Order | undefined;
  cancel(id: string): Order | "not_open" | undefined;
  close(): void;
}

const PRODUCTS: [name: string, kind: string, price: number, stock: number][] = [
  ["Assam Second Flush", "black", 890, 120],
  ["Darjeeling First Flush", "black", 1_450, 40],
  ["Sencha Uji", "green", 1_180, 75],
  ["Gyokuro", "green", 2_600, 12],
  ["Bancha", "green", 620, 200],
  ["Tieguanyin", "oolong", 1_520, 33],
  ["Da Hong Pao", "oolong", 2_950, 8],
  ["Silver Needle", "white", 2_200, 15],
  ["Shou Pu'er 2015", "dark", 1_750, 28],
  ["Rooibos", "herbal", 480, 310],
  ["Chamomile", "herbal", 520, 0],
  ["Masala Chai", "blend", 760, 95],
];
const CUSTOMERS = ["ada", "grace", "linus", "margaret"];

export async function openShop(): Promise<Shop> {
  const { DatabaseSync } = await loadSqlite();
  const database = new DatabaseSync(":memory:");
  database.exec(`
    CREATE TABLE product (id TEXT PRIMARY KEY, name TEXT, kind TEXT, price INTEGER, in_stock INTEGER) STRICT;
    CREATE TABLE "order" (seq INTEGER PRIMARY KEY, customer TEXT, status TEXT, note TEXT, version INTEGER, created_at TEXT, key TEXT UNIQUE) STRICT;
    CREATE TABLE line (seq INTEGER REFERENCES "order"(seq), product TEXT REFERENCES product(id), quantity INTEGER, price INTEGER) STRICT;
    PRAGMA foreign_keys = ON;
  `);
  const addProduct = database.prepare("INSERT INTO product VALUES (?, ?, ?, ?, ?)");
  for (const [n, [name, kind, price, stock]] of PRODUCTS.entries())
    addProduct.run(`p${n + 1}`, name, kind, price, stock);

  const lines = database.prepare("SELECT product, quantity, price FROM line WHERE seq = ? ORDER BY rowid");
  const whole = (row: Record<string, unknown> | undefined): Order | undefined => {
    if (row === undefined) return undefined;
    const { seq, key: _key, ...rest } = row;
    // Rows come without a prototype; what leaves the store is plain data.
    const items = lines.all(seq as number).map((line) => ({ ...line }) as Order["lines"][number]);
    const total = items.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
    return { id: `o${seq}`, ...(rest as Omit<Order, "id" | "lines" | "total">), lines: items, total };
  };
  const seqOf = (id: string): number => (/^o[1-9]\d{0,14}$/.test(id) ? Number(id.slice(1)) : 0);
  const find = (id: string) => whole(database.prepare(`SELECT * FROM "order" WHERE seq = ?`).get(seqOf(id)));

  const shop: Shop = {
    products: ({ query = "", after = "", limit }) =>
      database
        .prepare(
          "SELECT * FROM product WHERE instr(lower(name || ' ' || kind), lower(?)) > 0 AND CAST(substr(id, 2) AS INTEGER) > ? ORDER BY CAST(substr(id, 2) AS INTEGER) LIMIT ?",
        )
        .all(query, Number(after.slice(1)) || 0, limit)
        .map((row) => ({ ...row }) as unknown as Product),
    product: (id) => {
      const row = database.prepare("SELECT * FROM product WHERE id = ?").get(id);
      return row === undefined ? undefined : ({ ...row } as unknown as Product);
    },
    orders: ({
      status = null,
      customer = null,
      after = "",
      limit,
    }: {
      status?: string | null;
      customer?: string | null;
      after?: string;
      limit: number;
    }) =>
      database
        .prepare(
          `SELECT * FROM "order" WHERE status = coalesce(?, status) AND customer = coalesce(?, customer) AND seq > ? ORDER BY seq LIMIT ?`,
        )
        .all(status, customer, seqOf(after), limit)
        .map((row) => whole(row) as Order),
    order: find,
    create({ customer, lines: wanted, note = undefined }, key) {
      const known =
        key === undefined ? undefined : whole(database.prepare(`SELECT * FROM "order" WHERE key = ?`).get(key));
      if (known !== undefined) return known;
      const priced = wanted.map(({ product, quantity }) => ({ quantity, found: shop.product(product), product }));
      const missing = priced.find(({ found }) => found === undefined);
      if (missing !== undefined) return `There is no product ${missing.product}.`;
      const short = priced.find(({ found, quantity }) => (found?.in_stock ?? 0) < quantity);
      if (short !== undefined) return `Only ${short.found?.in_stock} of ${short.product} are in stock.`;
      database.exec("BEGIN IMMEDIATE");
      const { lastInsertRowid } = database
        .prepare(
          `INSERT INTO "order" (customer, status, note, version, created_at, key) VALUES (?, 'open', ?, 1, ?, ?)`,
        )
        .run(customer, note ?? null, new Date().toISOString(), key ?? null);
      for (const { found, quantity } of priced as { found: Product; quantity: number }[]) {
        database.prepare("INSERT INTO line VALUES (?, ?, ?, ?)").run(lastInsertRowid, found.id, quantity, found.price);
        database.prepare("UPDATE product SET in_stock = in_stock - ? WHERE id = ?").run(quantity, found.id);
      }
      database.exec("COMMIT");
      return find(`o${lastInsertRowid}`) as Order;
    },
    note(id, note) {
      database.prepare(`UPDATE "order" SET note = ?, version = version + 1 WHERE seq = ?`).run(note, seqOf(id));
      return find(id);
    },
    cancel(id) {
      const order = find(id);
      if (order === undefined) return undefined;
      if (order.status !== "open") return "not_open";
      database.prepare(`UPDATE "order" SET status = 'cancelled', version = version + 1 WHERE seq = ?`).run(seqOf(id));
      return find(id);
    },
    close: () => database.close(),
  };
  for (let n = 0; n < 24; n += 1) {
    shop.create({
      customer: CUSTOMERS[n % 4] as string,
      lines: [{ product: `p${(n % 10) + 1}`, quantity: (n % 3) + 1 }],
    });
  }
  database.exec(`UPDATE "order" SET status = 'shipped' WHERE seq % 3 = 0`);
  return shop;
}

/** Node 22 calls its SQLite experimental at the first import. Only that one warning is held back. */
async function loadSqlite(): Promise<typeof import("node:sqlite")> {
  const emitWarning = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: []) => {
    if (!String(warning).startsWith("SQLite is an experimental feature")) emitWarning.call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    return await import("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}
