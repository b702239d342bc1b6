import { rawPath, rawQuery } from "../wire/raw-target.ts";
import { PAGE_HEADER } from "./browser.ts";
import type { Config } from "./config.ts";

/**
 * What a 401 becomes for a browser. A reader who opens an address gets the page to sign in at, which leads back. A page's own
 * request keeps the 401 without its challenge, at which the browser would ask for the password in a dialog of its own.
 * Programs keep the challenge: some send a password only when they are asked.
 */
export function forBrowsers(request: Request, response: Response, config: Config): Response {
  if (response.status !== 401 || config.admin === undefined) return response;
  if (isOpened(request)) return toSignInPage(request, config);
  if (isOfPage(request)) response.headers.delete("WWW-Authenticate");
  return response;
}

/** Whether a reader opened the address: by the browser's word, or where it gives none, over plain http, by what it asks for. */
function isOpened({ method, headers }: Request): boolean {
  if (method !== "GET" || headers.has("Authorization") || headers.has(PAGE_HEADER)) return false;
  const mode = headers.get("Sec-Fetch-Mode");
  if (mode !== null) return mode === "navigate" && headers.get("Sec-Fetch-Dest") === "document";
  return /\btext\/html\b/.test(headers.get("Accept") ?? "");
}

/** Over plain http by the page's own header, or by the page that the browser names. Node's fetch sends Sec-Fetch-Mode too. */
function isOfPage({ headers }: Request): boolean {
  return headers.has("Sec-Fetch-Site") || headers.has(PAGE_HEADER) || headers.has("Referer");
}

/** By a relative address, as a proxy may have taken the start of the path away. */
function toSignInPage(request: Request, { staticPrefix }: Config): Response {
  const path = rawPath(request);
  const below = staticPrefix !== "" && path.startsWith(`${staticPrefix}/`) ? path.slice(staticPrefix.length) : path;
  const root = "../".repeat(below.split("/").length - 2) || "./";
  const to = encodeURIComponent(below.slice(1) + rawQuery(request));
  return new Response(null, {
    status: 302,
    headers: { Location: `${root}#/sign-in?to=${to}`, "Cache-Control": "no-store" },
  });
}
