import { json } from "../wire/respond.ts";
import { type Method, nothing, type Route, route } from "../wire/route.ts";
import { onList } from "./permissions.ts";

/**
 * A question of MLflow's web UI, on the pages of experiments and runs, about what this server does not keep: there is
 * none of it. Under `/ajax-api` alone, where browsers ask: clients that log such things must hear that they cannot.
 */
const none = (method: Method, path: string, answer: object): Route =>
  route({
    method,
    paths: [`/ajax-api${path}`],
    permission: onList,
    input: nothing,
    handle: () => json(answer),
  });

/** Without them the UI shows errors where an MLflow server without traces and a gateway shows empty lists. */
export const stockUiRoutes: readonly Route[] = [
  // As MLflow answers while MLFLOW_DEPLOYMENTS_TARGET is not set.
  none("GET", "/2.0/mlflow/gateway-proxy", { endpoints: [] }),
  none("POST", "/3.0/mlflow/traces/search", {}),
  none("POST", "/3.0/mlflow/traces/metrics", { data_points: [] }),
  // Of evaluation datasets; those that runs log are found by experiments/search-datasets.
  none("POST", "/3.0/mlflow/datasets/search", {}),
  none("GET", "/3.0/mlflow/scorers/list", {}),
];
