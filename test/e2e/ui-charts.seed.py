"""Logs runs for charts with the real client, and prints their ids as JSON."""

import json
import math

import mlflow
from mlflow.entities import Metric

LONG = 20_000
OUTLIER_STEP = 12_345
OUTLIER = 1e6
FIRST_MS = 1_760_000_000_000
NAMES = ['<img src=x onerror="document.title=1">', "שלום 🚀 run", "=run,3"]

client = mlflow.MlflowClient()
experiment_id = client.create_experiment("charts")


def metrics(key: str, values: list[float]) -> list[Metric]:
    return [Metric(key, value, FIRST_MS + 1000 * step, step) for step, value in enumerate(values)]


def log(run_id: str, points: list[Metric]) -> None:
    for start in range(0, len(points), 1000):
        client.log_batch(run_id, metrics=points[start : start + 1000])


def start(name: str) -> str:
    return client.create_run(experiment_id, start_time=FIRST_MS, run_name=name).info.run_id


runs = []
for index, name in enumerate(NAMES):
    run_id = start(name)
    log(run_id, metrics("train/loss", [math.exp(-step / (30 + 10 * index)) + 0.02 * math.sin(step) for step in range(200)]))
    log(run_id, metrics("train/acc", [1 - math.exp(-step / (40 + 10 * index)) for step in range(200)]))
    log(run_id, metrics("val/loss", [math.nan if step % 7 == 3 else math.exp(-step / 8) for step in range(20)]))
    log(run_id, metrics("lr", [10 ** (-1 - step / 50) for step in range(200)]))
    log(run_id, metrics("system/cpu_utilization_percentage", [50 + 10 * math.sin(step / 5 + index) for step in range(60)]))
    client.log_metric(run_id, "final_score", 0.9 + index / 100)
    client.log_param(run_id, "kind", "odd" if index == 1 else "even")
    client.set_terminated(run_id, end_time=FIRST_MS + 200_000)
    runs.append(run_id)

long = start("long")
log(long, metrics("loss", [OUTLIER if step == OUTLIER_STEP else math.sin(step / 900) for step in range(LONG)]))
client.set_terminated(long, end_time=FIRST_MS + 1000 * LONG)

live = start("live")
log(live, metrics("loss", [1.0, 0.9, 0.8]))
empty = start("empty")

many_experiment_id = client.create_experiment("many")
many = [client.create_run(many_experiment_id, run_name=f"many-{index}").info.run_id for index in range(36)]
for run_id in many:
    log(run_id, metrics("loss", [1.0, 0.5]))

print(
    json.dumps(
        {
            **{"experimentId": experiment_id, "runs": runs, "long": long, "live": live, "empty": empty},
            **{"manyExperimentId": many_experiment_id, "many": many},
            **{"outlierStep": OUTLIER_STEP, "outlier": OUTLIER, "longPoints": LONG},
        }
    )
)
