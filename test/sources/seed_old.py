"""Logs something of every kind that MLflow 1.30 and 2.8 have to the tracking URI given first."""

import sys

import mlflow
from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient

mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
first = client.create_experiment("Vision", tags={"team": "a"})
gone = client.create_experiment("1e5")
runs = []
for number in range(5):
    run_id = client.create_run(first, run_name="1e-03" if number == 4 else f"run {number}", tags={"n": str(number)}).info.run_id
    runs.append(run_id)
    client.log_batch(
        run_id,
        params=[Param("lr", repr(0.1 * number)), Param("nested/p", "two\nlines\n"), Param("long", "x" * 250)],
        tags=[RunTag("text", "ünïcode \"quoted\" \\ back")],
        metrics=[Metric("once", 0.1 + 0.2, 1700000000000 + number, 0)],
    )
for start in range(0, 1500, 500):
    client.log_batch(runs[0], metrics=[Metric("loss", 1 / (step + 1), 1700000000000 + step, step) for step in range(start, start + 500)])
client.log_batch(
    runs[0],
    metrics=[
        Metric("odd", float("nan"), 1, 1),
        Metric("odd", float("inf"), 2, 2),
        Metric("odd", float("-inf"), 3, 3),
        Metric("odd", 5e-324, 4, 4),
        Metric("odd", 1e308, 6, 2**62),
    ],
)
client.log_text(runs[0], "hello", "notes/deep/a.txt")
client.log_text(runs[1], "ü" * 1000, "with space.txt")
client.set_tag(runs[2], "mlflow.parentRunId", runs[0])
client.set_terminated(runs[0], "FINISHED", 1700000009000)
client.set_terminated(runs[1], "FAILED")
client.delete_run(runs[3])
client.create_run(gone)
client.delete_experiment(gone)
client.create_registered_model("iris", tags={"team": "a"}, description="flowers")
for run_id in runs[:3]:
    client.create_model_version("iris", f"{client.get_run(run_id).info.artifact_uri}/notes", run_id, tags={"x": "y"}, description="0o17")
client.transition_model_version_stage("iris", "1", "Production")
client.delete_model_version("iris", "2")
if hasattr(client, "set_registered_model_alias"):
    client.set_registered_model_alias("iris", "champion", "3")
