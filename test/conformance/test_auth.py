"""A server with credentials: Basic and Bearer open it, wrong ones get a clear refusal.

MLflow's own server knows no bearer tokens and takes its users from another configuration, so only Trackflare is asked.
"""

import uuid
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from requests import HTTPError
from servers import start_server

PASSWORD = f"päss:wörd {uuid.uuid4().hex}"
TOKEN = uuid.uuid4().hex
VARIABLES = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """The address of a server of this module's own, which admits only its admin."""
    server = start_server("trackflare", {"TRACKFLARE_ADMIN_PASSWORD": PASSWORD, "TRACKFLARE_ADMIN_TOKEN": TOKEN})
    yield server.url
    server.stop()


@pytest.fixture
def sign_in(guarded: str, monkeypatch: pytest.MonkeyPatch):
    """Signs the MLflow client in with the given environment; the session's server is back afterwards."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(guarded)

    def use(**credentials: str) -> MlflowClient:
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)
        for name, value in credentials.items():
            monkeypatch.setenv(name, value)
        return MlflowClient()

    yield use
    mlflow.set_tracking_uri(before)


@pytest.mark.parametrize(
    "credentials",
    [
        {"MLFLOW_TRACKING_USERNAME": "admin", "MLFLOW_TRACKING_PASSWORD": PASSWORD},
        {"MLFLOW_TRACKING_USERNAME": "admin", "MLFLOW_TRACKING_PASSWORD": TOKEN},
        {"MLFLOW_TRACKING_TOKEN": TOKEN},
    ],
    ids=["basic", "basic with the token", "bearer"],
)
def test_admin_may(sign_in, tmp_path: Path, unique: str, credentials: dict[str, str]) -> None:
    client = sign_in(**credentials)
    experiment = client.create_experiment(unique)
    run = client.create_run(experiment)
    client.log_metric(run.info.run_id, "m", 1.5)
    client.log_text(run.info.run_id, "secret", "a/b.txt")
    assert client.search_runs([experiment])[0].data.metrics == {"m": 1.5}
    assert Path(client.download_artifacts(run.info.run_id, "a/b.txt", str(tmp_path))).read_text() == "secret"


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"MLFLOW_TRACKING_USERNAME": "admin", "MLFLOW_TRACKING_PASSWORD": "wrong"},
        {"MLFLOW_TRACKING_USERNAME": "root", "MLFLOW_TRACKING_PASSWORD": PASSWORD},
        {"MLFLOW_TRACKING_TOKEN": "wrong"},
        {"MLFLOW_TRACKING_TOKEN": PASSWORD},
    ],
    ids=["none", "wrong password", "wrong user", "wrong token", "password as token"],
)
def test_others_are_refused(sign_in, unique: str, credentials: dict[str, str]) -> None:
    admin = sign_in(MLFLOW_TRACKING_TOKEN=TOKEN)
    run = admin.create_run(admin.create_experiment(unique))
    admin.log_text(run.info.run_id, "secret", "a.txt")
    client = sign_in(**credentials)
    for call in (
        lambda: client.search_experiments(),
        lambda: client.create_experiment(f"{unique} by others"),
        lambda: client.get_run(run.info.run_id),
        lambda: client.log_metric(run.info.run_id, "m", 1.0),
        lambda: mlflow.artifacts.download_artifacts(artifact_uri=f"{run.info.artifact_uri}/a.txt"),
    ):
        # The client's artifact calls raise the HTTP library's own error, with the server's text in it.
        with pytest.raises((MlflowException, HTTPError), match="MLFLOW_TRACKING_TOKEN"):
            call()
    admin = sign_in(MLFLOW_TRACKING_TOKEN=TOKEN)
    assert admin.get_experiment_by_name(f"{unique} by others") is None
    assert admin.get_run(run.info.run_id).data.metrics == {}
