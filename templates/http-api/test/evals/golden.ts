import type { Scenario, Step } from "@offshoot/core/evals";

const scenario = (name: string, task: string, ...steps: Step[]): Scenario => ({ name, kind: "golden", task, steps });
const twoSencha = {
  customer: "ada",
  status: "open",
  version: 1,
  lines: [{ product: "p3", quantity: 2, price: 1_180 }],
  total: 2_360,
};
const sencha = { customer: "ada", lines: [{ product: "p3", quantity: 2 }] };

/** What people ask of the sample shop. */
export const golden: Scenario[] = [
  scenario("an order is read by its id", "What is in order o1?", {
    call: "get_order",
    input: { id: "o1" },
    expect: {
      data: {
        status: 200,
        data: {
          id: "o1",
          customer: "ada",
          version: 1,
          lines: [{ product: "p1", quantity: 1, price: 890 }],
          total: 890,
        },
      },
    },
  }),
  scenario("products are found by a word", "Which green teas are there?", {
    call: "list_products",
    input: { query: "green" },
    expect: {
      data: {
        status: 200,
        data: {
          items: [
            { id: "p3", name: "Sencha Uji", kind: "green", price: 1_180, in_stock: 69 },
            { id: "p4", name: "Gyokuro", kind: "green", price: 2_600, in_stock: 6 },
            { id: "p5", name: "Bancha", kind: "green", price: 620, in_stock: 195 },
          ],
        },
      },
    },
  }),
  scenario(
    "a long list comes in pages that leave nothing out",
    "Show me the products, two at a time",
    { call: "list_products", input: { limit: 2 }, as: "page", expect: { text: ["p1", "p2"], notText: ['"p3"'] } },
    { call: "list_products", input: { limit: 2, after: "{page.next_cursor}" }, expect: { text: ["p3", "p4"] } },
  ),
  scenario("orders are found by status and customer", "Which orders of ada are open?", {
    call: "list_orders",
    input: { status: "open", customer: "ada" },
    expect: {
      data: {
        status: 200,
        data: {
          items: [
            ["o1", 890],
            ["o5", 1_240],
            ["o13", 1_180],
            ["o17", 5_900],
          ].map(([id, total]) => ({ id, customer: "ada", status: "open", total })),
        },
      },
    },
  }),
  scenario(
    "an order is made and can be read",
    "Order two Sencha for ada",
    { call: "create_order", input: sencha, as: "made", expect: { data: { status: 201, data: twoSencha } } },
    {
      call: "get_order",
      input: { id: "{made.data.id}" },
      expect: { data: { data: twoSencha } },
    },
  ),
  scenario("a request is shown before it is sent", "Show me the request for two Sencha, do not send it", {
    call: "create_order",
    input: { ...sencha, dry_run: true },
    expect: { data: { dry_run: true }, text: ["POST"] },
  }),
  scenario(
    "a key makes one order of two calls",
    "Order two Sencha for ada, once, even when I say it twice",
    {
      call: "create_order",
      input: { ...sencha, idempotency_key: "key-12345" },
      as: "first",
      expect: { data: { status: 201 } },
    },
    {
      call: "create_order",
      input: { ...sencha, idempotency_key: "key-12345" },
      expect: { data: { data: { id: "{first.data.id}" } } },
    },
  ),
  scenario(
    "a note is put on an order",
    "Note on order o1: gift wrap",
    {
      call: "update_order",
      input: { id: "o1", note: "Gift wrap" },
      expect: {
        data: {
          status: 200,
          data: {
            id: "o1",
            note: "Gift wrap",
            version: 2,
            lines: [{ product: "p1", quantity: 1, price: 890 }],
            total: 890,
          },
        },
      },
    },
    { call: "get_order", input: { id: "o1" }, expect: { data: { data: { note: "Gift wrap" } } } },
  ),
  scenario(
    "an open order can be cancelled",
    "Order two Sencha for ada, then cancel that",
    { call: "create_order", input: sencha, as: "made", expect: { data: { status: 201 } } },
    {
      call: "cancel_order",
      input: { id: "{made.data.id}" },
      expect: {
        data: { status: 200, data: { ...twoSencha, id: "{made.data.id}", status: "cancelled", version: 2 } },
      },
    },
  ),
  scenario("what runs out is named", "Which products are below five?", {
    call: "products_to_restock",
    input: { below: 5 },
    expect: {
      data: { products: [{ id: "p11", name: "Chamomile", in_stock: 0 }], complete: true, stale: false },
    },
  }),
  scenario("how few is few can be said", "Which products are below ten?", {
    call: "products_to_restock",
    input: { below: 10 },
    expect: { text: ["Chamomile", "Da Hong Pao"] },
  }),
  scenario(
    "a change that is only shown changes nothing",
    "Show how you would cancel an order for two Sencha",
    {
      call: "create_order",
      input: sencha,
      as: "made",
      expect: { data: { status: 201 } },
    },
    { call: "cancel_order", input: { id: "{made.data.id}", dry_run: true }, expect: { data: { dry_run: true } } },
    {
      call: "get_order",
      input: { id: "{made.data.id}" },
      expect: { data: { data: { status: "open" } } },
    },
  ),
  scenario("the total is that of the lines", "What do one Gyokuro and two Bancha cost?", {
    call: "create_order",
    input: {
      customer: "grace",
      lines: [
        { product: "p4", quantity: 1 },
        { product: "p5", quantity: 2 },
      ],
    },
    expect: { data: { data: { total: 3_840 } } },
  }),
  { name: "an order is also a resource", kind: "golden", steps: [{ read: "order://o1", expect: { text: ['"o1"'] } }] },
  {
    name: "a product is also a resource",
    kind: "golden",
    steps: [{ read: "product://p3", expect: { text: ["Sencha"] } }],
  },
  scenario("a search in another case finds the same", "Is there any ROOIBOS?", {
    call: "list_products",
    input: { query: "ROOIBOS" },
    expect: { text: ["Rooibos"], notText: ["Assam"] },
  }),
];
