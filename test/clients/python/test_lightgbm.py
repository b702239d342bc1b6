"""LightGBM's autologging, and its models loaded back."""

import lightgbm
import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.model_selection import train_test_split

mlflow.lightgbm.autolog()


def test_train(client: MlflowClient, experiment: str) -> None:
    features, target = load_breast_cancer(return_X_y=True, as_frame=True)
    train_x, test_x, train_y, test_y = train_test_split(features, target, random_state=3)
    train = lightgbm.Dataset(train_x, train_y)
    params = {"objective": "binary", "num_leaves": 7, "metric": ["binary_logloss", "auc"], "verbose": -1}
    scores: dict[str, dict[str, list[float]]] = {}
    with mlflow.start_run() as active:
        booster = lightgbm.train(
            params,
            train,
            num_boost_round=30,
            valid_sets=[train, train.create_valid(test_x, test_y)],
            valid_names=["train", "test"],
            callbacks=[lightgbm.record_evaluation(scores)],
        )
    run = client.get_run(active.info.run_id)
    assert (run.data.params["num_leaves"], run.data.params["num_boost_round"]) == ("7", "30")
    for name in ("train", "test"):
        for metric, values in scores[name].items():
            history = client.get_metric_history(run.info.run_id, f"{name}-{metric}")
            assert [(point.step, point.value) for point in history] == list(enumerate(values))
    files = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert {"feature_importance_gain.json", "feature_importance_split.png"} <= files
    (output,) = run.outputs.model_outputs
    loaded = mlflow.pyfunc.load_model(f"models:/{output.model_id}")
    assert loaded.predict(test_x) == pytest.approx(booster.predict(test_x))


def test_regressor(client: MlflowClient, experiment: str) -> None:
    features, target = load_diabetes(return_X_y=True)
    regressor = lightgbm.LGBMRegressor(n_estimators=15, num_leaves=5, verbose=-1).fit(features, target)
    (run,) = client.search_runs([experiment])
    assert (run.info.status, run.data.params["num_leaves"]) == ("FINISHED", "5")
    loaded = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert np.array_equal(loaded.predict(features), regressor.predict(features))
