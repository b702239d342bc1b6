"""Logged models of MLflow 3: logged, loaded, measured, searched."""

import json
import urllib.request
from collections.abc import Iterator

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import (
    Dataset,
    DatasetInput,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
    Run,
)
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression, LogisticRegression

FEATURES = np.arange(20.0).reshape(10, 2)
TARGETS = np.array([0, 1] * 5)


@pytest.fixture
def autolog() -> Iterator[None]:
    yield
    mlflow.sklearn.autolog(disable=True)


def names(models: list) -> list[str]:
    return [model.name for model in models]


def test_log_and_load(experiment: str) -> None:
    fitted = LinearRegression().fit(FEATURES, TARGETS)
    with mlflow.start_run() as active:
        mlflow.log_params({"alpha": "0.1", "depth": "3"})
        info = mlflow.sklearn.log_model(
            fitted, name="linear", signature=infer_signature(FEATURES, TARGETS), input_example=FEATURES[:2]
        )
    for uri in (f"runs:/{active.info.run_id}/linear", f"models:/{info.model_id}", info.model_uri):
        assert mlflow.pyfunc.load_model(uri).predict(FEATURES) == pytest.approx(fitted.predict(FEATURES))
    assert mlflow.sklearn.load_model(info.model_uri).coef_ == pytest.approx(fitted.coef_)
    model = mlflow.get_logged_model(info.model_id)
    assert (model.name, model.status, model.experiment_id) == ("linear", LoggedModelStatus.READY, experiment)
    assert (model.source_run_id, model.model_type) == (active.info.run_id, "")
    assert model.params == {"alpha": "0.1", "depth": "3"}
    assert model.artifact_location.endswith(f"/models/{info.model_id}/artifacts")
    outputs = mlflow.get_run(active.info.run_id).outputs.model_outputs
    assert [(output.model_id, output.step) for output in outputs] == [(info.model_id, 0)]


def test_metrics_of_the_run_follow_into_the_model(experiment: str) -> None:
    with mlflow.start_run() as active:
        mlflow.log_metric("before", 0.25, timestamp=1000)
        info = mlflow.sklearn.log_model(LinearRegression().fit(FEATURES, TARGETS), name="m")
        mlflow.log_metric("after", 0.75, model_id=info.model_id)
    metrics = {metric.key: metric for metric in mlflow.get_logged_model(info.model_id).metrics}
    assert {key: metric.value for key, metric in metrics.items()} == {"before": 0.25, "after": 0.75}
    assert (metrics["before"].step, metrics["before"].timestamp) == (0, 1000)
    assert {metric.run_id for metric in metrics.values()} == {active.info.run_id}


def test_autolog_with_models(autolog: None, experiment: str) -> None:
    mlflow.sklearn.autolog()
    with mlflow.start_run() as active:
        LogisticRegression(max_iter=50).fit(FEATURES, TARGETS)
    run = mlflow.get_run(active.info.run_id)
    (output,) = run.outputs.model_outputs
    (model,) = mlflow.search_logged_models([experiment], output_format="list")
    assert (model.model_id, model.name) == (output.model_id, "model")
    assert model.params["max_iter"] == "50"
    assert {metric.key for metric in model.metrics} >= {"training_score"}
    loaded = mlflow.pyfunc.load_model(f"runs:/{active.info.run_id}/model")
    assert loaded.predict(FEATURES).shape == (10,)


def test_metric_with_dataset(client: MlflowClient, experiment: str) -> None:
    dataset = mlflow.data.from_pandas(pd.DataFrame({"x": [1.0, 2.0]}), name="held-out")
    model = mlflow.initialize_logged_model(name="m")
    with mlflow.start_run() as active:
        mlflow.log_metric("acc", 0.5, step=1, model_id=model.model_id, dataset=dataset)
        mlflow.log_metrics({"acc": 0.75, "loss": 0.1}, step=2, model_id=model.model_id)
    points = {(metric.key, metric.step): metric for metric in mlflow.get_logged_model(model.model_id).metrics}
    assert points.keys() == {("acc", 1), ("acc", 2), ("loss", 2)}
    first = points["acc", 1]
    assert (first.dataset_name, first.dataset_digest) == ("held-out", dataset.digest)
    assert (first.run_id, first.model_id) == (active.info.run_id, model.model_id)
    assert points["loss", 2].dataset_name is None
    # The run's own metrics say nothing of it.
    assert client.get_run(active.info.run_id).data.metrics == {"acc": 0.75, "loss": 0.1}
    assert {metric.model_id for metric in client.get_metric_history(active.info.run_id, "acc")} == {None}
    frame = mlflow.search_logged_models([experiment], "metrics.acc > 0.7")
    assert list(frame["model_id"]) == [model.model_id]


def test_inputs(client: MlflowClient, experiment: str, run: Run) -> None:
    model = mlflow.initialize_logged_model(name="m")
    dataset = mlflow.data.from_pandas(pd.DataFrame({"x": [1.0]}), name="frame")
    with mlflow.start_run() as active:
        mlflow.log_input(dataset, "eval", model=LoggedModelInput(model.model_id))
    inputs = client.get_run(active.info.run_id).inputs
    assert [each.dataset.name for each in inputs.dataset_inputs] == ["frame"]
    assert [each.model_id for each in inputs.model_inputs] == [model.model_id]
    # MLflow tells them in the order of their ids, whatever the order of logging.
    used = ["m-z-elsewhere", model.model_id, "m-0-elsewhere"]
    dataset_input = DatasetInput(Dataset("d", "x", "local", "/"), [])
    client.log_inputs(run.info.run_id, [dataset_input], [LoggedModelInput(model_id) for model_id in used])
    client.log_inputs(run.info.run_id, models=[LoggedModelInput(model.model_id)])
    model_inputs = client.get_run(run.info.run_id).inputs.model_inputs
    assert [each.model_id for each in model_inputs] == sorted(used)
    # A search tells which models a run made, not which it used.
    found = {each.info.run_id: each for each in client.search_runs([experiment])}
    assert found[run.info.run_id].inputs.model_inputs == []
    assert len(found[run.info.run_id].inputs.dataset_inputs) == 1


def test_outputs(client: MlflowClient, experiment: str, run: Run) -> None:
    ids = sorted(mlflow.initialize_logged_model(name=f"m{i}").model_id for i in range(3))
    run_id = run.info.run_id
    client.get_run(run_id)
    client.log_outputs(run_id, [LoggedModelOutput(model_id, step) for step, model_id in enumerate(ids)])
    expected = [(model_id, step) for step, model_id in enumerate(ids)]
    (found,) = client.search_runs([experiment])
    for outputs in (client.get_run(run_id).outputs, found.outputs):
        assert [(output.model_id, output.step) for output in outputs.model_outputs] == expected
    client.delete_run(run_id)
    with pytest.raises(MlflowException) as caught:
        client.log_outputs(run_id, [LoggedModelOutput("m-late", 0)])
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_life_of_a_model(client: MlflowClient, experiment: str) -> None:
    model = client.create_logged_model(
        experiment, name="first", tags={"a": "1", "b": "ä"}, params={"lr": "0.1"}, model_type="agent"
    )
    assert (model.status, model.tags, model.params) == (
        LoggedModelStatus.PENDING,
        {"a": "1", "b": "ä"},
        {"lr": "0.1"},
    )
    assert model.model_type == "agent"
    assert model.creation_timestamp == model.last_updated_timestamp
    ready = client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    assert ready.status == LoggedModelStatus.READY
    assert ready.last_updated_timestamp >= model.last_updated_timestamp
    failed = client.finalize_logged_model(model.model_id, "FAILED")
    assert failed.status == LoggedModelStatus.FAILED
    client.log_model_params(model.model_id, {"more": "2", "lines": "a\nb"})
    mlflow.set_logged_model_tags(model.model_id, {"a": "changed", "new": "x"})
    client.delete_logged_model_tag(model.model_id, "b")
    changed = client.get_logged_model(model.model_id)
    assert changed.params == {"lr": "0.1", "more": "2", "lines": "a\nb"}
    assert changed.tags == {"a": "changed", "new": "x"}
    client.delete_logged_model(model.model_id)
    client.delete_logged_model(model.model_id)
    for work in (
        lambda: client.get_logged_model(model.model_id),
        lambda: client.delete_logged_model("m-unknown"),
        lambda: client.finalize_logged_model("m-unknown", "READY"),
        lambda: client.delete_logged_model_tag("m-unknown", "a"),
        lambda: client.create_logged_model("987654321"),
    ):
        with pytest.raises(MlflowException) as caught:
            work()
        assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    # The client says these in its own words.
    for work in (client.set_logged_model_tags, client.log_model_params):
        with pytest.raises(MlflowException, match="Failed to get logged model with ID m-unknown"):
            work("m-unknown", {"a": "1"})
    assert client.search_logged_models([experiment]) == []


def test_many_params(client: MlflowClient, experiment: str) -> None:
    params = {f"p{i:03}": "v" * 3000 for i in range(250)}
    model = client.create_logged_model(experiment, params=params)
    assert model.name
    assert client.get_logged_model(model.model_id).params == params
    with pytest.raises(MlflowException) as caught:
        client.log_model_params(model.model_id, {"new": "1", "p000": "other"})
    assert caught.value.error_code == "BAD_REQUEST"
    assert client.get_logged_model(model.model_id).params == params


@pytest.mark.parametrize("name", ["a/b", "a:b", "a.b", "a%b", 'a"b', "a'b"])
def test_bad_names(client: MlflowClient, experiment: str, name: str) -> None:
    with pytest.raises(MlflowException) as caught:
        client.create_logged_model(experiment, name=name)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_deleted_experiment_takes_no_model(client: MlflowClient, experiment: str) -> None:
    client.delete_experiment(experiment)
    with pytest.raises(MlflowException) as caught:
        client.create_logged_model(experiment)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_refused_metrics_change_nothing(client: MlflowClient, experiment: str, run: Run) -> None:
    with pytest.raises(MlflowException) as caught:
        client.log_metric(run.info.run_id, "a", 1.0, model_id="m-unknown")
    assert caught.value.error_code == "BAD_REQUEST"
    model = client.create_logged_model(experiment)
    with pytest.raises(MlflowException) as caught:
        client.log_metric(run.info.run_id, "a", 1.0, model_id=model.model_id, dataset_name="no digest")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert client.get_run(run.info.run_id).data.metrics == {}
    assert not client.get_logged_model(model.model_id).metrics


def test_repeats_are_one_point(client: MlflowClient, experiment: str, run: Run) -> None:
    model = client.create_logged_model(experiment)
    point = Metric("a", 0.1 + 0.2, 1000, -(2**62) - 1, model_id=model.model_id)
    for _ in range(2):
        client.log_batch(run.info.run_id, [point, Metric("b", 1.0, 1000, 0)])
    (kept,) = client.get_logged_model(model.model_id).metrics
    assert (kept.key, kept.value, kept.timestamp, kept.step) == ("a", 0.1 + 0.2, 1000, -(2**62) - 1)


@pytest.fixture
def population(client: MlflowClient, experiment: str, run: Run) -> str:
    """Three models, each with its own param, tag, and two points of `acc`, of which the one of the greater step counts."""
    for number, (name, first, last) in enumerate([("alpha", 0.9, 0.1), ("Beta", 0.2, 0.5), ("gamma", 0.4, 0.8)]):
        model = client.create_logged_model(
            experiment, name=name, params={"lr": f"0.{number}"}, tags={"team": name[0]}, model_type="t" * number
        )
        dataset = {"dataset_name": f"d{number}", "dataset_digest": "x"}
        client.log_metric(run.info.run_id, "acc", first, 1, 9, model_id=model.model_id, **dataset)
        client.log_metric(run.info.run_id, "acc", last, 2, 1, model_id=model.model_id)
        client.finalize_logged_model(model.model_id, "READY" if number else "FAILED")
    bare = client.create_logged_model(experiment, name="bare")
    client.delete_logged_model(client.create_logged_model(experiment, name="deleted").model_id)
    assert bare.name == "bare"
    return experiment


@pytest.mark.parametrize(
    ("filter_string", "expected"),
    [
        (None, ["bare", "gamma", "Beta", "alpha"]),
        ("name = 'Beta'", ["Beta"]),
        ("name = Beta", ["Beta"]),
        ("attributes.name != 'Beta'", ["bare", "gamma", "alpha"]),
        ("name LIKE '%a%a%'", ["gamma", "alpha"]),
        ("name LIKE 'b%'", ["bare"]),
        ("name ILIKE 'b%'", ["bare", "Beta"]),
        ("name IN ('alpha', 'gamma', 'x')", ["gamma", "alpha"]),
        ("name NOT IN ('alpha', 'gamma')", ["bare", "Beta"]),
        ("name in ('alpha')", ["alpha"]),
        ("model_type = ''", ["bare", "alpha"]),
        ("model_type LIKE 't_'", ["gamma"]),
        ("status = 'READY'", ["gamma", "Beta"]),
        ("status != 'READY'", ["bare", "alpha"]),
        ("status = 'FAILED'", ["alpha"]),
        ("creation_timestamp > 0 AND creation_time != 1.5", ["bare", "gamma", "Beta", "alpha"]),
        ("last_updated_timestamp_ms < 10", []),
        ("lifecycle_stage = 'active'", ["bare", "gamma", "Beta", "alpha"]),
        ("metrics.acc > 0.3", ["gamma", "alpha"]),
        ("metrics.acc > 0.85", ["alpha"]),
        ("metrics.acc = 0.1", []),
        ("metrics.acc != 0.9", ["gamma", "Beta"]),
        ("metrics.acc > 0.7 AND metrics.acc < 0.2", []),
        ("metrics.`acc` <= 1e0 and tags.team = 'B'", ["Beta"]),
        ("metrics.other > 0", []),
        ("params.lr = '0.1'", ["Beta"]),
        ("params.lr = 0.1", ["Beta"]),
        ("params.lr != '0.1'", ["gamma", "alpha"]),
        ("params.lr IN ('0.0', '0.2')", ["gamma", "alpha"]),
        ("params.lr LIKE '0.%' AND name = 'gamma'", ["gamma"]),
        ("tags.team ILIKE 'b'", ["Beta"]),
        ("tags.none = 'x'", []),
    ],
)
def test_filters(client: MlflowClient, population: str, filter_string: str | None, expected: list[str]) -> None:
    assert names(client.search_logged_models([population], filter_string)) == expected


@pytest.mark.parametrize(
    "filter_string",
    [
        "metric.acc > 1",
        "dataset.name = 'x'",
        "metrics.acc LIKE 'x'",
        "name > 'x'",
        "name = ",
        "name",
        "name == 'x'",
        "creation_time LIKE 'x'",
        "name = 'x';",
        "last_updated_time > 1",
    ],
)
def test_bad_filters(client: MlflowClient, experiment: str, filter_string: str) -> None:
    with pytest.raises(MlflowException) as caught:
        client.search_logged_models([experiment], filter_string)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        ({"field_name": "name"}, ["Beta", "alpha", "bare", "gamma"]),
        ({"field_name": "name", "ascending": False}, ["gamma", "bare", "alpha", "Beta"]),
        ({"field_name": "creation_time"}, ["alpha", "Beta", "gamma", "bare"]),
        ({"field_name": "status"}, ["bare", "gamma", "Beta", "alpha"]),
        ({"field_name": "model_type", "ascending": False}, ["gamma", "Beta", "bare", "alpha"]),
        ({"field_name": "metrics.acc"}, ["Beta", "gamma", "alpha", "bare"]),
        ({"field_name": "metrics.acc", "ascending": False}, ["alpha", "gamma", "Beta", "bare"]),
        (
            {"field_name": "metrics.acc", "dataset_name": "d0", "dataset_digest": "x"},
            ["alpha", "bare", "gamma", "Beta"],
        ),
        ({"field_name": "metrics.acc", "dataset_name": "d1"}, ["Beta", "bare", "gamma", "alpha"]),
        ({"field_name": "metrics.none"}, ["bare", "gamma", "Beta", "alpha"]),
    ],
)
def test_orders(client: MlflowClient, population: str, order_by: dict, expected: list[str]) -> None:
    assert names(client.search_logged_models([population], order_by=[order_by])) == expected
    paged = []
    page = client.search_logged_models([population], order_by=[order_by], max_results=1)
    paged += page
    while page.token:
        page = client.search_logged_models([population], order_by=[order_by], max_results=1, page_token=page.token)
        paged += page
    assert names(paged) == expected


@pytest.mark.parametrize("field", ["foo", "params.lr", "attributes.name"])
def test_bad_orders(client: MlflowClient, experiment: str, field: str) -> None:
    with pytest.raises(MlflowException) as caught:
        client.search_logged_models([experiment], order_by=[{"field_name": field}])
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_datasets_narrow_metrics(client: MlflowClient, population: str) -> None:
    def search(datasets: list[dict], filter_string: str | None = None) -> list[str]:
        return names(client.search_logged_models([population], filter_string, datasets))

    first, second = ({"dataset_name": f"d{number}", "dataset_digest": "x"} for number in (0, 1))
    assert search([first]) == ["alpha"]
    assert search([first, second]) == ["Beta", "alpha"]
    assert search([first, second], "metrics.acc > 0.5") == ["alpha"]
    assert search([second], "metrics.acc >= 0.5") == []
    assert search([second], "params.lr = '0.1'") == ["Beta"]
    assert search([{"dataset_name": "d0", "dataset_digest": "other"}]) == []
    with pytest.raises(MlflowException) as caught:
        search([{"dataset_name": ""}])
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_token_belongs_to_its_search(client: MlflowClient, population: str) -> None:
    page = client.search_logged_models([population], "name != 'x'", max_results=2)
    assert names(page) == ["bare", "gamma"]
    assert names(client.search_logged_models([population], "name != 'x'", page_token=page.token)) == ["Beta", "alpha"]
    with pytest.raises(MlflowException) as caught:
        client.search_logged_models([population], "name != 'y'", page_token=page.token)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_artifacts(client: MlflowClient, experiment: str, tmp_path: object) -> None:
    model = client.create_logged_model(experiment, name="files")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("ä")
    (tmp_path / "top.txt").write_text("top")
    client.log_model_artifacts(model.model_id, str(tmp_path))
    listed = [(file.path, file.is_dir) for file in client.list_logged_model_artifacts(model.model_id)]
    assert sorted(listed) == [("data", True), ("top.txt", False)]
    (inner,) = client.list_logged_model_artifacts(model.model_id, "data")
    assert (inner.path, inner.is_dir, inner.file_size) == ("data/a.txt", False, 2)
    base = f"{mlflow.get_tracking_uri()}/ajax-api/2.0/mlflow/logged-models/{model.model_id}/artifacts"
    with urllib.request.urlopen(f"{base}/files?artifact_file_path=data%2Fa.txt") as response:
        assert response.read().decode() == "ä"
        assert response.headers["Content-Disposition"].startswith("attachment")
    with urllib.request.urlopen(f"{base}/directories?artifact_directory_path=data") as response:
        answer = json.load(response)
    assert answer["root_uri"] == model.artifact_location
    assert answer["files"] == [{"path": "data/a.txt", "is_dir": False, "file_size": 2}]


def test_source_run(client: MlflowClient, experiment: str, run: Run) -> None:
    model = client.create_logged_model(experiment, name="made", source_run_id=run.info.run_id)
    found = client.search_logged_models([experiment], f"source_run_id = '{run.info.run_id}'")
    assert [each.model_id for each in found] == [model.model_id]
