// The tool of "Calling twice" in docs/writing-a-tool.md.
// #region tool
import { defineServer, defineTool } from "@offshoot/core";
import { z } from "zod";

export const payTool = (pay: (to: string, cents: number) => Promise<{ receipt: string }>) =>
  defineTool({
    name: "pay",
    title: "Pay someone",
    description: "Send money. It has left when this answers.",
    inputSchema: z.object({
      to: z.string().describe("Account to pay to"),
      cents: z.int().min(1).describe("Amount in cents"),
      request_id: z
        .string()
        .min(1)
        .max(200)
        .optional()
        .describe("Any text that names this one payment. Repeat the call with it, and nothing is paid twice."),
    }),
    outputSchema: z.object({ receipt: z.string().describe("Number of the receipt") }),
    idempotency: { key: "request_id" },
    handler: ({ to, cents }) => pay(to, cents),
  });
// #endregion

export const bank = (pay: Parameters<typeof payTool>[0]) =>
  defineServer({ name: "bank", version: "1.0.0", tools: [payTool(pay)] });
