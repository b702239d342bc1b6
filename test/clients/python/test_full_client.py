"""The full package of an older MLflow, where test/conformance has the skinny one: that era's topics, and what needs
pandas and scikit-learn."""

import importlib
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from textwrap import dedent

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

ERA = importlib.import_module(f"mlflow_{mlflow.__version__.replace('.', '_')}")
BOTH = ["experiments", "experiment_search", "runs", "deletion", "logging", "metric_history", "artifacts", "search"]
OWN = {"1.30.1": ["old_listings"], "2.8.1": ["datasets", "parents", "aliases"]}
TIMEOUT_S = 120
TRAIN = """
    import sys
    import mlflow

    with mlflow.start_run():
        mlflow.log_metric("double", 2 * float(sys.argv[1]))
"""
PROJECT = """
    name: doubling
    entry_points:
      main:
        parameters:
          alpha: float
        command: "python train.py {alpha}"
"""


@pytest.fixture
def unique() -> str:
    """A name no other test uses."""
    return uuid.uuid4().hex[:12]


@pytest.fixture
def quiet_autolog():
    mlflow.sklearn.autolog(silent=True, max_tuning_runs=3)
    yield
    mlflow.sklearn.autolog(disable=True, silent=True)


def cli(*arguments: str) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "mlflow"), *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("topic", [*BOTH, "registry", "command_line", *OWN[mlflow.__version__]])
def test_topic(topic: str, unique: str) -> None:
    getattr(ERA, topic)(unique)


def test_autolog(quiet_autolog: None, client: MlflowClient, experiment: str) -> None:
    features, target = load_iris(return_X_y=True, as_frame=True)
    with mlflow.start_run() as active:
        tree = DecisionTreeClassifier(max_depth=2, random_state=0).fit(features, target)
    run = client.get_run(active.info.run_id)
    assert (run.info.status, run.data.params["max_depth"]) == ("FINISHED", "2")
    assert run.data.metrics["training_score"] == tree.score(features, target)
    loaded = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert list(loaded.predict(features)) == list(tree.predict(features))


def test_grid_search(quiet_autolog: None, client: MlflowClient, experiment: str) -> None:
    features, target = load_iris(return_X_y=True)
    search = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 3]}, cv=3)
    with mlflow.start_run() as active:
        search.fit(features, target)
    parent = client.get_run(active.info.run_id)
    assert parent.data.metrics["best_cv_score"] == search.best_score_
    children = client.search_runs([experiment], f"tags.mlflow.parentRunId = '{active.info.run_id}'")
    assert {child.data.params["max_depth"] for child in children} == {"1", "2", "3"}


def test_model(client: MlflowClient, experiment: str, unique: str, tmp_path: Path) -> None:
    features, target = load_diabetes(return_X_y=True, as_frame=True)
    model = LinearRegression().fit(features, target)
    with mlflow.start_run() as active:
        mlflow.sklearn.log_model(model, "model", registered_model_name=unique, pip_requirements=["scikit-learn"])
    client.transition_model_version_stage(unique, "1", "Production")
    rows = features.head(3)
    expected = pytest.approx(list(model.predict(rows)))
    for uri in (f"models:/{unique}/1", f"models:/{unique}/Production", f"runs:/{active.info.run_id}/model"):
        assert list(mlflow.pyfunc.load_model(uri).predict(rows)) == expected
    rows.to_csv(tmp_path / "rows.csv", index=False)
    files = ["-i", str(tmp_path / "rows.csv"), "-t", "csv", "-o", str(tmp_path / "out.json")]
    cli("models", "predict", "-m", f"models:/{unique}/Production", "--env-manager", "local", *files)
    answer = json.loads((tmp_path / "out.json").read_text())
    predictions = answer if isinstance(answer, list) else answer["predictions"]
    assert [row["0"] if isinstance(row, dict) else row for row in predictions] == expected


def test_runs_as_a_table(client: MlflowClient, experiment: str) -> None:
    for n in range(3):
        with mlflow.start_run():
            mlflow.log_param("n", n)
            mlflow.log_metric("third", n / 3)
    table = mlflow.search_runs([experiment], order_by=["metrics.third ASC"])
    assert isinstance(table, pd.DataFrame)
    assert list(table["params.n"]) == ["0", "1", "2"]
    assert list(table["metrics.third"]) == [0, 1 / 3, 2 / 3]
    assert str(table["start_time"].dtype) == "datetime64[ns, UTC]"


def test_project(client: MlflowClient, experiment: str, tmp_path: Path) -> None:
    (tmp_path / "MLproject").write_text(dedent(PROJECT))
    (tmp_path / "train.py").write_text(dedent(TRAIN))
    cli("run", str(tmp_path), "--env-manager", "local", "--experiment-id", experiment, "-P", "alpha=0.25")
    (run,) = client.search_runs([experiment])
    assert (run.info.status, run.data.params, run.data.metrics) == ("FINISHED", {"alpha": "0.25"}, {"double": 0.5})
    assert run.data.tags["mlflow.source.type"] == "PROJECT"
    assert os.path.realpath(run.data.tags["mlflow.source.name"].replace("file://", "")) == os.path.realpath(tmp_path)
