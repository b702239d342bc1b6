"""Logs what the pages of MLflow's web UI show, with the real client, and prints the ids as JSON."""

import json
import sys
import tempfile
import time
from pathlib import Path

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from PIL import Image

EXPERIMENT = "stock-ui"
MODEL = "stock-model"
STEPS = 40


class Doubler(mlflow.pyfunc.PythonModel):
    """The smallest model there is."""

    def predict(self, model_input: list[float]) -> list[float]:
        return [2 * value for value in model_input]


def log_run(client: MlflowClient, index: int, now_ms: int) -> str:
    """A finished run with params, tags, a history of training and of system metrics, a dataset, artifacts and a model."""
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [2.0, 4.0, 6.0]})
    dataset = mlflow.data.from_pandas(frame, source="https://example.com/points.csv", name="points", targets="y")
    with mlflow.start_run(run_name=f"run-{index}", description=f"The **{index}th** run.") as run:
        run_id = run.info.run_id
        metrics = [
            Metric(key, (1 + index) / (1 + step), now_ms + 1000 * step, step)
            for step in range(STEPS)
            for key in ("loss", "val/loss", "system/cpu_utilization_percentage", "system/system_memory_usage_megabytes")
        ]
        params = [Param("lr", str(0.1 / (1 + index))), Param("optimizer", ["adam", "sgd", "adam"][index])]
        client.log_batch(run_id, metrics, params, [RunTag("team", ["red", "blue", "red"][index])])
        mlflow.log_input(dataset, context="training")
        log_files()
        model = mlflow.pyfunc.log_model(
            name="model",
            python_model=Doubler(),
            signature=ModelSignature(Schema([ColSpec("double")]), Schema([ColSpec("double")])),
            input_example=[1.0, 2.0],
            pip_requirements=[],
            params={"depth": str(index)},
        )
        mlflow.log_metric("accuracy", 0.5 + index / 10, step=1, model_id=model.model_id, dataset=dataset)
    return run_id


def log_files() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Image.new("RGB", (32, 32), (200, 30, 30)).save(Path(folder, "picture.png"))
        Path(folder, "notes.txt").write_text("The text of the notes.\n")
        Path(folder, "table.csv").write_text("name,amount\nfirst,1\nsecond,2\n")
        Path(folder, "page.html").write_text("<h1>A page of its own</h1>")
        Path(folder, "README.md").write_text("# Heading of the readme\n")
        mlflow.log_artifacts(folder, "files")
    mlflow.log_table({"question": ["why"], "answer": ["because"]}, "answers.json")


def main() -> None:
    client = MlflowClient()
    experiment_id = client.create_experiment(EXPERIMENT, tags={"mlflow.note.content": "What the **pages** show."})
    mlflow.set_experiment(EXPERIMENT)
    now_ms = int(time.time() * 1000)
    run_ids = [log_run(client, index, now_ms) for index in range(3)]
    with mlflow.start_run(run_id=run_ids[0]):
        with mlflow.start_run(run_name="child", nested=True) as child:
            mlflow.log_metric("loss", 0.25)
    client.create_registered_model(MODEL, {"team": "red"}, "A **registered** model.")
    for run_id in run_ids[:2]:
        [output] = client.get_run(run_id).outputs.model_outputs
        client.create_model_version(MODEL, f"models:/{output.model_id}", run_id, model_id=output.model_id)
    client.set_registered_model_alias(MODEL, "champion", "1")
    client.set_model_version_tag(MODEL, "1", "checked", "yes")
    [output] = client.get_run(run_ids[0]).outputs.model_outputs
    ids = {
        "experimentId": experiment_id,
        "runIds": run_ids,
        "childRunId": child.info.run_id,
        "modelId": output.model_id,
    }
    json.dump(ids, sys.stdout)


if __name__ == "__main__":
    main()
