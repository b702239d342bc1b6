"""Logs a family of runs with the real client, and prints their ids as JSON."""

import json
import time

import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, Metric, Param, RunTag

HOSTILE = "<img src=x onerror=\"document.title='hacked'\">"
FIRST_MS = 1_760_000_000_000
MANY = 1200

client = mlflow.MlflowClient()
experiment_id = client.create_experiment("run page")
now_ms = int(time.time() * 1000)

parent = client.create_run(experiment_id, start_time=FIRST_MS, run_name="sweep").info.run_id
run = client.create_run(
    experiment_id,
    start_time=FIRST_MS,
    run_name="winner",
    tags={
        "mlflow.parentRunId": parent,
        "mlflow.source.name": "train.py",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": "0123456789abcdef0123456789abcdef01234567",
        "mlflow.source.git.repoURL": "https://github.com/example/repo.git",
        "mlflow.user": "ada",
        "mlflow.note.content": f"# A note\n\n**bold** {HOSTILE} [bad](javascript:alert(1))\n\n<script>document.title='hacked'</script>",
        "team": "blue",
        HOSTILE[:60]: HOSTILE,
    },
).info.run_id
for step, value in enumerate([0.5, 0.1, 0.9, 0.7]):
    client.log_metric(run, "acc", value, timestamp=FIRST_MS + 1000 * step, step=step)
client.log_batch(
    run,
    metrics=[
        Metric("loss", float("nan"), FIRST_MS, 0),
        Metric("a b: key", 1.25, FIRST_MS, 0),
        Metric("system/cpu_utilization_percentage", 12.5, FIRST_MS, 0),
    ],
    params=[Param("lr", "0.001"), Param("optimizer", "adam"), Param("a" * 200, "x" * 500), Param("note", HOSTILE)],
)
dataset = Dataset(name="iris", digest="abc123", source_type="s3", source='{"uri": "s3://flowers"}')
client.log_inputs(run, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])
model = client.create_logged_model(experiment_id, name="tree", source_run_id=run)
client.log_outputs(run, [LoggedModelOutput(model.model_id, 0)])
client.finalize_logged_model(model.model_id, "READY")
client.set_terminated(run, end_time=FIRST_MS + 125_000)
for index in range(3):
    child = client.create_run(
        experiment_id, start_time=FIRST_MS, run_name=f"child {index}", tags={"mlflow.parentRunId": run}
    )
    client.set_terminated(child.info.run_id, status="FAILED" if index == 2 else "FINISHED")

many = client.create_run(experiment_id, start_time=FIRST_MS, run_name="many keys").info.run_id
for first in range(0, MANY, 600):
    client.log_batch(many, metrics=[Metric(f"layer/{key:04}", key / 7, FIRST_MS, 1) for key in range(first, first + 600)])
client.set_terminated(many)

stalled = client.create_run(experiment_id, start_time=now_ms - 3_600_000, run_name="silent").info.run_id
live = client.create_run(experiment_id, start_time=now_ms, run_name="live").info.run_id
client.log_metric(live, "loss", 1.0, timestamp=now_ms, step=0)
hostile = client.create_run(experiment_id, start_time=FIRST_MS, run_name=HOSTILE + "שלום 🚀" + "x" * 400).info.run_id
client.set_terminated(hostile)

print(
    json.dumps(
        {
            **{"experimentId": experiment_id, "run": run, "parent": parent, "many": many, "stalled": stalled},
            **{"live": live, "hostile": hostile, "modelId": model.model_id, "hostileName": HOSTILE},
        }
    )
)
