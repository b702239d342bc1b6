import { json } from "../wire/respond.ts";
import { type Method, nothing, type Route, route } from "../wire/route.ts";
import { onList } from "./permissions.ts";

/**
 * An empty answer to MLflow's web UI, which asks on its experiment and run pages for data that this server does not keep. It
 * is given only under `/ajax-api`, which browsers call: clients that log such data must get an error.
 */
const none = (method: Method, path: string, answer: object): Route =>
  route({
    method,
    paths: [`/ajax-api${path}`],
    permission: onList,
    input: nothing,
    handle: () => json(answer),
  });

/** Without these routes the UI shows errors where an MLflow server without traces and gateway shows empty lists. */
export const stockUiRoutes: readonly Route[] = [
  // MLflow's answer while MLFLOW_DEPLOYMENTS_TARGET is not set.
  none("GET", "/2.0/mlflow/gateway-proxy", { endpoints: [] }),
  none("POST", "/3.0/mlflow/traces/search", {}),
  none("POST", "/3.0/mlflow/traces/metrics", { data_points: [] }),
  // Evaluation datasets. Datasets that runs log are found by experiments/search-datasets.
  none("POST", "/3.0/mlflow/datasets/search", {}),
  none("GET", "/3.0/mlflow/scorers/list", {}),
];
