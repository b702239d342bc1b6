"""The life of a run: start, end, nest, resume, name, describe, delete and restore."""

import re
import time

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag, ViewType
from mlflow.exceptions import MlflowException


def test_start_and_end(client: MlflowClient, experiment: str) -> None:
    before_ms = int(time.time() * 1000) - 1
    with mlflow.start_run() as active:
        running = client.get_run(active.info.run_id)
        assert running.info.status == "RUNNING"
        assert running.info.end_time is None
    ended = client.get_run(active.info.run_id)
    assert re.fullmatch(r"[0-9a-f]{32}", ended.info.run_id)
    assert ended.info.experiment_id == experiment
    assert ended.info.status == "FINISHED"
    assert ended.info.lifecycle_stage == "active"
    assert before_ms <= ended.info.start_time <= ended.info.end_time <= int(time.time() * 1000) + 1
    assert ended.info.artifact_uri == f"mlflow-artifacts:/{experiment}/{ended.info.run_id}/artifacts"
    assert ended.data.tags["mlflow.user"] == ended.info.user_id
    assert {"mlflow.source.name", "mlflow.source.type", "mlflow.runName"} <= ended.data.tags.keys()


def test_failed_and_killed(client: MlflowClient, experiment: str) -> None:
    with pytest.raises(ZeroDivisionError), mlflow.start_run() as failed:
        raise ZeroDivisionError
    assert client.get_run(failed.info.run_id).info.status == "FAILED"
    killed = mlflow.start_run()
    mlflow.end_run("KILLED")
    assert client.get_run(killed.info.run_id).info.status == "KILLED"
    client.update_run(killed.info.run_id, status="SCHEDULED")
    assert client.get_run(killed.info.run_id).info.status == "SCHEDULED"


def test_set_terminated(client: MlflowClient, run: Run) -> None:
    client.set_terminated(run.info.run_id, "FINISHED", end_time=1_600_000_000_123)
    ended = client.get_run(run.info.run_id).info
    assert (ended.status, ended.end_time) == ("FINISHED", 1_600_000_000_123)


def test_nested_runs(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run(run_name="parent") as parent:
        children = []
        for index in range(3):
            with mlflow.start_run(run_name=f"child-{index}", nested=True) as child:
                mlflow.log_metric("index", index)
                with mlflow.start_run(nested=True) as grandchild:
                    assert grandchild.data.tags["mlflow.parentRunId"] == child.info.run_id
            children.append(child.info.run_id)
        assert mlflow.active_run().info.run_id == parent.info.run_id
    assert client.get_parent_run(children[0]).info.run_id == parent.info.run_id
    assert client.get_parent_run(parent.info.run_id) is None
    found = client.search_runs([experiment], f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
    assert {child.info.run_id for child in found} == set(children)
    quoted = f"tags.`mlflow.parentRunId` = '{parent.info.run_id}' AND metrics.index > 0"
    assert len(client.search_runs([experiment], quoted)) == 2


def test_resume_keeps_what_was_logged(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run(run_name="first") as first:
        mlflow.log_param("depth", 3)
        mlflow.log_metric("loss", 1.0, step=0)
    ended = client.get_run(first.info.run_id)
    with mlflow.start_run(run_id=first.info.run_id):
        resumed = client.get_run(first.info.run_id)
        assert resumed.info.status == "RUNNING"
        assert resumed.info.end_time == ended.info.end_time
        assert resumed.info.start_time == ended.info.start_time
        mlflow.log_metric("loss", 0.5, step=1)
    again = client.get_run(first.info.run_id)
    assert again.info.status == "FINISHED"
    assert again.info.end_time >= ended.info.end_time
    assert again.data.params == {"depth": "3"}
    assert [point.value for point in client.get_metric_history(first.info.run_id, "loss")] == [1.0, 0.5]


def test_run_names(client: MlflowClient, experiment: str) -> None:
    given = client.create_run(experiment, run_name="Größe 5 / try #1")
    assert given.info.run_name == "Größe 5 / try #1"
    assert given.data.tags["mlflow.runName"] == "Größe 5 / try #1"
    by_tag = client.create_run(experiment, tags={"mlflow.runName": "by-tag"})
    assert by_tag.info.run_name == "by-tag"
    generated = client.create_run(experiment)
    assert re.fullmatch(r"[a-z]+-[a-z]+-\d+", generated.info.run_name)
    assert generated.data.tags["mlflow.runName"] == generated.info.run_name
    with pytest.raises(MlflowException) as caught:
        client.create_run(experiment, run_name="one", tags={"mlflow.runName": "two"})
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_rename(client: MlflowClient, run: Run) -> None:
    client.update_run(run.info.run_id, name="by update")
    renamed = client.get_run(run.info.run_id)
    assert (renamed.info.run_name, renamed.data.tags["mlflow.runName"]) == ("by update", "by update")
    assert renamed.info.status == "RUNNING"
    client.set_tag(run.info.run_id, "mlflow.runName", "by tag")
    assert client.get_run(run.info.run_id).info.run_name == "by tag"
    client.log_batch(run.info.run_id, tags=[RunTag("mlflow.runName", "by batch")])
    assert client.get_run(run.info.run_id).info.run_name == "by batch"
    found = client.search_runs([run.info.experiment_id], "attributes.run_name = 'by batch'")
    assert [each.info.run_id for each in found] == [run.info.run_id]


def test_description_and_start_tags(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run(description="# Why\n\nBecause.", tags={"phase": "1"}) as active:
        pass
    tags = client.get_run(active.info.run_id).data.tags
    assert tags["mlflow.note.content"] == "# Why\n\nBecause."
    assert tags["phase"] == "1"


def test_create_run_with_start_time(client: MlflowClient, experiment: str) -> None:
    run = client.create_run(experiment, start_time=1_234_567_890_123)
    assert client.get_run(run.info.run_id).info.start_time == 1_234_567_890_123


def test_missing_runs(client: MlflowClient, experiment: str) -> None:
    missing = "0" * 32
    for call in (
        lambda: client.get_run(missing),
        lambda: client.update_run(missing, status="FINISHED"),
        lambda: client.delete_run(missing),
        lambda: client.restore_run(missing),
        lambda: client.log_metric(missing, "m", 1.0),
        lambda: client.log_batch(missing, metrics=[Metric("m", 1.0, 1, 1)]),
        lambda: client.log_param(missing, "p", "1"),
        lambda: client.set_tag(missing, "t", "1"),
        lambda: client.delete_tag(missing, "t"),
        lambda: client.create_run("987654321"),
    ):
        with pytest.raises(MlflowException) as caught:
            call()
        assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert client.get_metric_history(missing, "m") == []


def test_delete_and_restore(client: MlflowClient, run: Run) -> None:
    run_id, experiment_id = run.info.run_id, run.info.experiment_id
    client.log_metric(run_id, "kept", 2.5)

    def found(view: int) -> list[str]:
        return [each.info.run_id for each in client.search_runs([experiment_id], run_view_type=view)]

    client.delete_run(run_id)
    client.delete_run(run_id)
    deleted = client.get_run(run_id)
    assert deleted.info.lifecycle_stage == "deleted"
    assert deleted.data.metrics == {"kept": 2.5}
    assert [found(view) for view in (ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL)] == [
        [],
        [run_id],
        [run_id],
    ]
    client.restore_run(run_id)
    client.restore_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "active"
    assert [found(view) for view in (ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY)] == [[run_id], []]
    client.log_metric(run_id, "kept", 3.5, step=1)
    assert client.get_run(run_id).data.metrics == {"kept": 3.5}


def test_deleted_runs_refuse_writes(client: MlflowClient, run: Run) -> None:
    run_id = run.info.run_id
    client.set_tag(run_id, "present", "yes")
    client.log_metric(run_id, "m", 1.0, step=0)
    client.delete_run(run_id)
    before = client.get_run(run_id)
    for write in (
        lambda: client.log_metric(run_id, "m", 2.0, step=1),
        lambda: client.log_param(run_id, "p", "1"),
        lambda: client.set_tag(run_id, "t", "1"),
        lambda: client.delete_tag(run_id, "present"),
        lambda: client.log_batch(run_id, metrics=[Metric("m", 3.0, 1, 2)]),
        lambda: client.log_batch(run_id, params=[Param("p", "1")], tags=[RunTag("t", "1")]),
        lambda: client.update_run(run_id, status="FINISHED", name="other"),
    ):
        with pytest.raises(MlflowException) as caught:
            write()
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    after = client.get_run(run_id)
    assert after.to_dictionary() == before.to_dictionary()
    assert [point.value for point in client.get_metric_history(run_id, "m")] == [1.0]


def test_delete_does_not_cascade(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run() as parent, mlflow.start_run(nested=True) as child:
        pass
    mlflow.delete_run(parent.info.run_id)
    assert client.get_run(parent.info.run_id).info.lifecycle_stage == "deleted"
    assert client.get_run(child.info.run_id).info.lifecycle_stage == "active"


def test_restored_experiment_brings_back_its_runs(client: MlflowClient, run: Run) -> None:
    client.log_metric(run.info.run_id, "m", 1.0)
    client.delete_experiment(run.info.experiment_id)
    with pytest.raises(MlflowException) as caught:
        client.log_metric(run.info.run_id, "m", 2.0)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    client.restore_experiment(run.info.experiment_id)
    client.log_metric(run.info.run_id, "m", 3.0, step=1)
    assert client.get_run(run.info.run_id).data.metrics == {"m": 3.0}
