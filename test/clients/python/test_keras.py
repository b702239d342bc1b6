"""Keras on TensorFlow: both autologging integrations, and their models loaded back."""

import os

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")

import keras
import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from sklearn.datasets import load_iris

EPOCHS = 5


@pytest.fixture
def network() -> keras.Model:
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3, activation="softmax")]
    )
    model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("integration", ["tensorflow", "keras"])
def test_fit(client: MlflowClient, experiment: str, network: keras.Model, integration: str) -> None:
    features, target = load_iris(return_X_y=True)
    features = features.astype(np.float32)
    autolog = getattr(mlflow, integration).autolog
    autolog()
    with mlflow.start_run() as active:
        fitted = network.fit(features, target, batch_size=16, epochs=EPOCHS, validation_split=0.2, verbose=0)
    autolog(disable=True)
    run = client.get_run(active.info.run_id)
    assert (run.data.params["batch_size"], run.data.params["epochs"]) == ("16", str(EPOCHS))
    for metric in ("loss", "accuracy", "val_loss"):
        history = client.get_metric_history(run.info.run_id, metric)
        assert [point.value for point in history] == pytest.approx(fitted.history[metric])
        assert len(history) == EPOCHS
    assert "model_summary.txt" in {file.path for file in client.list_artifacts(run.info.run_id)}
    (output,) = run.outputs.model_outputs
    loaded = mlflow.pyfunc.load_model(f"models:/{output.model_id}")
    assert loaded.predict(features) == pytest.approx(network.predict(features, verbose=0), abs=1e-6)
