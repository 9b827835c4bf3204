import { expect, test } from "vitest";
import { defineServer } from "../../src/index.ts";
import { connect, serveFaults, WIRES } from "../../src/testing/index.ts";
import { readPage } from "./pages.ts";

test.each(WIRES)(
  "%s: a model's URL is read where it is public or allowed, and refused in words it can act on",
  async (wire) => {
    const site = await serveFaults({ do: "answer", body: "hello" });
    const serverOf = (privateHosts: string[]) =>
      defineServer({ name: "reader", version: "1.0.0", tools: [readPage({ privateHosts })] });
    const open = await connect(serverOf(["127.0.0.1"]), { wire });
    expect((await open.call("read_page", { url: site.url })).data).toEqual({ status: 200, text: "hello" });
    await open.close();
    const shut = await connect(serverOf([]), { wire });
    const refused = await shut.call("read_page", { url: site.url });
    expect(refused).toMatchObject({ isError: true, meta: { "offshoot/error": { code: "address_refused" } } });
    expect(refused.text).toBe("Refused: 127.0.0.1 is no public address. Nothing was sent. Give another URL.");
    expect(site.seen).toHaveLength(1);
    await shut.close();
    await site.close();
  },
);
