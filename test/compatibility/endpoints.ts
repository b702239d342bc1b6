import { ROUTES } from "../../src/routes/table.ts";
import mlflowEndpoints from "./mlflow-3.17.2-endpoints.json" with { type: "json" };

/** Such as `POST mlflow/runs/create`: a method, and a path without its prefix, because several prefixes mean the same. */
export type Endpoint = string;

/** Every endpoint of MLflow 3.17.2's server with its basic-auth app, except the pages of its web UI. */
export const MLFLOW_ENDPOINTS: readonly Endpoint[] = mlflowEndpoints;

const PREFIX = /^\/(?:(?:ajax-)?api\/(?:2\.0\/preview|2\.0|3\.0)\/)?/;

/** Trackflare's own endpoints, and the page at the root: no client of MLflow's calls them. */
const OWN = /^\/(ui-api\/|shared\/|\.well-known\/|(ajax-)?api\/2\.0\/trackflare\/|$)/;

const SERVED = ROUTES.flatMap(({ method, paths }) =>
  paths
    .filter((path) => !OWN.test(path))
    .map((path) => ({
      endpoint: `${method} ${path.replace(PREFIX, "")}`,
      method,
      pattern: new RegExp(`^${path.replaceAll(/[.]/g, "\\.").replaceAll(/:\w+/g, "[^/]+").replace("/*", "/.+")}$`),
    })),
);

/** The endpoints of this and earlier versions of MLflow that Trackflare serves, in the order of its route table. */
export const SERVED_ENDPOINTS: readonly Endpoint[] = [...new Set(SERVED.map(({ endpoint }) => endpoint))];

/** The served endpoint of a request. */
export function endpointOf(method: string, target: string): Endpoint | undefined {
  const path = target.replace(/\?.*$/s, "");
  return SERVED.find((route) => route.method === method && route.pattern.test(path))?.endpoint;
}

/** Replaces parameters in a path, because the two lists name them differently. */
function withoutNames(endpoint: Endpoint): string {
  return endpoint.replaceAll(/:\w+/g, ":");
}

const served = new Set(SERVED_ENDPOINTS.map(withoutNames));
const ofMlflow = new Set(MLFLOW_ENDPOINTS.map(withoutNames));

/** The endpoints that MLflow has and Trackflare does not. */
export const ABSENT_ENDPOINTS: readonly Endpoint[] = MLFLOW_ENDPOINTS.filter((one) => !served.has(withoutNames(one)));

/** Whether only clients of earlier versions call the endpoint. */
export function isOfEarlierVersions(endpoint: Endpoint): boolean {
  return !ofMlflow.has(withoutNames(endpoint));
}
