import { MlflowError } from "../domain/errors.ts";

/*
 * A request's target and host as they were sent. Each user of a part decodes it: with two views of one path, `%2e%2e`
 * could pass a check and then reach a store.
 *
 * On the edge `request.url` is a whole URL. The local socket passes on the request line's target unchanged (cli/engine.ts):
 * a path, a whole URL (RFC 9112 §3.2.2), or neither.
 */

/** A name, an IPv4 address or an IPv6 address in brackets, and perhaps a port. Names of containers may have underscores. */
const AUTHORITY = /^(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/**
 * Refuses a target that is neither a path nor an http URL, and a Host header that names no host, or two hosts.
 * @throws MlflowError BAD_REQUEST
 */
export function requireWellFormedTarget(request: Request): void {
  const isTarget = request.url.startsWith("/") || /^https?:\/\//i.test(request.url);
  if (!isTarget) throw new MlflowError("BAD_REQUEST", "Bad Request. The request's target must be a path or a URL.");
  if (!AUTHORITY.test(rawHost(request))) {
    throw new MlflowError("BAD_REQUEST", "Bad Request. The Host header must name one host.");
  }
}

/** The path, undecoded and without query. */
export function rawPath({ url }: Request): string {
  const start = pathStart(url);
  if (start === url.length) return "/";
  const end = url.slice(start).search(/[?#]/);
  return end === -1 ? url.slice(start) : url.slice(start, start + end) || "/";
}

/** The path below a prefix such as `/mlflow`, with its slash; the path itself where it is not below the prefix. */
export function pathBelow(prefix: string, path: string): string {
  return prefix !== "" && path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
}

/** The query, from its question mark on; "" where there is none. */
export function rawQuery({ url }: Request): string {
  return /^[^?#]*(\?[^#]*)/.exec(url)?.[1] ?? "";
}

/** The `name:port` that was called: from the URL (RFC 9112 §3.2.2), else from the Host header. */
export function rawHost({ url, headers }: Request): string {
  if (url.startsWith("/")) return headers.get("Host") ?? "";
  return url.slice(url.indexOf("://") + 3, pathStart(url));
}

/** The whole URL, as `Request` needs it. For a local target the scheme is http, since a proxy's scheme is unknown. */
export function absoluteUrl(request: Request): string {
  return request.url.startsWith("/") ? `http://${rawHost(request)}${request.url}` : request.url;
}

/**
 * The address of another path on this server for the client that made this request. It starts with the scheme, host and
 * path prefix that the client called, as far as a proxy reports them. No security decision may rely on it.
 */
export function siblingAddress(request: Request, path: string): string {
  const before = /^(.*?)\/+(?:(?:ajax-)?api\/+\d|model-versions\/)/.exec(rawPath(request))?.[1] ?? "";
  if (!request.url.startsWith("/")) return `${request.url.slice(0, pathStart(request.url))}${before}${path}`;
  const said = (name: string) => request.headers.get(name)?.split(",")[0]?.trim() ?? "";
  const scheme = said("X-Forwarded-Proto").toLowerCase() === "https" ? "https" : "http";
  const cut = said("X-Forwarded-Prefix").replace(/\/$/, "");
  return `${scheme}://${rawHost(request)}${/^(\/[\w.~-]+)*$/.test(cut) ? cut : ""}${before}${path}`;
}

/** Where a URL's path begins, or its query if it has no path; 0 for a target that is a path. */
function pathStart(url: string): number {
  if (url.startsWith("/")) return 0;
  const authority = url.indexOf("://") + 3;
  const length = url.slice(authority).search(/[/?#]/);
  return length === -1 ? url.length : authority + length;
}
