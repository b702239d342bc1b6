import { rawHost } from "../wire/raw-target.ts";
import { isLarge } from "../wire/respond.ts";
import { isLocalHost } from "./callers.ts";
import type { Config } from "./config.ts";

/** The codings that the client takes, without those that it gives no weight. */
export function acceptedEncodings(request: Request): ReadonlySet<string> {
  const header = request.headers.get("Accept-Encoding") ?? "";
  const codings = header.split(",").map((part) => part.split(";").map((piece) => piece.trim().toLowerCase()));
  return new Set(codings.filter(([, weight]) => !/^q=0(\.0*)?$/.test(weight ?? "")).map(([coding = ""]) => coding));
}

/**
 * A large JSON answer by gzip, where the client takes it and is on another machine. To this machine, which MLflow's client
 * asks for gzip too, it would be slower (docs/architecture.md); on the edge the platform compresses.
 */
export function compress(request: Request, response: Response, config: Config): Response {
  if (!config.isOnOneMachine || !isLarge(response) || isLocalHost(rawHost(request))) return response;
  if (!acceptedEncodings(request).has("gzip")) return response;
  const compressed = new Response(response.body, response);
  // The runtime encodes by what the header says.
  compressed.headers.set("Content-Encoding", "gzip");
  compressed.headers.append("Vary", "Accept-Encoding");
  return compressed;
}
