"""Files and folders: what goes up comes back byte for byte, under the same name."""

import hashlib
import os
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts, list_artifacts
from mlflow.entities import FileInfo, Run
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

NAMES = [
    "plain.txt",
    "two words.txt",
    "100%.txt",
    "50%off.txt",
    "plus+plus.txt",
    "key=value&x=y.txt",
    "größe 日本 ☀.txt",
    ".hidden",
    "..dots",
    "tilde~",
    "co:lon",
    "comma,semi;.txt",
    "(brackets) [square] {curly}.txt",
    "quo'te.txt",
    "at@sign!$.txt",
    "no_extension",
    "MLmodel",
    "n" * 200,
]


def write_tree(root: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def read_tree(root: str | Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in Path(root).rglob("*") if path.is_file()}


def size(file: FileInfo) -> int | None:
    """None for a folder. MLflow leaves out the size of an empty file."""
    return None if file.is_dir else file.file_size or 0


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_names(client: MlflowClient, run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"at the root")
    client.log_artifact(run.info.run_id, str(tmp_path / name))
    (tmp_path / name).write_bytes(b"in a folder")
    client.log_artifact(run.info.run_id, str(tmp_path / name), "some folder")
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == sorted([name, "some folder"])
    (file,) = client.list_artifacts(run.info.run_id, "some folder")
    assert (file.path, file.is_dir, file.file_size) == (f"some folder/{name}", False, 11)
    (tmp_path / "down").mkdir()
    assert Path(client.download_artifacts(run.info.run_id, name, str(tmp_path / "down"))).read_bytes() == b"at the root"
    everything = client.download_artifacts(run.info.run_id, "", str(tmp_path / "down"))
    assert read_tree(everything) == {name: b"at the root", f"some folder/{name}": b"in a folder"}


def test_names_that_look_encoded(client: MlflowClient, run: Run) -> None:
    """The client sends `%20` as it stands, so such a name is stored decoded; by either name it comes back."""
    client.log_text(run.info.run_id, "text", "sub/p%20q.txt")
    assert [file.path for file in client.list_artifacts(run.info.run_id, "sub")] == ["sub/p q.txt"]
    for name in ("sub/p%20q.txt", "sub/p q.txt"):
        assert Path(client.download_artifacts(run.info.run_id, name)).read_text() == "text"


def test_folders(client: MlflowClient, experiment: str, tmp_path: Path) -> None:
    files = {
        "a.txt": b"A",
        "empty": b"",
        "sub/b.bin": bytes(range(256)),
        "sub/deep er/c+d=e.txt": "ö".encode(),
        "sub/deep er/and/deeper/still/x": b"x",
    }
    write_tree(tmp_path / "up", files)
    with mlflow.start_run() as active:
        mlflow.log_artifacts(str(tmp_path / "up"))
        mlflow.log_artifacts(str(tmp_path / "up"), "copy/of")
    run_id = active.info.run_id

    def listed(path: str | None = None) -> list[tuple[str, bool, int | None]]:
        return [(file.path, file.is_dir, size(file)) for file in client.list_artifacts(run_id, path)]

    assert listed() == [("a.txt", False, 1), ("copy", True, None), ("empty", False, 0), ("sub", True, None)]
    assert listed("sub") == [("sub/b.bin", False, 256), ("sub/deep er", True, None)]
    assert listed("sub/deep er") == [("sub/deep er/and", True, None), ("sub/deep er/c+d=e.txt", False, 2)]
    assert listed("copy/of/sub") == [("copy/of/sub/b.bin", False, 256), ("copy/of/sub/deep er", True, None)]
    assert listed("nowhere") == []
    assert listed("a.txt") == []
    assert [file.path for file in list_artifacts(run_id=run_id, artifact_path="copy")] == ["copy/of"]

    destination = str(tmp_path / "down")
    everything = {**files, **{f"copy/of/{name}": content for name, content in files.items()}}
    assert read_tree(download_artifacts(run_id=run_id, dst_path=destination)) == everything
    assert read_tree(download_artifacts(artifact_uri=f"runs:/{run_id}/copy/of")) == files
    assert Path(download_artifacts(run_id=run_id, artifact_path="empty")).read_bytes() == b""
    folder = client.download_artifacts(run_id, "sub/deep er")
    assert read_tree(folder) == {"c+d=e.txt": "ö".encode(), "and/deeper/still/x": b"x"}


def test_many_files(client: MlflowClient, run: Run, tmp_path: Path) -> None:
    files = {f"part-{index:03}.txt": str(index).encode() for index in range(120)}
    write_tree(tmp_path / "up", files)
    client.log_artifacts(run.info.run_id, str(tmp_path / "up"), "parts")
    assert [file.path for file in client.list_artifacts(run.info.run_id, "parts")] == [
        f"parts/{name}" for name in files
    ]
    assert read_tree(client.download_artifacts(run.info.run_id, "parts")) == files


def test_large_file(client: MlflowClient, run: Run, tmp_path: Path) -> None:
    content = os.urandom(20 * 1024 * 1024 + 1)
    (tmp_path / "weights.bin").write_bytes(content)
    client.log_artifact(run.info.run_id, str(tmp_path / "weights.bin"), "checkpoint")
    (file,) = client.list_artifacts(run.info.run_id, "checkpoint")
    assert file.file_size == len(content)
    downloaded = Path(client.download_artifacts(run.info.run_id, "checkpoint/weights.bin"))
    assert hashlib.sha256(downloaded.read_bytes()).digest() == hashlib.sha256(content).digest()


def test_overwritten_by_a_shorter_file(client: MlflowClient, run: Run, tmp_path: Path) -> None:
    for content in (b"x" * 100_000, b"short", b""):
        (tmp_path / "f.bin").write_bytes(content)
        client.log_artifact(run.info.run_id, str(tmp_path / "f.bin"))
        assert Path(client.download_artifacts(run.info.run_id, "f.bin")).read_bytes() == content
        assert [size(file) for file in client.list_artifacts(run.info.run_id)] == [len(content)]


def test_missing_artifacts(client: MlflowClient, run: Run) -> None:
    assert client.list_artifacts(run.info.run_id) == []
    with pytest.raises(MlflowException):
        client.download_artifacts(run.info.run_id, "missing.txt")
    with pytest.raises(MlflowException):
        download_artifacts(artifact_uri=f"runs:/{'0' * 32}/missing.txt")


def test_delete(client: MlflowClient, run: Run, tmp_path: Path) -> None:
    write_tree(tmp_path / "up", {"a.txt": b"a", "b.txt": b"b", "sub/c.txt": b"c", "sub/d/e.txt": b"e", "subway": b"s"})
    client.log_artifacts(run.info.run_id, str(tmp_path / "up"))
    repository = get_artifact_repository(run.info.artifact_uri)
    repository.delete_artifacts("a.txt")
    repository.delete_artifacts("sub")
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["b.txt", "subway"]
    assert client.list_artifacts(run.info.run_id, "sub") == []
    repository.delete_artifacts()
    assert client.list_artifacts(run.info.run_id) == []


def test_runs_do_not_see_each_other(client: MlflowClient, experiment: str) -> None:
    first, second = (client.create_run(experiment).info.run_id for _ in range(2))
    client.log_text(first, "first", "same.txt")
    client.log_text(second, "second", "same.txt")
    get_artifact_repository(client.get_run(first).info.artifact_uri).delete_artifacts("same.txt")
    assert client.list_artifacts(first) == []
    assert Path(client.download_artifacts(second, "same.txt")).read_text() == "second"


def test_custom_location(client: MlflowClient, unique: str) -> None:
    experiment_id = client.create_experiment(unique, f"mlflow-artifacts:/custom {unique}/place")
    run = client.create_run(experiment_id)
    client.log_text(run.info.run_id, "here", "a/b.txt")
    assert [file.path for file in client.list_artifacts(run.info.run_id, "a")] == ["a/b.txt"]
    assert Path(client.download_artifacts(run.info.run_id, "a/b.txt")).read_text() == "here"


def test_artifact_uri(experiment: str) -> None:
    with mlflow.start_run() as active:
        assert mlflow.get_artifact_uri() == active.info.artifact_uri
        assert mlflow.get_artifact_uri("x/y") == f"{active.info.artifact_uri}/x/y"
