import type { Config } from "./config.ts";

/**
 * The client's address: from Cloudflare on the edge; on one machine from the proxies in front of the server, if the settings
 * say how many there are. Each proxy appends to X-Forwarded-For the address that called it, so what a client writes there
 * stands further left. Empty where the address is unknown.
 */
export function addressOf({ headers }: Request, config: Pick<Config, "isOnOneMachine" | "trustedProxies">): string {
  if (!config.isOnOneMachine) return headers.get("CF-Connecting-IP") ?? "";
  if (config.trustedProxies === 0) return "";
  const told = (headers.get("X-Forwarded-For") ?? "").split(",").at(-config.trustedProxies)?.trim() ?? "";
  const [, inBrackets, plain] =
    /^(?:\[([\da-f:.]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+)(?::\d+)?|[\da-f:.]+)$/i.exec(told) ?? [];
  return inBrackets ?? plain ?? (/^[\da-f:.]+$/i.test(told) ? told : "");
}

/** The network of an address: of IPv6 the first 64 bits, which a provider assigns to one customer. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail ? tail.split(":") : [];
  const all = tail === undefined ? groups : [...groups, ...Array(8 - groups.length - rest.length).fill("0"), ...rest];
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
