import { rawHost } from "../wire/raw-target.ts";
import { isLarge } from "../wire/respond.ts";
import { isLocalHost } from "./callers.ts";
import type { Config } from "./config.ts";

/** The content codings that the client accepts, without codings of weight 0. */
export function acceptedEncodings(request: Request): ReadonlySet<string> {
  const header = request.headers.get("Accept-Encoding") ?? "";
  const codings = header.split(",").map((part) => part.split(";").map((piece) => piece.trim().toLowerCase()));
  return new Set(codings.filter(([, weight]) => !/^q=0(\.0*)?$/.test(weight ?? "")).map(([coding = ""]) => coding));
}

/**
 * Compresses a large JSON response with gzip, if the client accepts gzip and is on another machine. For a client on this
 * machine, gzip would be slower (docs/architecture.md), although MLflow's client asks for it. On the edge, the platform
 * compresses.
 */
export function compress(request: Request, response: Response, config: Config): Response {
  if (!config.isOnOneMachine || !isLarge(response) || isLocalHost(rawHost(request))) return response;
  if (!acceptedEncodings(request).has("gzip")) return response;
  const compressed = new Response(response.body, response);
  // The runtime compresses the body because of this header.
  compressed.headers.set("Content-Encoding", "gzip");
  compressed.headers.append("Vary", "Accept-Encoding");
  return compressed;
}
