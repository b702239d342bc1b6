"""Artifacts that the server keeps in an S3 bucket: clients have no credentials for it and see no difference."""

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
import requests
from mlflow import MlflowClient
from servers import RunningServer, free_port, start_server

SIZE = 24 * 1024 * 1024 + 7


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A bucket's folder on a real S3 server, and the settings that name the bucket."""
    root = tmp_path_factory.mktemp("s3")
    (root / "bucket").mkdir()
    address = f"127.0.0.1:{free_port()}"
    secret = uuid.uuid4().hex
    rclone = Path(sys.executable).parent / "rclone"
    options = ["--addr", address, "--auth-key", f"tests,{secret}", "--vfs-cache-mode", "off"]
    process = subprocess.Popen([rclone, "serve", "s3", root, "--config", root / ".rclone", *options])
    yield (
        root / "bucket/mlflow",
        {
            "MLFLOW_ARTIFACTS_DESTINATION": "s3://bucket/mlflow",
            "MLFLOW_S3_ENDPOINT_URL": f"http://{address}",
            "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": secret,
        },
    )
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def server(bucket: tuple[Path, dict[str, str]]) -> Iterator[RunningServer]:
    server = start_server("trackflare", bucket[1])
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(server.url)
    # What other tests chose is an experiment of another server.
    mlflow.set_experiment(experiment_id="0")
    yield server
    mlflow.set_tracking_uri(before)
    mlflow.set_experiment(experiment_id="0")
    server.stop()


def test_files_go_to_the_bucket_and_come_back(
    server: RunningServer, bucket: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    client = MlflowClient()
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(SIZE))
    (tmp_path / "many").mkdir()
    for i in range(20):
        (tmp_path / f"many/{i} ä+b.txt").write_text(str(i))
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(large))
        mlflow.log_artifacts(str(tmp_path / "many"), "many")
        mlflow.log_text("", "empty.txt")
    stored = bucket[0] / "0" / run.info.run_id / "artifacts"
    assert (stored / "large.bin").read_bytes() == large.read_bytes()
    listed = {file.path: file.file_size for file in client.list_artifacts(run.info.run_id)}
    assert listed == {"empty.txt": 0, "large.bin": SIZE, "many": None}
    downloaded = Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, dst_path=str(tmp_path / "down")))
    assert (downloaded / "large.bin").read_bytes() == large.read_bytes()
    assert {path.name: path.read_text() for path in (downloaded / "many").iterdir()} == {
        f"{i} ä+b.txt": str(i) for i in range(20)
    }
    shutil.rmtree(downloaded)


def test_a_model_is_logged_registered_and_loaded(server: RunningServer) -> None:
    class Doubles(mlflow.pyfunc.PythonModel):
        def predict(self, model_input: list[int]) -> list[int]:
            return [2 * value for value in model_input]

    name = uuid.uuid4().hex
    with mlflow.start_run():
        info = mlflow.pyfunc.log_model(name="doubles", python_model=Doubles(), registered_model_name=name)
    for uri in (info.model_uri, f"models:/{name}/1"):
        assert mlflow.pyfunc.load_model(uri).predict([1, 2]) == [2, 4]


@pytest.mark.parametrize("name", ["large.bin", "ä b+c.bin"])
def test_a_large_file_goes_to_the_bucket_by_parts(
    server: RunningServer,
    bucket: tuple[Path, dict[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """By the client's own settings. The parts do not pass through the server."""
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(5 * 1024 * 1024))
    sent: list[str] = []
    put = requests.Session.request

    def noted(session: requests.Session, method: str, url: str, **options: object) -> requests.Response:
        if method.upper() == "PUT":
            sent.append(url)
        return put(session, method, url, **options)

    monkeypatch.setattr(requests.Session, "request", noted)
    large = tmp_path / name
    large.write_bytes(os.urandom(SIZE))
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(large), "models")
    assert (bucket[0] / "0" / run.info.run_id / "artifacts/models" / name).read_bytes() == large.read_bytes()
    assert len(sent) == 3
    assert all(url.startswith(bucket[1]["MLFLOW_S3_ENDPOINT_URL"]) for url in sent)
    downloaded = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=f"models/{name}")
    assert Path(downloaded).read_bytes() == large.read_bytes()
