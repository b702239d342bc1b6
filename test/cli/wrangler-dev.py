"""Logs to a server and reads it back, with the real client; prints what came back as JSON."""

import json
import tempfile

import mlflow

mlflow.set_experiment("on the edge's own runtime")
with mlflow.start_run() as run:
    mlflow.log_param("lr", 0.1)
    for step in range(3):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_text("kept in R2", "folder/notes.txt")

client = mlflow.MlflowClient()
found = mlflow.search_runs(filter_string="metrics.loss < 0.5 and params.lr = '0.1'", output_format="list")
with tempfile.TemporaryDirectory() as folder:
    path = client.download_artifacts(run.info.run_id, "folder/notes.txt", folder)
    with open(path) as file:
        text = file.read()
files = [file.path for file in client.list_artifacts(run.info.run_id, "folder")]
history = [point.value for point in client.get_metric_history(run.info.run_id, "loss")]
print(json.dumps({"found": len(found), "history": history, "files": files, "text": text}))
