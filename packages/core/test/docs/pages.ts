// #region page
import { defineTool } from "@offshoot/core";
import { createGuardedFetch, type GuardedFetchOptions } from "@offshoot/core/fetch";
import { z } from "zod";

export const readPage = (options?: GuardedFetchOptions) => {
  const fetchPage = createGuardedFetch({ maxBytes: 200_000, timeoutMs: 5_000, ...options });
  return defineTool({
    name: "read_page",
    title: "Read a page",
    description: "Reads a public web page as text.",
    inputSchema: z.object({ url: z.string().describe("A whole URL, https://…") }),
    outputSchema: z.object({ status: z.number().describe("HTTP status"), text: z.string().describe("The page") }),
    annotations: { readOnlyHint: true, openWorldHint: true },
    handler: async ({ url }, { signal }) => {
      const page = await fetchPage(url, { signal });
      return { status: page.status, text: page.text() };
    },
  });
};
// #endregion
