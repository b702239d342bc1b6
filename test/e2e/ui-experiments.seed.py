"""Logs what the list of experiments shows, with the real client, and prints the ids as JSON."""

import json
import sys

from mlflow import MlflowClient

HOSTILE = ["<img src=x onerror=alert(1)>", "x" * 480, "\u062a\u062c\u0631\u0628\u0629 \u202e gnp.exe", "\U0001f680 rockets"]


def main() -> None:
    client = MlflowClient()
    ids = {}
    for name in ["baseline", "nlp/bert", "vision/resnet/augment", "vision/resnet/sweep", "vision/vit", *HOSTILE]:
        tags = {"team": "red" if name == "baseline" else "blue"}
        if name == "baseline":
            tags["mlflow.note.content"] = "What **everything** is compared with."
        ids[name] = client.create_experiment(name, tags=tags)
    for index in range(3):
        run = client.create_run(ids["vision/resnet/sweep"], run_name=f"needle-{index}")
        client.log_metric(run.info.run_id, "loss", 1 / (1 + index))
        if index > 0:
            client.set_terminated(run.info.run_id)
    json.dump({"ids": ids, "hostile": HOSTILE, "runId": run.info.run_id}, sys.stdout)


if __name__ == "__main__":
    main()
