// docs/questions-to-the-user.md: what the model reads for each answer, on every wire.
import { defineServer } from "@offshoot/core";
import { connect, WIRES } from "@offshoot/core/testing";
import { describe, expect, test } from "vitest";
import { sendTool } from "./questions.ts";

const letter = { to: "ada@example.org", text: "Dear Ada" };

function post() {
  const sent: string[] = [];
  const send = async (to: string, text: string): Promise<void> => void sent.push(`${to}: ${text}`);
  return { sent, server: defineServer({ name: "post", version: "1.0.0", tools: [sendTool(send)] }) };
}

describe.each(WIRES)("over %s", (wire) => {
  // #region test
  test("a letter is sent when the user says so", async () => {
    const { sent, server } = post();
    const onElicit = () => ({ action: "accept" as const, content: { send: true } });
    const client = await connect(server, { wire, onElicit });
    expect((await client.call("send_letter", letter)).data).toEqual({ sent: true });
    expect(sent).toEqual(["ada@example.org: Dear Ada"]);
    await client.close();
  });
  // #endregion

  test("nothing is sent otherwise, and the model reads why", async () => {
    const said: string[] = [];
    for (const onElicit of [
      () => ({ action: "accept" as const, content: { send: false } }),
      () => ({ action: "decline" as const }),
      () => ({ action: "cancel" as const }),
      undefined,
    ]) {
      const { sent, server } = post();
      const client = await connect(server, { wire, ...(onElicit && { onElicit }) });
      const { data, text } = await client.call("send_letter", letter);
      expect(data).toEqual({ sent: false });
      expect(sent).toEqual([]);
      said.push(text);
      await client.close();
    }
    const [no, declined, closed, nobody] = said;
    expect(no).toBe(declined);
    await expect([declined, closed, nobody].join("\n\n").concat("\n")).toMatchFileSnapshot("questions.txt");
  });
});
