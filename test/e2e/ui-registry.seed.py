"""Logs what the registry's screens show, with the real client, and prints the ids as JSON."""

import json
import sys

import mlflow
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

MODEL = "churn risk (100%)"
HOSTILE = "<img src=x onerror=alert(1)>"


class Doubler(mlflow.pyfunc.PythonModel):
    """The smallest model there is."""

    def predict(self, model_input: list[float]) -> list[float]:
        return [2 * value for value in model_input]


def main() -> None:
    client = MlflowClient()
    mlflow.set_experiment("registry")
    client.create_registered_model(MODEL, {"team": "red"}, f"A **registered** model. {HOSTILE}")
    client.create_registered_model(HOSTILE)
    client.register_prompt("prompt", "Say {{what}}.")
    runs = []
    for index in range(2):
        with mlflow.start_run(run_name=f"train-{index}") as run:
            mlflow.log_params({"lr": 0.1 / (1 + index), "depth": 4})
            mlflow.log_metric("loss", 0.5 / (1 + index))
            model = mlflow.pyfunc.log_model(
                name="model",
                python_model=Doubler(),
                signature=ModelSignature(Schema([ColSpec("double")]), Schema([ColSpec("double")])),
                pip_requirements=[],
                params={"depth": str(index)},
            )
            mlflow.log_metric("accuracy", 0.5 + index / 10, step=1, model_id=model.model_id)
        client.create_model_version(MODEL, f"models:/{model.model_id}", run.info.run_id, model_id=model.model_id)
        runs.append(run.info)
    client.set_registered_model_alias(MODEL, "champion", "1")
    ids = {
        "model": MODEL,
        "hostile": HOSTILE,
        "experimentId": runs[0].experiment_id,
        "runId": runs[1].run_id,
        "modelId": model.model_id,
    }
    json.dump(ids, sys.stdout)


if __name__ == "__main__":
    main()
