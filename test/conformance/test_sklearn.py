"""Training as users do it: scikit-learn's autologging on its own datasets, and a loop written by hand."""

import json

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


@pytest.fixture(autouse=True)
def autolog():
    mlflow.sklearn.autolog(log_models=False, silent=True, max_tuning_runs=4)
    yield
    mlflow.sklearn.autolog(disable=True, silent=True)


def test_classifier_on_iris(client: MlflowClient, experiment: str) -> None:
    features, target = load_iris(return_X_y=True, as_frame=True)
    train_x, test_x, train_y, test_y = train_test_split(features, target, random_state=3)
    with mlflow.start_run() as active:
        model = RandomForestClassifier(n_estimators=10, max_depth=3, random_state=3).fit(train_x, train_y)
        accuracy = model.score(test_x, test_y)
    run = client.get_run(active.info.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["n_estimators"] == "10"
    assert run.data.params.keys() == model.get_params(deep=True).keys()
    assert run.data.metrics["training_score"] == model.score(train_x, train_y)
    assert run.data.metrics["RandomForestClassifier_score_test_x"] == accuracy
    assert {"training_accuracy_score", "training_f1_score", "training_log_loss"} <= run.data.metrics.keys()
    assert run.data.tags["estimator_name"] == "RandomForestClassifier"
    (dataset,) = run.inputs.dataset_inputs
    assert dataset.tags[0].value == "train"
    assert json.loads(dataset.dataset.profile)["num_rows"] == len(train_x)
    files = {file.path for file in client.list_artifacts(active.info.run_id)}
    assert {"estimator.html", "training_confusion_matrix.png"} <= files
    found = client.search_runs([experiment], "metrics.training_score > 0.9 AND params.max_depth = '3'")
    assert [each.info.run_id for each in found] == [active.info.run_id]


def test_regression_pipeline_on_diabetes(client: MlflowClient, experiment: str) -> None:
    features, target = load_diabetes(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), LinearRegression())
    pipeline.fit(features, target)
    run = client.get_run(mlflow.last_active_run().info.run_id)
    assert run.info.experiment_id == experiment
    assert run.data.params["linearregression__fit_intercept"] == "True"
    assert run.data.metrics["training_r2_score"] == pytest.approx(pipeline.score(features, target))


def test_grid_search_makes_child_runs(client: MlflowClient, experiment: str) -> None:
    features, target = load_iris(return_X_y=True)
    search = GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.01, 0.1, 1.0, 10.0, 100.0]}, cv=3)
    with mlflow.start_run() as active:
        search.fit(features, target)
    parent = client.get_run(active.info.run_id)
    assert parent.data.params["best_C"] == str(search.best_params_["C"])
    assert parent.data.metrics["best_cv_score"] == search.best_score_
    children = client.search_runs(
        [experiment],
        f"tags.mlflow.parentRunId = '{active.info.run_id}'",
        order_by=["metrics.mean_test_score DESC"],
    )
    assert len(children) == 4
    scores = sorted(search.cv_results_["mean_test_score"], reverse=True)[:4]
    assert [child.data.metrics["mean_test_score"] for child in children] == scores
    assert {child.info.status for child in children} == {"FINISHED"}
    assert {child.data.params["C"] for child in children} <= {"0.01", "0.1", "1.0", "10.0", "100.0"}
    files = {file.path for file in client.list_artifacts(active.info.run_id)}
    assert "cv_results.csv" in files


def test_loop_by_hand(client: MlflowClient, experiment: str) -> None:
    """Logistic regression by gradient descent, as a training loop logs it."""
    generator = np.random.default_rng(0)
    features = generator.normal(size=(200, 3))
    target = (features @ [1.0, -2.0, 0.5] > 0).astype(float)
    losses = []
    with mlflow.start_run(run_name="by hand") as active:
        mlflow.log_params({"lr": 0.5, "epochs": 40})
        weights = np.zeros(3)
        for epoch in range(40):
            predicted = 1 / (1 + np.exp(-features @ weights))
            losses.append(float(-np.mean(np.log(np.where(target == 1, predicted, 1 - predicted)))))
            weights -= 0.5 * features.T @ (predicted - target) / len(target)
            accuracy = float(np.mean((predicted > 0.5) == (target == 1)))
            mlflow.log_metrics({"loss": losses[-1], "accuracy": accuracy}, step=epoch)
        mlflow.log_dict({"weights": weights.tolist()}, "model/weights.json")
    history = client.get_metric_history(active.info.run_id, "loss")
    assert [point.value for point in history] == losses
    assert [point.step for point in history] == list(range(40))
    run = client.get_run(active.info.run_id)
    assert run.data.metrics == {"loss": losses[-1], "accuracy": accuracy}
    stored = mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/model/weights.json")
    assert stored == {"weights": weights.tolist()}
