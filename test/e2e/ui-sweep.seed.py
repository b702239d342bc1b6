"""Logs a sweep of 144 runs with the real client, in four groups of which one stops early, and prints the ids as JSON."""

import json
import math
import random

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

FIRST_MS = 1_760_000_000_000
RATES = ["0.1", "0.01", "4e-05", "0.000101", "3e-3", "0.5"]
SIZES = ["32", "64", "128", "256"]
MODELS = ["cnn", "mlp", "rnn", "vit"]
STEPS = 12
STEPS_OF_RNN = 6


def main() -> None:
    client = MlflowClient()
    experiment_id = client.create_experiment("sweep")
    chance = random.Random(7)
    runs = []
    for index in range(144):
        lr, size, model = RATES[index % 6], SIZES[(index // 6) % 4], MODELS[index // 36]
        run_id = client.create_run(experiment_id, FIRST_MS + 1000 * index, None, f"sweep-{index:03d}").info.run_id
        steps = STEPS_OF_RNN if model == "rnn" else STEPS
        best = 0.5 + 0.1 * MODELS.index(model) + 0.02 * math.log10(float(lr)) + 0.01 * chance.random()
        metrics = []
        for step in range(steps):
            acc = best * (1 - math.exp(-(step + 1) / 4))
            # Three steps are one epoch.
            for key, value in (("val/acc", acc), ("val/loss", 1 - acc), ("train/loss", 0.9 - acc), ("epoch", step // 3)):
                metrics.append(Metric(key, value, FIRST_MS + 1000 * index + step, step))
        params = [
            Param("lr", lr),
            Param("batch_size", size),
            Param("model", model),
            Param("seed", str(1000 + index)),
            Param("depth", "None" if index % 12 == 0 else str(index % 12)),
        ]
        client.log_batch(run_id, metrics, params, [RunTag("team", "a" if index % 2 else "b")])
        client.set_terminated(run_id, end_time=FIRST_MS + 1000 * index + 900)
        runs.append(run_id)
    print(json.dumps({"experimentId": experiment_id, "runs": runs}))


main()
