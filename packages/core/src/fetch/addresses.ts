import ipaddr from "ipaddr.js";

/**
 * What IANA's registries of special-purpose addresses hold (RFC 6890 and its successors), and multicast. Those that a
 * registry calls globally reachable are anycast for infrastructure: no API lives there.
 */
const SPECIAL = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"],
  ...["192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"],
  ...["192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"],
  // Azure's metadata and health address: public by its number, and answered inside every virtual machine there.
  "168.63.129.16/32",
  // Protocol assignments with Teredo, ORCHID and benchmarking; documentation; 6to4; AS112; documentation.
  ...["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"],
];
const GLOBAL_UNICAST = ["2000::/3"];
/** Prefixes before an IPv4 address that is the one reached: mapped, and NAT64's well-known one. */
const TRANSLATED = ["::ffff:0:0/96", "64:ff9b::/96"];

/** Read with the first address that is asked about: no start waits for it. */
let ranges: Record<"special" | "unicast" | "translated", Range[]> | undefined;
const readRanges = () => {
  const read = (texts: readonly string[]): Range[] => texts.map((text) => ipaddr.parseCIDR(text));
  return { special: read(SPECIAL), unicast: read(GLOBAL_UNICAST), translated: read(TRANSLATED) };
};

type Range = ReturnType<typeof ipaddr.parseCIDR>;
type Address = ReturnType<typeof ipaddr.parse>;

const isIn = (address: Address, ranges: readonly Range[]): boolean =>
  ranges.some((range) => address.kind() === range[0].kind() && address.match(range as never));

/**
 * Whether an address belongs to the public internet: global unicast without what has a purpose of its own. An IPv4
 * address inside an IPv6 one is judged as itself; forms of it that only old tunnels and local translators use are not
 * public, whatever is inside.
 */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  ranges ??= readRanges();
  if (isIn(parsed, ranges.special)) return false;
  if (parsed.kind() === "ipv4") return true;
  const bytes = parsed.toByteArray();
  const inside = bytes.slice(12).join(".");
  if (isIn(parsed, ranges.translated)) return isPublic(inside);
  // ISATAP: its interface identifier is 00-00-5E-FE, or 02-00-5E-FE, and an IPv4 address.
  if ([0, 2].includes(bytes[8] as number) && bytes.slice(9, 12).join() === "0,94,254" && !isPublic(inside))
    return false;
  return isIn(parsed, ranges.unicast);
}
