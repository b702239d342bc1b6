import { rawHost } from "./raw-target.ts";

/*
 * The cookie of a browser that is signed in. Over TLS its name begins with `__Host-`: browsers then take it over TLS only,
 * for this very host, so that no other host of the domain can put its own in the place of it. Plain http has no such
 * cookie, on localhost neither (Safari keeps none there), so it has one of another name. Its name has the server's port in
 * it, since all ports of a host share their cookies.
 */

const OVER_TLS = "__Host-trackflare";

/** What a cookie is for: a sign-in, or one that a provider is asked for and whose answer comes from another site. */
export type CookieUse = "" | "-oidc";

export interface SignInCookie {
  readonly name: string;
  readonly value: string;
}

/**
 * What the request brings. Over TLS the other name counts for nothing, as any host of the domain may have set it. Two values
 * under one name count for nothing either: one of them is another's.
 */
export function signInCookie(request: Request, use: CookieUse = ""): SignInCookie | undefined {
  const cookies = cookiesOf(request);
  const names = isOverTls(request) ? [OVER_TLS + use] : [OVER_TLS + use, plainName(request) + use];
  for (const name of names) {
    const [value, ...others] = cookies.get(name) ?? [];
    if (value !== undefined && others.length === 0) return { name, value };
  }
  return undefined;
}

/** The name of the cookie that a sign-in by this request is to have. @param publicUrl where browsers find this server, if that is known */
export function newCookieName(request: Request, use: CookieUse = "", publicUrl = ""): string {
  return (/^https:/i.test(publicUrl) || isOverTls(request) ? OVER_TLS : plainName(request)) + use;
}

/** What a `Set-Cookie` header says. A cookie of 0 seconds goes. */
export function setCookie({ name, value }: SignInCookie, maxAgeSeconds: number): string {
  const secure = name.startsWith(OVER_TLS) ? "; Secure" : "";
  // A provider's page leads back here: Strict would keep the cookie from that very request.
  const site = name.endsWith("-oidc") ? "Lax" : "Strict";
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=${site}${secure}`;
}

function plainName(request: Request): string {
  return `trackflare-${/:(\d+)$/.exec(rawHost(request))?.[1] ?? "80"}`;
}

/**
 * Whether the browser is known to have come over TLS. A proxy may have taken it off: then its header says so, or the page's
 * origin, or that the browser writes Sec-Fetch-Site, which it does over TLS and to names of its own machine only.
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
