"""Autologging of XGBoost and statsmodels, and their models loaded back. scikit-learn's is in test_sklearn.py; the
heavier libraries are in test/clients."""

from collections.abc import Iterator

import mlflow
import numpy as np
import pytest
import statsmodels.api as sm
import xgboost
from mlflow import MlflowClient
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.model_selection import train_test_split


@pytest.fixture
def xgboost_autolog() -> Iterator[None]:
    mlflow.xgboost.autolog(silent=True)
    yield
    mlflow.xgboost.autolog(disable=True, silent=True)


@pytest.fixture
def statsmodels_autolog() -> Iterator[None]:
    mlflow.statsmodels.autolog(silent=True)
    yield
    mlflow.statsmodels.autolog(disable=True, silent=True)


def test_xgboost_train(xgboost_autolog: None, client: MlflowClient, experiment: str) -> None:
    features, target = load_breast_cancer(return_X_y=True, as_frame=True)
    train_x, test_x, train_y, test_y = train_test_split(features, target, random_state=3)
    train, test = xgboost.DMatrix(train_x, train_y), xgboost.DMatrix(test_x, test_y)
    params = {
        "objective": "binary:logistic",
        "max_depth": 3,
        "eta": 0.3,
        "eval_metric": ["logloss", "auc"],
        "nthread": 2,
    }
    scores: dict[str, dict[str, list[float]]] = {}
    with mlflow.start_run() as active:
        booster = xgboost.train(params, train, 25, evals=[(train, "train"), (test, "test")], evals_result=scores)
    run = client.get_run(active.info.run_id)
    assert (run.data.params["max_depth"], run.data.params["num_boost_round"]) == ("3", "25")
    for name in ("train", "test"):
        for metric, values in scores[name].items():
            history = client.get_metric_history(run.info.run_id, f"{name}-{metric}")
            assert [(point.step, point.value) for point in history] == list(enumerate(values))
    files = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert {"feature_importance_weight.json", "feature_importance_weight.png"} <= files
    (output,) = run.outputs.model_outputs
    loaded = mlflow.pyfunc.load_model(f"models:/{output.model_id}")
    assert loaded.predict(test_x) == pytest.approx(booster.predict(test))


def test_xgboost_classifier(xgboost_autolog: None, client: MlflowClient, experiment: str) -> None:
    features, target = load_breast_cancer(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(features, target, random_state=3)
    classifier = xgboost.XGBClassifier(n_estimators=20, max_depth=2, n_jobs=2)
    classifier.fit(train_x, train_y, eval_set=[(test_x, test_y)], verbose=False)
    (run,) = client.search_runs([experiment])
    assert (run.data.params["max_depth"], run.info.status) == ("2", "FINISHED")
    losses = [point.value for point in client.get_metric_history(run.info.run_id, "validation_0-logloss")]
    assert losses == classifier.evals_result()["validation_0"]["logloss"]
    loaded = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert np.array_equal(loaded.predict(test_x), classifier.predict(test_x))


def test_statsmodels(statsmodels_autolog: None, client: MlflowClient, experiment: str) -> None:
    features, target = load_diabetes(return_X_y=True, as_frame=True)
    with_constant = sm.add_constant(features)
    with mlflow.start_run() as active:
        fitted = sm.OLS(target, with_constant).fit(cov_type="HC1")
    run = client.get_run(active.info.run_id)
    assert run.data.params["cov_type"] == "HC1"
    assert run.data.metrics["rsquared"] == fitted.rsquared
    assert run.data.metrics["aic"] == fitted.aic
    assert "R-squared" in mlflow.artifacts.load_text(f"{run.info.artifact_uri}/model_summary.txt")
    (output,) = run.outputs.model_outputs
    loaded = mlflow.pyfunc.load_model(f"models:/{output.model_id}")
    assert list(loaded.predict(with_constant)) == pytest.approx(list(fitted.predict(with_constant)))
