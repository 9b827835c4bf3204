/** An OpenAPI 3.1 document as plain data. Its schemas are JSON Schema 2020-12; references are still in it. */
export interface Document {
  openapi: string;
  info?: { title?: unknown };
  servers?: unknown;
  paths?: Record<string, unknown>;
  [member: string]: unknown;
}
