import type { Config } from "./config.ts";

/**
 * The client's address. On the edge Cloudflare tells it. On one machine the proxies in front of the server tell it, if the
 * settings say how many there are: each proxy appends to X-Forwarded-For the address that called it, so what a client writes
 * there stands further left. Without such proxies it is the address at the other end of the connection, which workerd tells
 * in `request.cf` (cli/workerd-config.ts). Empty where the address is unknown.
 */
export function addressOf(request: Request, config: Pick<Config, "isOnOneMachine" | "trustedProxies">): string {
  const { headers } = request;
  if (!config.isOnOneMachine) return headers.get("CF-Connecting-IP") ?? "";
  if (config.trustedProxies === 0) return withoutPort((request.cf as SocketFacts | undefined)?.clientIp ?? "");
  return withoutPort((headers.get("X-Forwarded-For") ?? "").split(",").at(-config.trustedProxies)?.trim() ?? "");
}

/** What workerd tells of a connection. */
interface SocketFacts {
  /** Address and port, as `127.0.0.1:51234` or `[::1]:51234`. */
  readonly clientIp?: string;
}

/** The address of a text that may have a port; empty for a text that has no address. */
function withoutPort(text: string): string {
  const [, inBrackets, plain] =
    /^(?:\[([\da-f:.]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+)(?::\d+)?|[\da-f:.]+)$/i.exec(text) ?? [];
  return inBrackets ?? plain ?? (/^[\da-f:.]+$/i.test(text) ? text : "");
}

/** The network of an address: of IPv6 the first 64 bits, which a provider assigns to one customer. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail ? tail.split(":") : [];
  const all =
    tail === undefined
      ? groups
      : [...groups, ...Array(Math.max(0, 8 - groups.length - rest.length)).fill("0"), ...rest];
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
