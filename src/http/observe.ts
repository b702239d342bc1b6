import { REQUEST_METRICS } from "../services/request-metrics.ts";
import type { Config } from "./config.ts";

/** What is known of a request before its route is, and then the route. Hono's handlers have it as `c.env`. */
export interface Arrival {
  readonly env: Env;
  readonly config: Config;
  readonly requestId: string;
  /** The runtime's clock, which stands still while nothing is waited for. */
  readonly startMs: number;
  /** The first path of the route that answers, such as `/api/2.0/mlflow/runs/get`. */
  route?: string;
}

const CLIENTS_ID = /^[\w.:-]{8,128}$/;

/** The id that a proxy or client gave, so that its log and this one can be read together, or a new one. */
export function requestIdOf(request: Request): string {
  const given = request.headers.get("X-Request-Id");
  return given !== null && CLIENTS_ID.test(given) ? given : crypto.randomUUID();
}

/** Says on an answer which request it is for and how long that took, counts it, and logs it where that is asked for. */
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
 * Whether someone reads an answer's id and time: whoever sent an id, a browser, whoever is refused. Both headers take 10 µs
 * of the 50 that the shortest request takes, and MLflow's client, which sends thousands, looks at neither.
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
