"""Logs runs to compare with the real client, and prints their ids as JSON."""

import json
import math

import mlflow
from mlflow.entities import Metric, Param

FIRST_MS = 1_760_000_000_000
HOSTILE = '<img src=x onerror="document.title=1">'
NAMES = [HOSTILE, "שלום 🚀 run", "=run,3", "n" * 500, "{a|markup}"]

client = mlflow.MlflowClient()
experiments = [client.create_experiment("compare one"), client.create_experiment("compare two")]


def log(index: int) -> str:
    name = NAMES[index] if index < len(NAMES) else f"run-{index:02}"
    experiment = experiments[index % 2]
    run_id = client.create_run(experiment, start_time=FIRST_MS + 1000 * index, run_name=name).info.run_id
    rate = 10 ** (-1 - (index % 6) / 2)
    depth = 2 + index % 5
    accuracy = 0.95 - 0.03 * abs(math.log10(rate) + 2.5) - 0.02 * abs(depth - 4)
    params = {
        "lr": f"{rate:.6g}",
        "depth": str(depth),
        "optimizer": ["adam", "sgd", "lion"][index % 3],
        "same": "always",
        HOSTILE[:4].strip("<") + " spaced name": "1",
    }
    if index == 1:
        params["only here"] = HOSTILE
    losses = [Metric("loss", 2 * math.exp(-step / 10) + (1 - accuracy), FIRST_MS + step, step) for step in range(40)]
    metrics = [Metric("val/acc", accuracy, FIRST_MS, 0), Metric("constant", 1.0, FIRST_MS, 0)]
    if index == 2:
        metrics.append(Metric("odd", math.nan, FIRST_MS, 0))
    client.log_batch(run_id, metrics=losses + metrics, params=[Param(key, value) for key, value in params.items()])
    client.set_tag(run_id, "team", ["vision", "speech"][index % 2])
    client.set_terminated(run_id, end_time=FIRST_MS + 60_000 + 1000 * index)
    return run_id


def log_one_of_many(index: int) -> str:
    """Best in the middle of the rates; the seed says nothing."""
    rate = 10 ** (-5 + 4 * index / 99)
    run_id = client.create_run(experiments[index % 2], start_time=FIRST_MS + index, run_name=f"many-{index:02}").info.run_id
    metrics = [
        Metric("aa/unrelated", float(index * 31 % 11), FIRST_MS, 0),
        Metric("val/acc", 0.9 - 0.05 * (math.log10(rate) + 3) ** 2, FIRST_MS, 0),
    ]
    client.log_batch(run_id, metrics=metrics, params=[Param("lr", f"{rate:.6g}"), Param("seed", str(index * 17 % 7))])
    client.set_terminated(run_id, end_time=FIRST_MS + 60_000)
    return run_id


seed = {"experiments": experiments, "runs": [log(index) for index in range(24)]}
print(json.dumps({**seed, "hundred": [log_one_of_many(index) for index in range(100)]}))
