"""The `mlflow` command on experiments, runs and artifacts."""

import csv
import json
from pathlib import Path

from command_line import cli
from mlflow import MlflowClient
from mlflow.entities import Run


def test_experiments(client: MlflowClient, unique: str) -> None:
    name = f"cli {unique}"
    created = cli("experiments", "create", "-n", name)
    experiment_id = created.split()[-1]
    assert client.get_experiment(experiment_id).name == name
    assert "already exists" in cli("experiments", "create", "-n", name, fails=True)
    assert name in cli("experiments", "search")
    assert json.loads(cli("experiments", "get", "-n", name, "--output", "json"))["experiment_id"] == experiment_id


def test_experiment_life(client: MlflowClient, experiment: str) -> None:
    name, experiment_id = client.get_experiment(experiment).name, experiment
    cli("experiments", "rename", "-x", experiment_id, "--new-name", f"{name} renamed")
    assert client.get_experiment(experiment_id).name == f"{name} renamed"
    cli("experiments", "delete", "-x", experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "deleted"
    assert name not in cli("experiments", "search")
    assert name in cli("experiments", "search", "--view", "deleted_only")
    cli("experiments", "restore", "-x", experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "active"


def test_experiment_to_csv(client: MlflowClient, experiment: str, tmp_path: Path) -> None:
    for index in range(3):
        run = client.create_run(experiment, run_name=f"run-{index}")
        client.log_param(run.info.run_id, "p", f'a,"b"\n{index}')
        client.log_metric(run.info.run_id, "m", index / 3)
    cli("experiments", "csv", "-x", experiment, "-o", str(tmp_path / "runs.csv"))
    with (tmp_path / "runs.csv").open(newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["tags.mlflow.runName"])
    assert [row["params.p"] for row in rows] == [f'a,"b"\n{index}' for index in range(3)]
    assert [float(row["metrics.m"]) for row in rows] == [index / 3 for index in range(3)]


def test_runs(client: MlflowClient, experiment: str) -> None:
    created = cli("runs", "create", "--experiment-id", experiment, "--run-name", "by cli", "--tags", "k=v")
    (run,) = client.search_runs([experiment])
    run_id = run.info.run_id
    assert run_id in created
    assert (run.info.run_name, run.info.status, run.data.tags["k"]) == ("by cli", "FINISHED", "v")
    client.log_metric(run_id, "m", 0.1 + 0.2)
    client.log_param(run_id, "p", "q")

    assert run_id in cli("runs", "list", "--experiment-id", experiment)
    described = json.loads(cli("runs", "describe", "--run-id", run_id))
    assert described["info"]["run_name"] == "by cli"
    assert described["data"]["metrics"] == {"m": 0.1 + 0.2}
    assert described["data"]["params"] == {"p": "q"}
    assert "not found" in cli("runs", "describe", "--run-id", "0" * 32, fails=True)


def test_run_life(client: MlflowClient, run: Run) -> None:
    run_id, experiment = run.info.run_id, run.info.experiment_id
    cli("runs", "delete", "--run-id", run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    assert run_id not in cli("runs", "list", "--experiment-id", experiment)
    assert run_id in cli("runs", "list", "--experiment-id", experiment, "--view", "deleted_only")
    cli("runs", "restore", "--run-id", run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "active"


def test_artifacts(client: MlflowClient, run: Run, tmp_path: Path) -> None:
    run_id = run.info.run_id
    (tmp_path / "up/sub dir").mkdir(parents=True)
    (tmp_path / "up/one.txt").write_text("one")
    (tmp_path / "up/sub dir/zwei ü.txt").write_text("zwei")
    cli("artifacts", "log-artifact", "-l", str(tmp_path / "up/one.txt"), "-r", run_id, "-a", "single")
    cli("artifacts", "log-artifacts", "-l", str(tmp_path / "up"), "-r", run_id)
    listed = json.loads(cli("artifacts", "list", "-r", run_id))
    assert [(file["path"], file["is_dir"]) for file in listed] == [
        ("one.txt", False),
        ("single", True),
        ("sub dir", True),
    ]
    (inner,) = json.loads(cli("artifacts", "list", "-r", run_id, "-a", "sub dir"))
    assert (inner["path"], int(inner["file_size"])) == ("sub dir/zwei ü.txt", 4)
    down = tmp_path / "down"
    cli("artifacts", "download", "-r", run_id, "-d", str(down))
    assert (down / "sub dir/zwei ü.txt").read_text() == "zwei"
    assert (down / "single/one.txt").read_text() == "one"
    cli("artifacts", "download", "-u", f"runs:/{run_id}/sub dir", "-d", str(tmp_path / "other"))
    assert (tmp_path / "other/sub dir/zwei ü.txt").read_text() == "zwei"
