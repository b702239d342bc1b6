import { REQUEST_METRICS } from "../services/request-metrics.ts";
import type { Config } from "./config.ts";

/** What is known about a request before routing, and the route once it is found. Hono's handlers get it as `c.env`. */
export interface Arrival {
  readonly env: Env;
  readonly config: Config;
  readonly requestId: string;
  /** By the runtime's clock, which advances only during I/O. */
  readonly startMs: number;
  /** The id of the signed link below whose address the request is; absent for other requests. */
  readonly linkId?: string | undefined;
  /** The first path of the route that answers, such as `/api/2.0/mlflow/runs/get`. */
  route?: string;
}

const CLIENTS_ID = /^[\w.:-]{8,128}$/;

/** The id that a proxy or client gave, so that its log and this one can be matched; otherwise a new id. */
export function requestIdOf(request: Request): string {
  const given = request.headers.get("X-Request-Id");
  return given !== null && CLIENTS_ID.test(given) ? given : crypto.randomUUID();
}

/** Adds the request's id and duration to the response, counts the request, and logs it if the settings say so. */
export function observed(request: Request, response: Response, arrival: Arrival): Response {
  const { config, requestId, route } = arrival;
  const ms = Date.now() - arrival.startMs;
  if (config.countsRequests) {
    REQUEST_METRICS.observe(request.method, route ?? "other", response.status, ms / 1000);
  }
  if (config.logsRequests) {
    const { method } = request;
    log("info", requestId, { method, path: route ?? "other", status: response.status, duration_ms: ms });
  }
  if (!isTold(request, response)) return response;
  response.headers.set("X-Request-Id", requestId);
  response.headers.set("Server-Timing", `total;dur=${ms}`);
  return response;
}

/**
 * Whether the response gets the headers with its id and duration: if the client sent an id, is a browser, or is refused.
 * Both headers take 10 µs of the shortest request's 50 µs. MLflow's client, which sends thousands of requests, reads neither.
 */
function isTold({ headers }: Request, { status, webSocket }: Response): boolean {
  if (webSocket) return false;
  return status >= 400 || headers.has("X-Request-Id") || headers.has("Sec-Fetch-Mode");
}

/** One line of JSON, which Cloudflare's dashboard and log shippers can search by its fields. */
export function log(level: "info" | "error", requestId: string, fields: Readonly<Record<string, unknown>>): void {
  const line = JSON.stringify({ level, request_id: requestId, ...fields });
  if (level === "error") console.error(line);
  else console.log(line);
}
