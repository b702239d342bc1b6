"""Logs what the table of runs shows, with the real client, and prints the ids as JSON."""

import json

from mlflow import MlflowClient

HOSTILE = [
    '<img src=x onerror="alert(1)">',
    "x" * 500,
    "שלום עולם 🚀",
    "=HYPERLINK(1)",
]
FIRST_MS = 1_760_000_000_000


def main() -> None:
    client = MlflowClient()
    experiment_id = client.create_experiment("runs")
    empty_id = client.create_experiment("no runs")
    ids = []

    def log(name: str, index: int, tags: dict[str, str] | None = None) -> str:
        run = client.create_run(experiment_id, FIRST_MS + 1000 * index, tags, name)
        run_id = run.info.run_id
        client.log_param(run_id, "model", "cnn" if index % 2 else "mlp")
        client.log_param(run_id, "seed", "7")
        for step, value in enumerate([0.5, 0.9, 0.1 * index]):
            client.log_metric(run_id, "acc", value, step=step)
        client.log_metric(run_id, "val/loss", 10 - index)
        client.set_terminated(run_id, end_time=FIRST_MS + 1000 * index + 4200)
        ids.append(run_id)
        return run_id

    for index in range(6):
        log(f"plain-{index}", index)
    parent = log("parent", 6)
    for index in range(2):
        log(f"child-{index}", 7 + index, {"mlflow.parentRunId": parent})
    for index, name in enumerate(HOSTILE):
        log(name, 9 + index)
    print(json.dumps({"experimentId": experiment_id, "emptyId": empty_id, "runs": ids, "hostile": HOSTILE}))


main()
