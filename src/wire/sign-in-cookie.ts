import { rawHost } from "./raw-target.ts";

/*
 * The cookie of a signed-in browser. Over TLS the cookie's name begins with `__Host-`: browsers then accept it only over
 * TLS and for exactly this host, so no other host of the domain can replace it. Plain http allows no such cookie, not even
 * on localhost (Safari keeps none there), so the cookie has another name. That name contains the server's port, since all
 * ports of a host share their cookies.
 */

const OVER_TLS = "__Host-trackflare";

/** A link's cookie is valid for the addresses below the link's own. `__Host-` allows no such cookie. */
const OF_LINK_OVER_TLS = "__Secure-trackflare-link";

/**
 * What a cookie is for: "" for a sign-in; "-oidc" for a sign-in under way at a provider, which answers from another site;
 * "-link" for an opened signed link.
 */
export type CookieUse = "" | "-oidc" | "-link";

export interface SignInCookie {
  readonly name: string;
  readonly value: string;
}

/**
 * The request's cookie. Over TLS the plain name is ignored, as any host of the domain may have set it. Two values under one
 * name are ignored too, because one of them was set by somebody else.
 */
export function signInCookie(request: Request, use: CookieUse = ""): SignInCookie | undefined {
  const cookies = cookiesOf(request);
  if (cookies.size === 0) return undefined;
  const names = isOverTls(request) ? [secureName(use)] : [secureName(use), plainName(request) + use];
  for (const name of names) {
    const [value, ...others] = cookies.get(name) ?? [];
    if (value !== undefined && others.length === 0) return { name, value };
  }
  return undefined;
}

/** The name for the cookie of a new sign-in. @param publicUrl the URL by which browsers reach this server; "" if unknown */
export function newCookieName(request: Request, use: CookieUse = "", publicUrl = ""): string {
  return /^https:/i.test(publicUrl) || isOverTls(request) ? secureName(use) : plainName(request) + use;
}

/** The value of a `Set-Cookie` header. 0 seconds delete the cookie. */
export function setCookie({ name, value }: SignInCookie, maxAgeSeconds: number): string {
  const secure = name.startsWith("__") ? "; Secure" : "";
  // The provider's page redirects back here, and with Strict the browser would not send the cookie with that request.
  const site = name.endsWith("-oidc") ? "Lax" : "Strict";
  // Without a path, a cookie is valid below the folder of the address that set it, as the browser knows that address: a proxy
  // may have cut its beginning.
  const path = name.endsWith("-link") ? "" : "; Path=/";
  return `${name}=${value}${path}; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=${site}${secure}`;
}

function secureName(use: CookieUse): string {
  return use === "-link" ? OF_LINK_OVER_TLS : OVER_TLS + use;
}

function plainName(request: Request): string {
  return `trackflare-${/:(\d+)$/.exec(rawHost(request))?.[1] ?? "80"}`;
}

/**
 * Whether the browser certainly used TLS. If a proxy ended the TLS connection, its header says so, or the page's origin, or
 * the presence of Sec-Fetch-Site, which browsers send only over TLS and to names of their own machine.
 */
function isOverTls(request: Request): boolean {
  const { url, headers } = request;
  if (/^https:/i.test(url)) return true;
  if (/^https\b/i.test(headers.get("X-Forwarded-Proto") ?? "")) return true;
  const origin = headers.get("Origin");
  if (origin !== null) return /^https:/i.test(origin);
  return headers.has("Sec-Fetch-Site") && !/^(localhost|127\.|\[::1\])/i.test(rawHost(request));
}

function cookiesOf({ headers }: Request): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const pair of (headers.get("Cookie") ?? "").split(";")) {
    const equals = pair.indexOf("=");
    if (equals === -1) continue;
    const name = pair.slice(0, equals).trim();
    found.set(name, [...(found.get(name) ?? []), pair.slice(equals + 1).trim()]);
  }
  return found;
}
