/** Lines to paste, by client. `{{URI}}` is this server's address without a slash at its end. */
const LINES = {
  Python: `pip install mlflow

import mlflow

mlflow.set_tracking_uri("{{URI}}")
mlflow.set_experiment("first")
with mlflow.start_run():
    mlflow.log_param("lr", 0.01)
    mlflow.log_metric("loss", 0.5, step=1)`,
  CLI: `export MLFLOW_TRACKING_URI={{URI}}
mlflow experiments search`,
  R: `install.packages("mlflow")

library(mlflow)
mlflow_set_tracking_uri("{{URI}}")
mlflow_set_experiment("first")
with(mlflow_start_run(), {
  mlflow_log_param("lr", 0.01)
  mlflow_log_metric("loss", 0.5, step = 1)
})`,
  Java: `// org.mlflow:mlflow-client
MlflowClient client = new MlflowClient("{{URI}}");
String experimentId = client.createExperiment("first");
String runId = client.createRun(experimentId).getRunId();
client.logMetric(runId, "loss", 0.5, System.currentTimeMillis(), 1);
client.setTerminated(runId);`,
  REST: `curl {{URI}}/api/2.0/mlflow/experiments/create \\
  -H 'Content-Type: application/json' \\
  -d '{"name": "first"}'`,
} as const;

export type Client = keyof typeof LINES;

export const CLIENTS = Object.keys(LINES) as Client[];

/** For servers that ask who is there: every MLflow client reads these. */
export const AUTH_LINES = `# a token
export MLFLOW_TRACKING_TOKEN=<token>
# or a name and a password
export MLFLOW_TRACKING_USERNAME=<name>
export MLFLOW_TRACKING_PASSWORD=<password>`;

export function connectLines(client: Client, uri: string): string {
  return LINES[client].replaceAll("{{URI}}", uri.replace(/\/+$/, ""));
}

/** This server's address, below its static prefix. */
export function serverUri(): string {
  return new URL(".", location.origin + location.pathname).href;
}
