"""Logs something of every kind to the tracking URI given first, with what is rare: NaN, infinities, int64, deleted things."""

import sys

import mlflow
from mlflow.entities import LoggedModelInput, LoggedModelOutput, Metric, Param, RunTag
from mlflow.tracking import MlflowClient

mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
IS_SERVER = sys.argv[1].startswith("http")
# Only a database keeps steps as they are; the file store, as they were written.
BIG = 2**62

first = client.create_experiment("Vision", tags={"team": "a", "mlflow.note.content": "the first"})
second = client.create_experiment("vision")
# Texts that YAML writes without quotes, and that look like numbers.
gone = client.create_experiment("1e5")

runs = []
for number in range(6):
    run = client.create_run(first if number % 2 else second, run_name="1e-03" if number == 5 else f"run {number}", tags={"n": str(number)})
    run_id = run.info.run_id
    runs.append(run_id)
    client.log_batch(
        run_id,
        params=[Param("lr", repr(0.1 * number)), Param("nested/p", "two\nlines\n"), Param("long", "x" * 5999)],
        tags=[RunTag("text", "ünïcode ✓ \"quoted\" \\ back"), RunTag("long", "y" * 4999)],
        metrics=[Metric("once", 0.1 + 0.2, 1700000000000 + number, 0)],
    )
client.log_batch(
    runs[0],
    metrics=[Metric("deep/loss", 1 / (step + 1), 1700000000000 + step, step) for step in range(900)]
    + [
        Metric("odd", float("nan"), 1, 1),
        Metric("odd", float("inf"), 2, 2),
        Metric("odd", float("-inf"), 3, 3),
        Metric("odd", 5e-324, 4, 4),
        Metric("odd", -0.0, 5, -5),
        Metric("odd", 1e308, 6, 6),
        Metric("odd", 123456789012345678.0, 7, BIG),
    ],
)
client.log_text(runs[0], "hello", "notes/deep/a.txt")
client.log_text(runs[0], "", "empty.txt")
client.log_text(runs[1], "ü" * 1000, "with space & ünï.txt")
client.set_tag(runs[2], "mlflow.parentRunId", runs[0])
client.set_terminated(runs[0], "FINISHED", 1700000009000)
client.set_terminated(runs[1], "FAILED")
client.set_terminated(runs[3], "KILLED")
client.delete_run(runs[4])
client.set_experiment_tag(gone, "k", "v")
client.create_run(gone)
client.delete_experiment(gone)

import pandas as pd

frame = mlflow.data.from_pandas(pd.DataFrame({"a": [1.0, 2.0]}), name="train")
with mlflow.start_run(run_id=runs[2]):
    mlflow.log_input(frame, context="training", tags={"source": "csv"})
with mlflow.start_run(run_id=runs[3]):
    mlflow.log_input(frame, context="evaluation")
mlflow.set_experiment("Vision")
with mlflow.start_run(run_id=runs[1]):
    model = mlflow.initialize_logged_model(name="net", params={"C": "1"}, tags={"a": "b"}, model_type="classifier")
    mlflow.log_metric("accuracy", 0.1 + 0.2, step=3, model_id=model.model_id)
    if IS_SERVER:
        mlflow.log_metric("f1", 0.5, step=3, model_id=model.model_id, dataset=frame)
    mlflow.finalize_logged_model(model.model_id, "READY")
    pending = mlflow.initialize_logged_model(name="unfinished")
client.log_inputs(runs[2], models=[LoggedModelInput(model.model_id)])
client.log_outputs(runs[1], [LoggedModelOutput(model.model_id, 7)])

client.create_registered_model("iris", tags={"team": "a"}, description="flowers")
client.create_registered_model("Iris", description="1e2")
for source in (f"runs:/{runs[0]}/notes", f"{client.get_run(runs[0]).info.artifact_uri}/notes", f"runs:/{runs[1]}/m"):
    client.create_model_version("iris", source, runs[0] if runs[0] in source else runs[1], tags={"x": "y"}, description="0o17")
client.create_model_version("iris", f"models:/{model.model_id}", model_id=model.model_id)
client.transition_model_version_stage("iris", "1", "Production")
client.transition_model_version_stage("iris", "2", "Archived")
client.set_registered_model_alias("iris", "champion", "2")
client.set_registered_model_alias("iris", "other", "4")
client.delete_model_version("iris", "3")
mlflow.genai.register_prompt("greeting", "Hello {{name}}", commit_message="first") if IS_SERVER else None
