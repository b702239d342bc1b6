import { rawHost } from "../wire/raw-target.ts";

/*
 * Which hosts and which web pages may call. A browser sends a page's requests with the user's own address and credentials,
 * so the server looks at the two things that no page can choose: the Host that the browser was led to, and the Origin of
 * the page (CVE-2025-14279, CVE-2023-43472). Names and meaning of the settings are MLflow's.
 */

/** Whether a list of allowed hosts covers `host`, the `name:port` that was called. */
export type HostRule = (host: string) => boolean;

/** Whether `host` names this machine. A page whose own name resolves to 127.0.0.1 still has its own name in Host. */
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

/** The origins of `MLFLOW_SERVER_CORS_ALLOWED_ORIGINS`, as browsers write them; `*` stands for every origin. */
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
 * Where a request's page comes from. "own": a page of this server, or no page at all. "allowed": a page of this machine or
 * of a listed origin; the answer tells its browser that the page may read it. "foreign": any other page.
 */
export function pageOf(request: Request, allowed: ReadonlySet<string>): "own" | "allowed" | "foreign" {
  const origin = request.headers.get("Origin");
  // Only browsers write Sec-Fetch-Site. It stays right behind a proxy that calls this server by another name.
  if (origin === null || request.headers.get("Sec-Fetch-Site") === "same-origin") return "own";
  if (isSameAuthority(origin, rawHost(request))) return "own";
  const isAllowed = allowed.has("*") || isLocalOrigin(origin) || allowed.has(origin);
  return isAllowed ? "allowed" : "foreign";
}

/** `https://name` matches `name` and `name:443`. The scheme that a proxy was called by is unknown, so either is accepted. */
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
 * Headers that proxies, load balancers and content networks add to requests they pass on, in lower case; `*` is any end.
 * Headers that clients add themselves are not listed, such as X-Amzn-Trace-Id of tracing libraries.
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
