import { pathBelow, rawPath, rawQuery } from "../wire/raw-target.ts";
import { redirect } from "../wire/respond.ts";
import { PAGE_HEADER } from "./browser.ts";
import type { Config } from "./config.ts";
import type { Arrival } from "./observe.ts";

/**
 * Turns a 401 into what a browser needs. A reader who opens an address is sent to the sign-in page, which leads back. A
 * page's own request gets the 401 without the challenge, since a challenge makes the browser open its password dialog.
 * Programs keep the challenge, because some send a password only when challenged.
 */
export function forBrowsers(request: Request, response: Response, { config, linkId }: Arrival): Response {
  if (response.status !== 401) return response;
  if (linkId !== undefined) {
    // Nobody signs in for a link.
    response.headers.delete("WWW-Authenticate");
    return response;
  }
  if (config.admin === undefined) return response;
  if (isOpened(request)) return toSignInPage(request, config);
  if (isOfPage(request)) response.headers.delete("WWW-Authenticate");
  return response;
}

/** Whether a reader opened the address: by Sec-Fetch-Mode, or over plain http, where browsers omit that, by Accept. */
function isOpened({ method, headers }: Request): boolean {
  if (method !== "GET" || headers.has("Authorization") || headers.has(PAGE_HEADER)) return false;
  const mode = headers.get("Sec-Fetch-Mode");
  if (mode !== null) return mode === "navigate" && headers.get("Sec-Fetch-Dest") === "document";
  return /\btext\/html\b/.test(headers.get("Accept") ?? "");
}

/** Whether a page sent the request. Over plain http only PAGE_HEADER or Referer shows it. Node sends Sec-Fetch-Mode too. */
function isOfPage({ headers }: Request): boolean {
  return headers.has("Sec-Fetch-Site") || headers.has(PAGE_HEADER) || headers.has("Referer");
}

/** Redirects to a relative address, because a proxy may have removed the start of the path. */
function toSignInPage(request: Request, { staticPrefix }: Config): Response {
  const below = pathBelow(staticPrefix, rawPath(request));
  const root = "../".repeat(below.split("/").length - 2) || "./";
  const to = encodeURIComponent(below.slice(1) + rawQuery(request));
  return redirect(302, `${root}#/sign-in?to=${to}`);
}
