"""`mlflow models` and `mlflow artifacts` on a model that was logged and registered on the server under test."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from command_line import COMMAND, cli, environment
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression

SERVE_TIMEOUT_S = 120
STOP_TIMEOUT_S = 15


@dataclass
class Registered:
    """A regression on the diabetes data set, version 1 of a registered model and its `champion`."""

    run_id: str
    model_id: str
    name: str
    rows: pd.DataFrame
    predictions: list[float]

    @property
    def request(self) -> str:
        """The rows as a scoring server takes them."""
        return json.dumps({"dataframe_split": self.rows.to_dict("split")})

    @property
    def uris(self) -> dict[str, str]:
        """Every way to name it."""
        return {
            "version": f"models:/{self.name}/1",
            "alias": f"models:/{self.name}@champion",
            "run": f"runs:/{self.run_id}/model",
        }


@pytest.fixture
def registered(client: MlflowClient, experiment: str, unique: str) -> Registered:
    features, target = load_diabetes(return_X_y=True, as_frame=True)
    model = LinearRegression().fit(features, target)
    with mlflow.start_run() as active:
        info = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(features, target),
            registered_model_name=unique,
            pip_requirements=["scikit-learn"],
        )
    client.set_registered_model_alias(unique, "champion", "1")
    rows = features.head(4)
    return Registered(active.info.run_id, info.model_id, unique, rows, model.predict(rows).tolist())


@contextmanager
def served(model_uri: str) -> Iterator[str]:
    """The address of a running `mlflow models serve`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [COMMAND, "models", "serve", "-m", model_uri, "-p", str(port), "--env-manager", "local", "-w", "1"]
    process = subprocess.Popen(command, env=environment(), stdin=subprocess.DEVNULL)
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_healthy(url: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + SERVE_TIMEOUT_S
    while True:
        assert process.poll() is None, "`mlflow models serve` ended"
        assert time.monotonic() < deadline, "`mlflow models serve` did not come up"
        try:
            urllib.request.urlopen(f"{url}/ping", timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)


@pytest.mark.parametrize(("named_by", "format"), [("version", "json"), ("alias", "csv"), ("run", "json")])
def test_predict(registered: Registered, named_by: str, format: str, tmp_path: Path) -> None:
    text = registered.rows.to_csv(index=False) if format == "csv" else registered.request
    (tmp_path / "in").write_text(text)
    files = ["-i", str(tmp_path / "in"), "-t", format, "-o", str(tmp_path / "out.json")]
    cli("models", "predict", "-m", registered.uris[named_by], "--env-manager", "local", *files)
    answer = json.loads((tmp_path / "out.json").read_text())
    assert answer["predictions"] == pytest.approx(registered.predictions)


def test_serve(registered: Registered) -> None:
    with served(registered.uris["alias"]) as url:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{url}/invocations", registered.request.encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = json.load(response)
    assert answer["predictions"] == pytest.approx(registered.predictions)


def test_of_a_version_that_is_not_there(registered: Registered) -> None:
    command = ["models", "predict", "-m", f"models:/{registered.name}/2", "--env-manager", "local"]
    assert "not found" in cli(*command, "-i", os.devnull, fails=True)


def test_changed_requirements(registered: Registered) -> None:
    # The command takes no models:/ URI.
    uri = mlflow.get_logged_model(registered.model_id).artifact_location
    cli("models", "update-pip-requirements", "-m", uri, "add", "click==8.5.1")
    requirements = Path(mlflow.artifacts.download_artifacts(f"{uri}/requirements.txt"))
    assert "click==8.5.1" in requirements.read_text().splitlines()


def test_dockerfile(registered: Registered, tmp_path: Path) -> None:
    cli("models", "generate-dockerfile", "-m", registered.uris["alias"], "-d", str(tmp_path))
    assert "FROM" in (tmp_path / "Dockerfile").read_text()
    model = mlflow.pyfunc.load_model(str(tmp_path / "model_dir"))
    assert model.predict(registered.rows) == pytest.approx(registered.predictions)


def test_download(registered: Registered, tmp_path: Path) -> None:
    cli("artifacts", "download", "-u", registered.uris["alias"], "-d", str(tmp_path))
    model = mlflow.pyfunc.load_model(str(tmp_path))
    assert model.predict(registered.rows) == pytest.approx(registered.predictions)
