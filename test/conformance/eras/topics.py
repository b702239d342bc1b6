"""What users of both old eras do, in the calls that both clients have. Each topic gets a name that nobody else uses."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import mlflow
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient


def expect_error(code: str, call: Callable, *args, **kwargs) -> None:
    """The call fails with this of MLflow's error codes."""
    try:
        call(*args, **kwargs)
    except MlflowException as error:
        assert error.error_code == code, error
    else:
        raise AssertionError(f"{call.__name__} went well, {code} was expected")


def run_topic(era: dict[str, object]) -> None:
    """Runs the topic of an era's script that the command line names: `python <script> <topic> <unique>`."""
    _, topic, unique = sys.argv
    era[topic](unique)


def cli(*arguments: str) -> str:
    """What this era's `mlflow <arguments>` printed."""
    command = [str(Path(sys.executable).parent / "mlflow"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def experiments(unique: str) -> None:
    client = MlflowClient()
    assert client.get_experiment_by_name(unique) is None
    experiment_id = client.create_experiment(unique, tags={"team": "vision"})
    expect_error("RESOURCE_ALREADY_EXISTS", client.create_experiment, unique)
    read = client.get_experiment(experiment_id)
    assert (read.name, read.lifecycle_stage, read.tags) == (unique, "active", {"team": "vision"})
    assert read.artifact_location == f"mlflow-artifacts:/{experiment_id}"
    assert mlflow.set_experiment(unique).experiment_id == experiment_id
    client.set_experiment_tag(experiment_id, "mlflow.note.content", "what for")
    assert client.get_experiment_by_name(unique).tags["mlflow.note.content"] == "what for"

    client.rename_experiment(experiment_id, f"{unique} renamed")
    assert client.get_experiment(experiment_id).name == f"{unique} renamed"
    client.delete_experiment(experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "deleted"
    client.restore_experiment(experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "active"
    expect_error("RESOURCE_DOES_NOT_EXIST", client.get_experiment, "999999999")


def experiment_search(unique: str) -> None:
    client = MlflowClient()
    ids = [client.create_experiment(f"{unique} {n}", tags={"n": str(n), "of": unique}) for n in range(5)]
    client.delete_experiment(ids[0])

    def found(filter_string: str, **more) -> list[str]:
        return [each.experiment_id for each in client.search_experiments(filter_string=filter_string, **more)]

    mine = f"name LIKE '{unique}%'"
    assert found(mine) == ids[:0:-1]
    assert found(mine, order_by=["name ASC"]) == ids[1:]
    assert found(mine, view_type=ViewType.DELETED_ONLY) == ids[:1]
    assert found(mine, view_type=ViewType.ALL, order_by=["name"]) == ids
    assert found(f"tags.of = '{unique}' AND tags.n = '3'") == [ids[3]]
    page = client.search_experiments(filter_string=mine, max_results=3)
    rest = client.search_experiments(filter_string=mine, max_results=3, page_token=page.token)
    assert [each.experiment_id for each in [*page, *rest]] == ids[:0:-1]
    assert not rest.token


def runs(unique: str) -> None:
    client = MlflowClient()
    experiment_id = mlflow.set_experiment(unique).experiment_id
    before_ms = int(time.time() * 1000)
    with mlflow.start_run(run_name="parent", tags={"phase": "1"}, description="why") as parent:
        assert client.get_run(parent.info.run_id).info.status == "RUNNING"
        with mlflow.start_run(run_name="child", nested=True) as child:
            mlflow.log_param("depth", 1)
    ended = client.get_run(parent.info.run_id)
    assert (ended.info.status, ended.info.experiment_id, ended.info.run_name) == ("FINISHED", experiment_id, "parent")
    assert ended.info.run_id == ended.info.run_uuid
    assert before_ms <= ended.info.start_time <= ended.info.end_time
    assert ended.info.artifact_uri == f"mlflow-artifacts:/{experiment_id}/{parent.info.run_id}/artifacts"
    assert (ended.data.tags["phase"], ended.data.tags["mlflow.note.content"]) == ("1", "why")
    assert client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == parent.info.run_id

    with mlflow.start_run(run_id=child.info.run_id):
        assert client.get_run(child.info.run_id).info.status == "RUNNING"
        mlflow.log_metric("loss", 0.5)
    resumed = client.get_run(child.info.run_id)
    assert (resumed.info.status, resumed.data.params, resumed.data.metrics) == ("FINISHED", {"depth": "1"}, {"loss": 0.5})

    try:
        with mlflow.start_run() as failed:
            raise ZeroDivisionError
    except ZeroDivisionError:
        assert client.get_run(failed.info.run_id).info.status == "FAILED"
    client.set_terminated(failed.info.run_id, "KILLED", end_time=1_600_000_000_123)
    killed = client.get_run(failed.info.run_id).info
    assert (killed.status, killed.end_time) == ("KILLED", 1_600_000_000_123)
    client.update_run(failed.info.run_id, status="SCHEDULED", name="renamed")
    assert client.get_run(failed.info.run_id).info.run_name == "renamed"


def deletion(unique: str) -> None:
    client = MlflowClient()
    experiment_id = client.create_experiment(unique)
    run_id = client.create_run(experiment_id).info.run_id
    client.delete_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    assert client.search_runs([experiment_id]) == []
    assert len(client.search_runs([experiment_id], run_view_type=ViewType.DELETED_ONLY)) == 1
    expect_error("INVALID_PARAMETER_VALUE", client.log_param, run_id, "a", "b")
    client.restore_run(run_id)
    assert [each.info.run_id for each in client.search_runs([experiment_id])] == [run_id]
    expect_error("RESOURCE_DOES_NOT_EXIST", client.get_run, "0" * 32)


def logging(unique: str) -> None:
    client = MlflowClient()
    mlflow.set_experiment(unique)
    with mlflow.start_run() as active:
        mlflow.log_param("lr", 0.01)
        mlflow.log_params({"optimizer": "adam", "état": "ü ☀", "empty": ""})
        mlflow.log_metrics({"a": 1.5, "b/c": -2}, step=3)
        mlflow.set_tag("release", "1.0")
        mlflow.set_tags({"n": 5, "gone": "soon"})
        mlflow.delete_tag("gone")
    run_id = active.info.run_id
    data = client.get_run(run_id).data
    assert data.params == {"lr": "0.01", "optimizer": "adam", "état": "ü ☀", "empty": ""}
    assert data.metrics == {"a": 1.5, "b/c": -2}
    assert (data.tags["release"], data.tags["n"]) == ("1.0", "5")
    assert "gone" not in data.tags

    client.log_param(run_id, "lr", 0.01)
    expect_error("INVALID_PARAMETER_VALUE", client.log_param, run_id, "lr", 0.02)
    metrics = [Metric(f"m{n}", n / 3, 1_600_000_000_000 + n, n) for n in range(800)]
    params = [Param(f"p{n}", str(n)) for n in range(90)]
    client.log_batch(run_id, metrics, params, [RunTag(f"t{n}", str(n)) for n in range(100)])
    data = client.get_run(run_id).data
    assert all(data.metrics[f"m{n}"] == n / 3 for n in range(800))
    assert all(data.params[f"p{n}"] == data.tags[f"t{n}"] == str(n) for n in range(90))
    expect_error("RESOURCE_DOES_NOT_EXIST", client.delete_tag, run_id, "gone")


def metric_history(unique: str) -> None:
    client = MlflowClient()
    run_id = client.create_run(client.create_experiment(unique)).info.run_id
    points = [(0.1 + 0.2, 5, 0), (float("nan"), 6, 1), (float("inf"), 7, 2), (-1e-300, 8, -(2**63)), (1.0, 9, 2**53 + 1)]
    for value, timestamp, step in points:
        client.log_metric(run_id, "m", value, timestamp, step)
    history = client.get_metric_history(run_id, "m")
    assert [(each.timestamp, each.step) for each in history] == [(timestamp, step) for _, timestamp, step in points]
    values = [each.value for each in history]
    assert (values[0], values[3], values[4]) == (0.1 + 0.2, -1e-300, 1.0)
    assert values[1] != values[1]
    assert values[2] >= 1.7976931348623157e308
    assert client.get_run(run_id).data.metrics == {"m": 1.0}
    assert client.get_metric_history(run_id, "never logged") == []


def artifacts(unique: str) -> None:
    client = MlflowClient()
    mlflow.set_experiment(unique)
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as active:
        up, down = Path(folder, "up"), Path(folder, "down")
        (up / "sub dir").mkdir(parents=True)
        down.mkdir()
        (up / "one.txt").write_text("one")
        (up / "sub dir/zwei ü.txt").write_text("zwei")
        (up / "large.bin").write_bytes(bytes(range(256)) * 8_000)
        mlflow.log_artifact(str(up / "one.txt"), "single")
        mlflow.log_artifacts(str(up))
        mlflow.log_text("été", "notes/été.txt")
        mlflow.log_dict({"a": [1, None]}, "config.json")

        run_id = active.info.run_id
        listed = [(each.path, each.is_dir, each.file_size) for each in client.list_artifacts(run_id)]
        assert [(path, is_dir) for path, is_dir, _ in listed] == [
            ("config.json", False),
            ("large.bin", False),
            ("notes", True),
            ("one.txt", False),
            ("single", True),
            ("sub dir", True),
        ]
        assert (listed[1][2], listed[2][2]) == (2_048_000, None)
        assert [each.path for each in client.list_artifacts(run_id, "sub dir")] == ["sub dir/zwei ü.txt"]

        whole = Path(mlflow.artifacts.download_artifacts(run_id=run_id, dst_path=str(down)))
        assert (whole / "sub dir/zwei ü.txt").read_text() == "zwei"
        assert (whole / "notes/été.txt").read_text(encoding="utf-8") == "été"
        assert (whole / "large.bin").read_bytes() == (up / "large.bin").read_bytes()
        assert mlflow.artifacts.load_dict(f"runs:/{run_id}/config.json") == {"a": [1, None]}
        assert Path(client.download_artifacts(run_id, "single/one.txt", str(down))).read_text() == "one"


def search(unique: str) -> None:
    client = MlflowClient()
    experiment_id = client.create_experiment(unique)
    ids = []
    for n in range(7):
        run = client.create_run(experiment_id, start_time=1_000 + n, tags={"even": str(n % 2 == 0)})
        client.log_batch(run.info.run_id, [Metric("loss", n / 7, 1, 0)], [Param("n", str(n)), Param("model", f"Net-{n}")])
        ids.append(run.info.run_id)
    client.set_terminated(ids[6])

    def found(filter_string: str = "", **more) -> list[int]:
        return [ids.index(each.info.run_id) for each in client.search_runs([experiment_id], filter_string, **more)]

    assert found() == [6, 5, 4, 3, 2, 1, 0]
    assert found("metrics.loss > 0.5") == [6, 5, 4]
    assert found("metrics.loss <= 0.5 AND tags.even = 'True'", order_by=["metrics.loss ASC"]) == [0, 2]
    assert found("params.model ILIKE 'net-%' and params.n != '3'", order_by=["params.n"]) == [0, 1, 2, 4, 5, 6]
    assert found("attributes.status = 'FINISHED'") == [6]
    assert found("attributes.start_time >= 1005") == [6, 5]
    assert found("params.n = 'none'") == []
    expect_error("INVALID_PARAMETER_VALUE", found, "metrics.loss > 'x'")

    pages, token = [], None
    while True:
        page = client.search_runs([experiment_id], max_results=3, order_by=["metrics.loss DESC"], page_token=token)
        pages.append([ids.index(each.info.run_id) for each in page])
        if not (token := page.token):
            break
    assert pages == [[6, 5, 4], [3, 2, 1], [0]]
    fluent = mlflow.search_runs([experiment_id], "params.n = '4'", output_format="list")
    assert [each.info.run_id for each in fluent] == [ids[4]]


def registry(unique: str) -> None:
    client = MlflowClient()
    run = client.create_run(client.create_experiment(unique))
    source = f"{run.info.artifact_uri}/model"
    created = client.create_registered_model(unique, {"team": "vision"}, "first")
    assert (created.name, created.tags, created.description) == (unique, {"team": "vision"}, "first")
    expect_error("RESOURCE_ALREADY_EXISTS", client.create_registered_model, unique)
    numbers = [client.create_model_version(unique, source, run.info.run_id).version for _ in range(3)]
    assert [int(number) for number in numbers] == [1, 2, 3]
    version = client.get_model_version(unique, "1")
    assert (version.source, version.run_id, version.status) == (source, run.info.run_id, "READY")
    assert client.get_model_version_download_uri(unique, "1") == source

    assert client.transition_model_version_stage(unique, "1", "Production").current_stage == "Production"
    client.transition_model_version_stage(unique, "2", "Production", archive_existing_versions=True)
    assert client.get_model_version(unique, "1").current_stage == "Archived"
    latest = {each.current_stage: int(each.version) for each in client.get_latest_versions(unique)}
    assert latest == {"None": 3, "Production": 2, "Archived": 1}
    assert [int(each.version) for each in client.get_latest_versions(unique, ["Production"])] == [2]

    client.update_model_version(unique, "2", "chosen")
    client.set_model_version_tag(unique, "2", "k", "v")
    client.set_registered_model_tag(unique, "k", "v")
    client.delete_registered_model_tag(unique, "team")
    changed = client.get_model_version(unique, "2")
    assert (changed.description, changed.tags) == ("chosen", {"k": "v"})
    assert client.get_registered_model(unique).tags == {"k": "v"}
    found = client.search_model_versions(f"name = '{unique}'")
    assert sorted(int(each.version) for each in found) == [1, 2, 3]
    assert len(client.search_model_versions(f"run_id = '{run.info.run_id}'")) == 3

    client.delete_model_version_tag(unique, "2", "k")
    client.delete_model_version(unique, "3")
    expect_error("RESOURCE_DOES_NOT_EXIST", client.get_model_version, unique, "3")
    client.rename_registered_model(unique, f"{unique} new")
    assert [each.name for each in client.search_registered_models(f"name LIKE '{unique}%'")] == [f"{unique} new"]
    client.delete_registered_model(f"{unique} new")
    expect_error("RESOURCE_DOES_NOT_EXIST", client.get_registered_model, f"{unique} new")


def command_line(unique: str) -> None:
    client = MlflowClient()
    assert "Created experiment" in cli("experiments", "create", "-n", unique)
    experiment_id = client.get_experiment_by_name(unique).experiment_id
    run_id = client.create_run(experiment_id, tags={"mlflow.runName": "by client"}).info.run_id
    client.log_metric(run_id, "m", 0.25)
    assert run_id in cli("runs", "list", "--experiment-id", experiment_id)
    assert json.loads(cli("runs", "describe", "--run-id", run_id))["data"]["metrics"] == {"m": 0.25}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "one.txt").write_text("one")
        cli("artifacts", "log-artifact", "-l", os.path.join(folder, "one.txt"), "-r", run_id, "-a", "in")
        assert json.loads(cli("artifacts", "list", "-r", run_id, "-a", "in"))[0]["path"] == "in/one.txt"
        cli("artifacts", "download", "-u", f"runs:/{run_id}/in", "-d", f"{folder}/down")
        assert Path(folder, "down/in/one.txt").read_text() == "one"
    cli("runs", "delete", "--run-id", run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    cli("runs", "restore", "--run-id", run_id)
    cli("experiments", "rename", "-x", experiment_id, "--new-name", f"{unique} renamed")
    cli("experiments", "delete", "-x", experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "deleted"
    cli("experiments", "restore", "-x", experiment_id)
