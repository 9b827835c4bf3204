import { BlockList } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPublic } from "../../src/fetch/index.ts";

/**
 * IANA's registries of special-purpose addresses, as they stand: the entries that are not "Globally Reachable: True".
 * Node's own BlockList reads them, and knows nothing of the code under test.
 */
const IPV4 = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 29],
  ["192.0.0.8", 32],
  ["192.0.0.170", 31],
  ["192.0.2.0", 24],
  ["192.88.99.2", 32],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["240.0.0.0", 4],
  ["255.255.255.255", 32],
  ["224.0.0.0", 4],
] as const;
const IPV6 = [
  ["::1", 128],
  ["::", 128],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["100:0:0:1::", 64],
  ["2001::", 32],
  ["2001:2::", 48],
  ["2001:10::", 28],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
  ["5f00::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
] as const;

const special = new BlockList();
for (const [net, prefix] of IPV4) special.addSubnet(net, prefix, "ipv4");
for (const [net, prefix] of IPV6) special.addSubnet(net, prefix, "ipv6");

const byte = fc.integer({ min: 0, max: 255 });
const ipv4 = fc.tuple(byte, byte, byte, byte).map((bytes) => bytes.join("."));
const inside = (net: string, prefix: number): fc.Arbitrary<string> => {
  const start = net.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return fc
    .integer({ min: 0, max: 2 ** (32 - prefix) - 1 })
    .map((offset) => [24, 16, 8, 0].map((shift) => Math.floor((start + offset) / 2 ** shift) % 256).join("."));
};
const specialIpv4 = fc.oneof(...IPV4.map(([net, prefix]) => inside(net, prefix)));
const words = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });
/** An address that begins like one of these, with its other bits at random. */
const ipv6 = fc
  .tuple(fc.constantFrom(...IPV6.map(([net]) => net), "2000::", "2600::", "4000::", "e000::", "::ffff:0:0"), words)
  .map(([net, random]) => {
    const head = net.split("::")[0]?.split(":").filter(Boolean) ?? [];
    return [...head, ...random.slice(head.length).map((word) => word.toString(16))].join(":");
  });

const hex = (ipv4: string): string => {
  const [a, b, c, d] = ipv4.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  return `${a}${b}:${c}${d}`;
};
const inverted = (ipv4: string): string =>
  ipv4
    .split(".")
    .map((part) => 255 - Number(part))
    .join(".");

/** Every published way to write an IPv4 address into an IPv6 one. */
const WAYS: Record<string, (ipv4: string) => string> = {
  mapped: (ipv4) => `::ffff:${ipv4}`,
  "mapped, in hexadecimal": (ipv4) => `::ffff:${hex(ipv4)}`,
  "mapped, written out": (ipv4) => `0:0:0:0:0:FFFF:${hex(ipv4)}`,
  compatible: (ipv4) => `::${ipv4}`,
  "translated (RFC 2765)": (ipv4) => `::ffff:0:${ipv4}`,
  "6to4": (ipv4) => `2002:${hex(ipv4)}::1`,
  "Teredo's client": (ipv4) => `2001:0:808:808:0:0:${hex(inverted(ipv4))}`,
  "Teredo's server": (ipv4) => `2001:0:${hex(ipv4)}:0:0:f7f7:f7f7`,
  "NAT64, well known": (ipv4) => `64:ff9b::${ipv4}`,
  "NAT64, local": (ipv4) => `64:ff9b:1::${ipv4}`,
  ISATAP: (ipv4) => `2600:1234::5efe:${hex(ipv4)}`,
  "ISATAP, universal": (ipv4) => `2600:1234::200:5efe:${hex(ipv4)}`,
};

describe("only what IANA's registries leave to the public internet is public", () => {
  test("no IPv4 address of a special range is, in any form of IPv6 that carries one", () => {
    fc.assert(
      fc.property(specialIpv4, (address) => {
        expect(isPublic(address)).toBe(false);
        for (const [way, write] of Object.entries(WAYS)) expect([way, isPublic(write(address))]).toEqual([way, false]);
      }),
      { numRuns: 500 },
    );
  });

  test("what is public is in no special range, and in 2000::/3 or an IPv4 address", () => {
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6), (address) => {
        if (!isPublic(address)) return;
        const family = address.includes(":") ? "ipv6" : "ipv4";
        expect(special.check(address, family)).toBe(false);
        if (family === "ipv6") expect(address).toMatch(/^([23][0-9a-f]{3}:|0*:|::)/);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ["8.8.8.8", true],
    ["1.1.1.1", true],
    ["93.184.215.14", true],
    ["2606:4700:4700::1111", true],
    ["2a00:1450:4001:82a::200e", true],
    ["::ffff:8.8.8.8", true],
    // What DNS64 answers in a network that has IPv6 alone.
    ["64:ff9b::808:808", true],
    ["4000::1", false],
    ["::127.0.0.1", false],
    ["::a9fe:a9fe", false],
    ["168.63.129.16", false],
    ["::ffff:168.63.129.16", false],
    ["fe80::1%eth0", false],
    ["example.com", false],
    ["", false],
  ])("%s: %s", (address, expected) => {
    expect(isPublic(address)).toBe(expected);
  });
});
