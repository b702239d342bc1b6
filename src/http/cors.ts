import { GUARDED_HEADERS } from "../wire/respond.ts";
import { pageOf } from "./callers.ts";
import type { Config } from "./config.ts";

/** Whether the page's origin is of this machine, or is listed by name. `*` lists no origin by name. */
function isNamed(request: Request, { allowedOrigins }: Config): boolean {
  const listed = new Set([...allowedOrigins].filter((origin) => origin !== "*"));
  return pageOf(request, listed) === "allowed";
}

const METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS";
/** How long a browser may cache a preflight, in seconds. This is Chromium's maximum. */
const KEEP_PERMISSION = "7200";

/**
 * Adds the CORS headers that let a page of an allowed origin read the response. Pages of this server need no permission,
 * and pages of other origins get none.
 */
export function allowPage(request: Request, response: Response, config: Config): Response {
  if (pageOf(request, config.allowedOrigins) !== "allowed" || response.webSocket) return response;
  const answer = new Response(response.body, response);
  answer.headers.set("Access-Control-Allow-Origin", request.headers.get("Origin") ?? "");
  // `*` opens this server to pages that bring credentials of their own, not to what the browser adds by itself.
  if (isNamed(request, config)) answer.headers.set("Access-Control-Allow-Credentials", "true");
  answer.headers.set("Access-Control-Expose-Headers", "*");
  answer.headers.append("Vary", "Origin");
  return answer;
}

/**
 * The response to a CORS preflight, by which a browser asks without credentials whether a page may send a request;
 * undefined if the request is not a preflight or the page may not.
 */
export function preflight(request: Request, config: Config): Response | undefined {
  if (request.method !== "OPTIONS" || !request.headers.has("Access-Control-Request-Method")) return undefined;
  if (pageOf(request, config.allowedOrigins) !== "allowed") return undefined;
  const headers = new Headers({
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Max-Age": KEEP_PERMISSION,
    ...GUARDED_HEADERS,
  });
  const asked = request.headers.get("Access-Control-Request-Headers");
  if (asked !== null) headers.set("Access-Control-Allow-Headers", asked);
  return new Response(null, { status: 204, headers });
}
