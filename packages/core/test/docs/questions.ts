// The tool of docs/questions-to-the-user.md.
// #region tool
import { defineTool, explainUnapproved, withContent } from "@offshoot/core";
import { z } from "zod";

export const sendTool = (send: (to: string, text: string) => Promise<void>) =>
  defineTool({
    name: "send_letter",
    title: "Send a letter",
    description: "Send a letter. The user is asked first; nothing can bring it back.",
    inputSchema: z.object({
      to: z.string().describe("Address to send it to"),
      text: z.string().describe("What the letter says"),
    }),
    outputSchema: z.object({ sent: z.boolean().describe("False when the user did not agree") }),
    annotations: { destructiveHint: true },
    handler: async ({ to, text }, call) => {
      // Nothing above this line changes anything: the handler runs again from its top with the answer.
      const answer = await call.elicit({
        message: `Send ${text.length} characters to ${to}?`,
        schema: z.object({ send: z.boolean().describe("Send the letter now") }),
      });
      if (answer.action !== "accept" || !answer.content.send) {
        const why = explainUnapproved(answer, { state: "Nothing was sent." });
        return withContent({ sent: false }, { type: "text", text: why });
      }
      await send(to, text);
      return { sent: true };
    },
  });
// #endregion
