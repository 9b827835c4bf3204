import { isPublic } from "@offshoot/core/fetch";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createGuard } from "../../src/guarded.ts";

const guard = createGuard([]);
const check = (url: string) => () => guard.checkUrl(new URL(url));

describe("a literal address that is not public is refused before anything connects", () => {
  test.each([
    ["loopback", "http://127.0.0.1/"],
    ["loopback", "http://0.0.0.0/"],
    ["loopback", "http://[::1]/"],
    ["loopback", "http://[::]/"],
    ["loopback in disguise", "http://2130706433/"],
    ["loopback in disguise", "http://0x7f.1/"],
    ["loopback in disguise", "http://0177.0.0.1/"],
    ["loopback in disguise", "http://127.1/"],
    ["loopback in disguise", "http://①②⑦.0.0.1/"],
    ["metadata service", "http://169.254.169.254/latest/meta-data/"],
    ["metadata service", "http://[fd00:ec2::254]/"],
    ["metadata service", "http://168.63.129.16/"],
    ["metadata service", "http://100.100.100.200/"],
    ["embedded or tunnelled", "http://[64:ff9b::a9fe:a9fe]/"],
    ["embedded or tunnelled", "http://[64:ff9b:1::a9fe:a9fe]/"],
    ["embedded or tunnelled", "http://[2002:a9fe:a9fe::1]/"],
    ["embedded or tunnelled", "http://[fec0::1]/"],
    ["embedded or tunnelled", "http://[2001:0:1::1]/"],
    ["embedded or tunnelled", "http://[::ffff:127.0.0.1]/"],
    ["private", "http://10.0.0.1/"],
    ["private", "http://192.168.1.1:8080/"],
    ["multicast", "http://224.0.0.1/"],
  ])("%s %s", (_id, url) => {
    expect(check(url)).toThrow(/is no public address/);
  });

  test("a user name in a URL, and anything but http and https", () => {
    expect(check("http://good@evil.example/")).toThrow(/user name or password/);
    expect(check("file:///etc/passwd")).toThrow(/file: is not fetched/);
    expect(check("gopher://example.com/")).toThrow(/gopher: is not fetched/);
    expect(() => new URL("http://good%00.evil")).toThrow();
    expect(new URL("http://good\\@evil").hostname).toBe("good");
  });

  test("a public address passes, and one that the operator allowed", () => {
    expect(check("https://93.184.215.14/")).not.toThrow();
    expect(check("http://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/")).not.toThrow();
    expect(() => createGuard(["127.0.0.1"]).checkUrl(new URL("http://127.0.0.1:9/"))).not.toThrow();
    expect(() => createGuard(["127.0.0.1"]).checkUrl(new URL("http://127.0.0.2:9/"))).toThrow();
  });

  test("whatever the number, an IPv4 address of a private block is not public", () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const inBlock = fc.oneof(
      fc.tuple(fc.constant(10), byte, byte, byte),
      fc.tuple(fc.constant(127), byte, byte, byte),
      fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
      fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
      fc.tuple(fc.integer({ min: 224, max: 255 }), byte, byte, byte),
    );
    fc.assert(
      fc.property(inBlock, (bytes) => {
        const text = bytes.join(".");
        return !isPublic(text) && !isPublic(`::ffff:${text}`);
      }),
    );
  });
});

describe("what a name resolves to is checked where it is connected to", () => {
  type Address = { address: string; family: number };
  const look = (addresses: Address[], allowed: string[] = []) =>
    new Promise((resolve, reject) => {
      const resolver = ((_name: string, _options: object, done: (error: null, found: Address[]) => void) =>
        done(null, addresses)) as never;
      createGuard(allowed, resolver).lookup("api.example", { all: true }, (error, found) =>
        error === null ? resolve(found) : reject(error),
      );
    });
  const open: Address = { address: "93.184.215.14", family: 4 };
  const shut: Address = { address: "127.0.0.1", family: 4 };

  test("exactly the addresses that were checked are handed to the connection", async () => {
    await expect(look([open])).resolves.toEqual([open]);
    await expect(look([shut])).rejects.toThrow(/api.example is no public address/);
  });
  test("one private address among public ones is enough to refuse", async () => {
    await expect(look([open, shut])).rejects.toThrow(/no public address/);
  });
  test("a metadata service by its name, and any name that comes to a link-local address", async () => {
    await expect(look([{ address: "169.254.169.254", family: 4 }])).rejects.toThrow(/no public address/);
  });
  test("a name that the operator allowed may be private", async () => {
    await expect(look([shut], ["API.example"])).resolves.toEqual([shut]);
  });
});
