"""Params are written once; tags are written at will."""

import json

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException
from mlflow.models import Model

KEYS = ["plain", "with space", "a/b/c", "dot.ted", "da-shed", "under_score", "col:on", "größe", "学習率", "k" * 250]
BAD_KEYS = ["a//b", "a/./b", "../a", "/a", "a/", ".", "semi;colon", "quo'te", "k" * 251]


def logged(client: MlflowClient, run: Run) -> dict[str, str]:
    return client.get_run(run.info.run_id).data.params


def own_tags(client: MlflowClient, run: Run) -> dict[str, str]:
    tags = client.get_run(run.info.run_id).data.tags
    return {key: value for key, value in tags.items() if key != "mlflow.runName"}


def test_params_come_back_as_text(client: MlflowClient, experiment: str) -> None:
    values = {"rate": 0.001, "layers": [64, 32], "flag": True, "none": None, "empty": "", "text": "日本 \n\t\"'\\ ☀"}
    with mlflow.start_run() as active:
        mlflow.log_params(values)
        assert mlflow.log_param("returned", 5) == 5
    params = client.get_run(active.info.run_id).data.params
    assert params == {**{key: str(value) for key, value in values.items()}, "returned": "5"}


@pytest.mark.parametrize("key", KEYS)
def test_keys(client: MlflowClient, run: Run, key: str) -> None:
    run_id = run.info.run_id
    client.log_param(run_id, key, "p")
    client.set_tag(run_id, key, "t")
    client.log_metric(run_id, key, 1.5)
    read = client.get_run(run_id).data
    assert (read.params[key], read.tags[key], read.metrics[key]) == ("p", "t", 1.5)
    assert [point.value for point in client.get_metric_history(run_id, key)] == [1.5]
    found = client.search_runs([run.info.experiment_id], f"params.`{key}` = 'p' AND metrics.`{key}` = 1.5")
    assert [each.info.run_id for each in found] == [run_id]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_bad_keys_are_refused(client: MlflowClient, run: Run, key: str) -> None:
    store = client._tracking_client.store
    for write in (
        lambda: store.log_param(run.info.run_id, Param(key, "p")),
        lambda: store.set_tag(run.info.run_id, RunTag(key, "t")),
        lambda: store.log_metric(run.info.run_id, Metric(key, 1.0, 1, 0)),
        lambda: store.log_batch(run.info.run_id, [Metric(key, 1.0, 1, 0)], [Param("good", "p")], []),
    ):
        with pytest.raises(MlflowException) as caught:
            write()
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    data = client.get_run(run.info.run_id).data
    assert (data.params, data.metrics, own_tags(client, run)) == ({}, {}, {})


def test_repeated_param_is_idempotent(client: MlflowClient, run: Run) -> None:
    for _ in range(3):
        client.log_param(run.info.run_id, "depth", 3)
        client.log_batch(run.info.run_id, params=[Param("depth", "3"), Param("width", "9")])
    assert logged(client, run) == {"depth": "3", "width": "9"}


def test_changed_param_is_refused(client: MlflowClient, run: Run) -> None:
    client.log_param(run.info.run_id, "depth", 3)
    with pytest.raises(MlflowException, match="depth") as caught:
        client.log_param(run.info.run_id, "depth", 4)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert logged(client, run) == {"depth": "3"}


def test_changed_param_in_a_batch_writes_nothing(client: MlflowClient, run: Run) -> None:
    client.log_param(run.info.run_id, "depth", 3)
    with pytest.raises(MlflowException) as caught:
        client.log_batch(
            run.info.run_id,
            metrics=[Metric("m", 1.0, 1, 0)],
            params=[Param("new", "1"), Param("depth", "4")],
            tags=[RunTag("t", "1")],
        )
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    data = client.get_run(run.info.run_id).data
    assert (data.params, data.metrics, own_tags(client, run)) == ({"depth": "3"}, {}, {})


def test_long_param_values(client: MlflowClient, run: Run) -> None:
    client.log_param(run.info.run_id, "fits", "v" * 6000)
    client.log_param(run.info.run_id, "truncated", "ä" * 7000)
    assert logged(client, run) == {"fits": "v" * 6000, "truncated": "ä" * 6000}
    client.log_param(run.info.run_id, "truncated", "ä" * 7000)


def test_many_params_are_split_by_the_client(client: MlflowClient, experiment: str) -> None:
    params = {f"p{index:03}": index for index in range(250)}
    with mlflow.start_run() as active:
        mlflow.log_params(params)
        mlflow.set_tags({f"t{index:03}": index for index in range(250)})
    read = client.get_run(active.info.run_id).data
    assert read.params == {key: str(value) for key, value in params.items()}
    assert [read.tags[f"t{index:03}"] for index in range(250)] == [str(index) for index in range(250)]


def test_tags_overwrite(client: MlflowClient, run: Run) -> None:
    run_id = run.info.run_id
    client.set_tag(run_id, "stage", "dev")
    client.set_tag(run_id, "stage", "prod")
    client.set_tag(run_id, "empty", "")
    client.set_tag(run_id, "long", "x" * 8000)
    client.log_batch(run_id, tags=[RunTag("twice", "1"), RunTag("twice", "2")])
    assert own_tags(client, run) == {"stage": "prod", "empty": "", "long": "x" * 8000, "twice": "2"}
    client.set_tag(run_id, "long", "y" * 9000)
    assert own_tags(client, run)["long"] == "y" * 8000


def test_fluent_tags(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run() as active:
        mlflow.set_tag("one", 1)
        mlflow.set_tags({"two": 2, "three": 3})
        mlflow.delete_tag("two")
    tags = client.get_run(active.info.run_id).data.tags
    assert (tags["one"], tags["three"], "two" in tags) == ("1", "3", False)


def test_delete_tag(client: MlflowClient, run: Run) -> None:
    client.set_tag(run.info.run_id, "gone", "1")
    client.delete_tag(run.info.run_id, "gone")
    assert own_tags(client, run) == {}
    with pytest.raises(MlflowException) as caught:
        client.delete_tag(run.info.run_id, "gone")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_log_model_history(client: MlflowClient, run: Run) -> None:
    models = [Model(artifact_path=path, run_id=run.info.run_id) for path in ("first", "second")]
    for model in models:
        model.add_flavor("python_function", loader_module="nowhere")
        client._record_logged_model(run.info.run_id, model)
    history = json.loads(own_tags(client, run)["mlflow.log-model.history"])
    assert [entry["artifact_path"] for entry in history] == ["first", "second"]
    assert history[0]["run_id"] == run.info.run_id
    assert history[0]["flavors"]["python_function"]["loader_module"] == "nowhere"
