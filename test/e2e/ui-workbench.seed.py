"""Logs two experiments of image classifiers with the real client: curves, code versions, datasets, texts, images. Prints their ids as JSON."""

import json
import math
import random
import tempfile
import wave

import numpy as np
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

FIRST_MS = 1_760_000_000_000
STEPS = 30
REPOSITORY = "git@github.com:acme/vision.git"
COMMITS = ["a1b2c3d4" * 5, "0f1e2d3c" * 5]

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"language_info": {"name": "python"}},
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Findings\n", "All **good**."]},
        {
            "cell_type": "code",
            "metadata": {},
            "execution_count": 3,
            "source": ["def f(x):\n", "    return x + 1\n"],
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["printed\n"]},
                {"output_type": "display_data", "metadata": {}, "data": {"image/png": PNG, "text/plain": ["<Figure>"]}},
                {
                    "output_type": "execute_result",
                    "execution_count": 3,
                    "metadata": {},
                    "data": {"text/html": ["<img src=x onerror='document.title=1'>"], "text/plain": ["a table"]},
                },
                {"output_type": "error", "ename": "E", "evalue": "bad", "traceback": ["\x1b[31mE\x1b[0m: bad"]},
            ],
        },
    ],
}

PER_CLASS_METRICS = """\
positive_class,true_negatives,false_positives,false_negatives,true_positives,example_count,accuracy_score,recall_score
cat,99,1,3,47,150,0.97,0.94
dog,100,0,0,50,150,1.0,1.0
"""

CONFUSION = ",cat,dog,bird\ncat,40,8,2\ndog,5,45,0\nbird,1,1,48\n"
ROC = "class,fpr,tpr,threshold\ncat,0,0,1\ncat,0,0.5,0.8\ncat,0.5,1,0.4\ncat,1,1,0\ndog,0,0,1\ndog,0,1,0.5\ndog,1,1,0\n"
PRECISION_RECALL = "recall,precision,threshold\n0,1,1\n0.5,1,0.8\n1,0.5,0.1\n"

client = MlflowClient()
experiments = [client.create_experiment("team/vision"), client.create_experiment("team/speech")]
client.set_experiment_tag(experiments[0], "mlflow.note.content", "Classifiers of **cats**.\n\nEnergy is $E = mc^2$.")
chance = random.Random(3)


def log(index: int, experiment: str, name: str, status: str = "FINISHED", parent: str | None = None) -> str:
    start_ms = FIRST_MS + 60_000 * index
    tags = {
        "mlflow.source.name": "train.py",
        "mlflow.source.git.repoURL": REPOSITORY,
        "mlflow.source.git.commit": COMMITS[index % 2],
        "mlflow.source.git.branch": "main",
        "team": "vision",
        **({"mlflow.parentRunId": parent} if parent else {}),
    }
    run_id = client.create_run(experiment, start_ms, tags, name).info.run_id
    rate = 10 ** (-4 + (index % 6) / 2)
    depth = 2 + index % 4
    final = 0.9 - 0.08 * (math.log10(rate) + 2.5) ** 2 - 0.01 * depth
    metrics = []
    for step in range(STEPS):
        acc = final * (1 - math.exp(-(step + 1) / 6)) + 0.01 * chance.random()
        for key, value in (("val/acc", acc), ("val/loss", 1.2 - acc), ("train/loss", 1.1 - acc), ("lr", rate)):
            metrics.append(Metric(key, value, start_ms + 1000 * step, step))
    params = [Param("lr", f"{rate:.4g}"), Param("depth", str(depth)), Param("optimizer", ["adam", "sgd"][index % 2])]
    client.log_batch(run_id, metrics, params, [])
    data = Dataset("cats", ["d1a2", "e3f4"][index // 3 % 2], "local", '{"uri": "/data/cats"}')
    client.log_inputs(run_id, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
    if status != "RUNNING":
        client.set_terminated(run_id, status, start_ms + 45_000)
    return run_id


def log_files(run_id: str, index: int) -> None:
    client.log_text(run_id, f"lr: {index}\ndepth: 3\nseed: 7\naugment:\n  flip: true\n  noise: {index / 10}\n", "config.yaml")
    client.log_text(run_id, "same in every run\n", "notes/same.txt")
    image = np.full((24, 24, 3), 40 * index % 255, dtype=np.uint8)
    for step in range(3):
        client.log_image(run_id, image + 20 * step, key="sample", step=step)
    client.log_image(run_id, image, artifact_file="plots/confusion.png")
    if index == 0:
        client.log_text(run_id, "import torch\n\nprint(torch.rand(3))\n", "train.py")
        client.log_text(run_id, CONFUSION, "confusion_matrix.csv")
        client.log_text(run_id, ROC, "roc_curve_data.csv")
        client.log_text(run_id, PRECISION_RECALL, "precision_recall_curve.csv")
    client.log_text(run_id, "\x1b[32mepoch 1\x1b[0m loss 0.5\n10%|#    |\r100%|#####| done\n\x1b[31mfailed\x1b[0m\n", "train.log")
    client.log_text(run_id, json.dumps(NOTEBOOK), "report.ipynb")
    # As MLflow's evaluator writes it.
    client.log_text(run_id, PER_CLASS_METRICS, "per_class_metrics.csv")
    client.log_text(run_id, "The loss is $\\sum_i (y_i - x_i)^2$, for $5 and $6.\n\n$$E = mc^2$$\n\n![picture](../plots/confusion.png)\n", "notes/math.md")
    with tempfile.TemporaryDirectory() as folder:
        with wave.open(f"{folder}/noise.wav", "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(b"\0\0" * 8000)
        client.log_artifact(run_id, f"{folder}/noise.wav")
        np.save(f"{folder}/weights.npy", np.arange(12, dtype=np.float32).reshape(3, 4) / 4)
        client.log_artifact(run_id, f"{folder}/weights.npy")
    rows = 6
    client.log_table(
        run_id,
        {
            "prompt": [f"question {row}" for row in range(rows)],
            "answer": [f"answer {row} of run {index}, " + "long " * 30 for row in range(rows)],
            "score": [round(math.sin(row + index), 3) for row in range(rows)],
        },
        "eval.json",
    )


runs = [log(index, experiments[0], f"vit-{index:02}") for index in range(12)]
for index, run_id in enumerate(runs[:3]):
    log_files(run_id, index)
parent = log(12, experiments[0], "search")
children = [log(13 + index, experiments[0], f"trial-{index}", parent=parent) for index in range(3)]
speech = [log(20 + index, experiments[1], f"asr-{index}") for index in range(2)]
failed = log(30, experiments[1], "asr-failed", "FAILED")
running = log(31, experiments[1], "asr-running", "RUNNING")
print(
    json.dumps(
        {
            "experiments": experiments,
            **{"runs": runs, "parent": parent, "children": children, "speech": speech, "failed": failed, "running": running},
        }
    )
)
