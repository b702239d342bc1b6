"""`mlflow run` of a project that tracks to the server under test."""

from pathlib import Path
from textwrap import dedent

import pytest
from command_line import cli
from mlflow import MlflowClient

PROJECT = """
    name: iris
    entry_points:
      main:
        parameters:
          depth: {type: int, default: 2}
          notes: {type: path}
        command: "python train.py {depth} {notes}"
      report:
        parameters:
          tag: string
        command: "python report.py {tag}"
"""
TRAIN = """
    import sys
    import mlflow
    from sklearn.datasets import load_iris
    from sklearn.tree import DecisionTreeClassifier

    features, target = load_iris(return_X_y=True)
    depth = int(sys.argv[1])
    with mlflow.start_run():
        model = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(features, target)
        mlflow.log_metric("accuracy", model.score(features, target))
        mlflow.log_artifact(sys.argv[2])
        if depth > 5:
            sys.exit("too deep")
"""
REPORT = """
    import sys
    import mlflow

    mlflow.set_tag("report", sys.argv[1])
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in [("MLproject", PROJECT), ("train.py", TRAIN), ("report.py", REPORT), ("notes.txt", "why ü")]:
        (tmp_path / name).write_text(dedent(text))
    return tmp_path


def run_project(project: Path, experiment: str, *more: str, fails: bool = False) -> None:
    cli("run", str(project), "--env-manager", "local", "--experiment-id", experiment, *more, fails=fails)


def test_run(client: MlflowClient, experiment: str, project: Path) -> None:
    notes = str(project / "notes.txt")
    run_project(project, experiment, "-P", "depth=3", "-P", f"notes={notes}", "--run-name", "by project")
    (run,) = client.search_runs([experiment])
    assert (run.info.status, run.info.run_name) == ("FINISHED", "by project")
    assert run.data.params == {"depth": "3", "notes": notes}
    assert run.data.metrics["accuracy"] > 0.95
    assert run.data.tags["mlflow.source.type"] == "PROJECT"
    assert run.data.tags["mlflow.project.backend"] == "local"
    assert run.data.tags["mlflow.project.entryPoint"] == "main"
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["notes.txt"]


def test_another_entry_point(client: MlflowClient, experiment: str, project: Path) -> None:
    run_project(project, experiment, "-e", "report", "-P", "tag=ready")
    (run,) = client.search_runs([experiment])
    assert (run.info.status, run.data.tags["report"]) == ("FINISHED", "ready")
    assert run.data.tags["mlflow.project.entryPoint"] == "report"


def test_a_program_that_fails(client: MlflowClient, experiment: str, project: Path) -> None:
    run_project(project, experiment, "-P", "depth=6", "-P", f"notes={project}/notes.txt", fails=True)
    (run,) = client.search_runs([experiment])
    assert (run.info.status, run.data.metrics) == ("FAILED", {"accuracy": 1})
