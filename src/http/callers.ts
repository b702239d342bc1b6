import { rawHost } from "../wire/raw-target.ts";

/*
 * Which hosts and which web pages may call. A browser sends what a page asks of it with the user's own address and
 * credentials, so the server looks at the two things that no page can choose: the Host that the browser was led to, and
 * the Origin of the page (CVE-2025-14279, CVE-2023-43472). Names and meaning of the settings are MLflow's.
 */

/** Whether a `name:port` of a list covers the one that was called. */
export type HostRule = (host: string) => boolean;

/** Names of this machine. A page that lets its own name resolve to 127.0.0.1 has that name in Host, and none of these. */
export function isLocalHost(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(host);
}

/**
 * The rule of `MLFLOW_SERVER_ALLOWED_HOSTS`: names with `*` for any characters. A name without port covers every port. A
 * pattern of an IPv4 address covers addresses only, so that `10.*` lets no `10.evil.test` in.
 */
export function hostRule(list: string): HostRule {
  const patterns = entriesOf(list).map((entry) => {
    const [, name = "", port] = /^(.*?)(?::(\d+|\*))?$/.exec(entry) ?? [];
    const text = name.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", name === "*" ? ".*" : "[^:]*");
    const isAddress = /^[\d.*]+$/.test(name) && name !== "*";
    const ports = port === undefined || port === "*" ? "(?::\\d+)?" : `:${port}`;
    return new RegExp(`^${isAddress ? "(?=[\\d.]+(?::|$))" : ""}${text}${ports}$`, "i");
  });
  return (host) => patterns.some((pattern) => pattern.test(host));
}

/** The origins of `MLFLOW_SERVER_CORS_ALLOWED_ORIGINS`, as browsers write them; `*` is every one. */
export function originsIn(list: string): ReadonlySet<string> {
  return new Set(entriesOf(list).map((entry) => (entry === "*" ? entry : new URL(entry).origin)));
}

function entriesOf(list: string): string[] {
  return list
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/**
 * How a request's page stands to this server: "own" are its own pages and all that is no page, "allowed" are pages of
 * this machine and of the listed origins, which are told that they may read the answer.
 */
export function pageOf(request: Request, allowed: ReadonlySet<string>): "own" | "allowed" | "foreign" {
  const origin = request.headers.get("Origin");
  // Browsers alone write Sec-Fetch-Site. It holds behind proxies too, which may call this server by another name.
  if (origin === null || request.headers.get("Sec-Fetch-Site") === "same-origin") return "own";
  if (isSameAuthority(origin, rawHost(request))) return "own";
  const isAllowed = allowed.has("*") || isLocalOrigin(origin) || allowed.has(origin);
  return isAllowed ? "allowed" : "foreign";
}

/** `https://name` is `name` and `name:443`. Which scheme a proxy was called by is not known here: either will do. */
function isSameAuthority(origin: string, host: string): boolean {
  const [, scheme, authority = ""] = /^(https?):\/\/(.+)$/i.exec(origin) ?? [];
  const defaultPort = scheme?.toLowerCase() === "https" ? ":443" : ":80";
  const withPort = (name: string) => (/:\d+$/.test(name) ? name : name + defaultPort).toLowerCase();
  return authority !== "" && withPort(authority) === withPort(host);
}

function isLocalOrigin(origin: string): boolean {
  return /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i.test(origin);
}

/**
 * Headers that proxies, load balancers and content networks add to what they pass on, in lower case; `*` is any end. None that
 * clients add of themselves, as tracing libraries do X-Amzn-Trace-Id.
 */
export const PROXY_HEADERS = [
  ...["forwarded", "x-forwarded*", "via", "x-original-*", "x-rewrite-url", "x-real-ip", "x-real-port", "x-remote-ip"],
  ...["x-remote-addr", "x-originating-ip", "x-client-ip", "client-ip", "x-cluster-client-ip", "x-proxyuser-ip"],
  ...["proxy-client-ip", "wl-proxy-client-ip", "x-proxy-*", "x-proxycontextpath", "x-scheme", "x-url-scheme"],
  ...[
    "front-end-https",
    "x-host",
    "true-client-ip",
    "cdn-loop",
    "cf-connecting-ip",
    "cf-connecting-ipv6",
    "cf-pseudo-ipv4",
  ],
  ...["cf-ray", "cf-visitor", "cf-ipcountry", "fastly-client-ip", "fastly-client", "fastly-ff", "fly-client-ip"],
  ...["fly-forwarded-port", "x-azure-*", "x-appengine-*", "x-envoy-*", "x-amz-cf-id", "x-vercel-*", "x-nf-*"],
  ...["do-connecting-ip", "ali-cdn-real-ip", "tailscale-*", "x-arr-log-id", "x-arr-ssl"],
];

const PROXY_HEADER = new RegExp(`^(?:${PROXY_HEADERS.map((name) => name.replace("*", ".*")).join("|")})$`);

/** The header by which a proxy says that it passes on another's request; undefined where none does. */
export function forwardedBy(request: Request): string | undefined {
  for (const name of request.headers.keys()) if (PROXY_HEADER.test(name)) return name;
  return undefined;
}
