"""Fixtures of the tests that run in a client's own environment, against the server that MLFLOW_TRACKING_URI names."""

import uuid
from collections.abc import Iterator

import mlflow
import pytest
from mlflow import MlflowClient


@pytest.fixture
def client() -> MlflowClient:
    return MlflowClient()


@pytest.fixture
def experiment(request: pytest.FixtureRequest) -> Iterator[str]:
    """The id of a new experiment, active for the fluent API; runs left open are ended."""
    yield mlflow.set_experiment(f"{request.node.name}-{uuid.uuid4().hex}").experiment_id
    while mlflow.active_run():
        mlflow.end_run()
