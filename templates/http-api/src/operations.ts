import type { OperationMap } from "./map.ts";

/**
 * What of the API a model gets, by the names it will know. What is not named here does not exist for it.
 * This map is for the sample API; with --api, --map or --operations take its place.
 */
export const operations: OperationMap = {
  // #region map
  tools: {
    list_products: {
      operation: "listProducts",
      pages: { next: "next", input: "after" },
      cacheMs: 60_000,
    },
    list_orders: {
      operation: "listOrders",
      // A list shows what it takes to choose; get_order has the rest.
      fields: ["items[].id", "items[].customer", "items[].status", "items[].total"],
      pages: { next: "next", input: "after" },
    },
    // Where an API says no more of an operation than its name, say it here: a model has nothing else to go by.
    get_order: {
      operation: "getOrder",
      description: "Read one order with its lines, their prices and the note. list_orders has the ids.",
    },
    create_order: "createOrder",
    update_order: {
      operation: "updateOrder",
      description: "Replace the note of an order; nothing else of it can be changed.",
      idempotent: true,
    },
    cancel_order: "cancelOrder",
  },
  resources: {
    product: { operation: "getProduct", uri: "product://{id}", cacheMs: 60_000 },
    order: { operation: "getOrder", uri: "order://{id}" },
  },
  // #endregion
};
