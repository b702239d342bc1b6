"""Artifacts that the client keeps by itself, where the server only says: `--no-serve-artifacts`, and experiments of their own location."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from servers import start_server


@pytest.fixture(scope="module")
def direct(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[MlflowClient, Path]]:
    """A client of a server of this module's own, and the folder that its root names."""
    root = tmp_path_factory.mktemp("root")
    server = start_server(
        "trackflare",
        {"MLFLOW_SERVE_ARTIFACTS": "false", "MLFLOW_DEFAULT_ARTIFACT_ROOT": f"file://{root}"},
    )
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(server.url)
    # What other tests chose is an experiment of another server.
    mlflow.set_experiment(experiment_id="0")
    yield MlflowClient(server.url), root
    mlflow.set_tracking_uri(before)
    mlflow.set_experiment(experiment_id="0")
    server.stop()


def test_every_experiment_has_a_folder_of_the_root(direct: tuple[MlflowClient, Path]) -> None:
    client, root = direct
    for experiment_id in ("0", client.create_experiment(uuid.uuid4().hex)):
        assert client.get_experiment(experiment_id).artifact_location == f"file://{root}/{experiment_id}"
        run = client.create_run(experiment_id)
        client.log_text(run.info.run_id, "hello", "notes/a.txt")
        assert (root / experiment_id / run.info.run_id / "artifacts/notes/a.txt").read_text() == "hello"
        assert [file.path for file in client.list_artifacts(run.info.run_id, "notes")] == ["notes/a.txt"]
        downloaded = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="notes/a.txt")
        assert Path(downloaded).read_text() == "hello"


def test_a_model_is_logged_registered_and_loaded(direct: tuple[MlflowClient, Path]) -> None:
    class Doubles(mlflow.pyfunc.PythonModel):
        def predict(self, model_input: list[int]) -> list[int]:
            return [2 * value for value in model_input]

    name = uuid.uuid4().hex
    with mlflow.start_run():
        info = mlflow.pyfunc.log_model(name="doubles", python_model=Doubles(), registered_model_name=name)
    for uri in (info.model_uri, f"models:/{name}/1"):
        assert mlflow.pyfunc.load_model(uri).predict([1, 2]) == [2, 4]


def test_one_experiment_keeps_its_artifacts_elsewhere(tmp_path: Path) -> None:
    """On the session's server, which carries the artifacts of all others."""
    experiment_id = mlflow.create_experiment(uuid.uuid4().hex, artifact_location=f"file://{tmp_path}")
    with mlflow.start_run(experiment_id=experiment_id) as run:
        mlflow.log_text("hello", "a.txt")
    assert (tmp_path / run.info.run_id / "artifacts/a.txt").read_text() == "hello"
    assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/a.txt") == "hello"


def test_s3_is_handed_out_untouched() -> None:
    location = f"s3://nobody-asks-for-this/{uuid.uuid4().hex}/"
    client = MlflowClient()
    experiment_id = client.create_experiment(uuid.uuid4().hex, artifact_location=location)
    assert client.get_experiment(experiment_id).artifact_location == location
    run = client.create_run(experiment_id)
    assert run.info.artifact_uri == f"{location}{run.info.run_id}/artifacts"
