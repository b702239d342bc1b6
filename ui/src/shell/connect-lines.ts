/**
 * Lines to paste, by client. `{{URI}}` is this server's address without a slash at its end. `{{USER}}` is curl's option for
 * a server that asks for credentials.
 */
const LINES = {
  Python: `import mlflow  # pip install mlflow

mlflow.set_tracking_uri("{{URI}}")
mlflow.set_experiment("first")
with mlflow.start_run():
    mlflow.log_param("lr", 0.01)
    mlflow.log_metric("loss", 0.5, step=1)`,
  R: `library(mlflow)  # install.packages("mlflow"); pip install mlflow

mlflow_set_tracking_uri("{{URI}}")
mlflow_set_experiment("first")
with(mlflow_start_run(), {
  mlflow_log_param("lr", 0.01)
  mlflow_log_metric("loss", 0.5, step = 1)
})`,
  Java: `import org.mlflow.tracking.MlflowClient;  // Maven: org.mlflow:mlflow-client

MlflowClient client = new MlflowClient("{{URI}}");
String experimentId = client.getExperimentByName("first")
    .map(experiment -> experiment.getExperimentId())
    .orElseGet(() -> client.createExperiment("first"));
String runId = client.createRun(experimentId).getRunId();
client.logParam(runId, "lr", "0.01");
client.logMetric(runId, "loss", 0.5, System.currentTimeMillis(), 1);
client.setTerminated(runId);`,
  CLI: `export MLFLOW_TRACKING_URI={{URI}}
mlflow runs create --experiment-name first
mlflow experiments search`,
  REST: `post() {
  curl -s{{USER}} "{{URI}}/api/2.0/mlflow/$1" \\
    -H 'Content-Type: application/json' -d "$2"
}
run=$(post runs/create '{"experiment_id": "0"}' |
  grep -o '"run_id": *"[^"]*' | head -1 | cut -d '"' -f 4)
post runs/log-metric '{"run_id": "'$run'", "key": "loss",
  "value": 0.5, "step": 1, "timestamp": '$(date +%s)000'}'
post runs/update '{"run_id": "'$run'", "status": "FINISHED"}'`,
} as const;

export type Client = keyof typeof LINES;

export const CLIENTS = Object.keys(LINES) as Client[];

/** For servers that ask for credentials: every MLflow client reads these variables. */
export const CREDENTIAL_LINES = `export MLFLOW_TRACKING_USERNAME=<name>
export MLFLOW_TRACKING_PASSWORD=<password>`;

const CURL_USER = ' -u "$MLFLOW_TRACKING_USERNAME:$MLFLOW_TRACKING_PASSWORD"';

export function connectLines(client: Client, uri: string, asksForCredentials = false): string {
  return LINES[client]
    .replaceAll("{{URI}}", uri.replace(/\/+$/, ""))
    .replace("{{USER}}", asksForCredentials ? CURL_USER : "");
}

/** This server's address, below its static prefix. */
export function serverUri(): string {
  return new URL(".", location.origin + location.pathname).href;
}
