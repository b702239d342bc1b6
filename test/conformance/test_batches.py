"""log-batch at and beyond its limits, and asynchronous logging."""

import random
import threading

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException


def metrics(count: int) -> list[Metric]:
    return [Metric(f"m{index}", index / 7, 1000, index) for index in range(count)]


def params(count: int) -> list[Param]:
    return [Param(f"p{index}", str(index)) for index in range(count)]


def tags(count: int) -> list[RunTag]:
    return [RunTag(f"t{index}", str(index)) for index in range(count)]


@pytest.mark.parametrize(("metric_count", "param_count", "tag_count"), [(1000, 0, 0), (0, 100, 100), (800, 100, 100)])
def test_at_the_limits(client: MlflowClient, run: Run, metric_count: int, param_count: int, tag_count: int) -> None:
    client._tracking_client.store.log_batch(
        run.info.run_id, metrics(metric_count), params(param_count), tags(tag_count)
    )
    data = client.get_run(run.info.run_id).data
    assert data.metrics == {metric.key: metric.value for metric in metrics(metric_count)}
    assert data.params == {param.key: param.value for param in params(param_count)}
    assert {key: value for key, value in data.tags.items() if key != "mlflow.runName"} == {
        tag.key: tag.value for tag in tags(tag_count)
    }


@pytest.mark.parametrize(
    ("metric_count", "param_count", "tag_count"),
    [(1001, 0, 0), (1, 101, 1), (1, 1, 101), (801, 100, 100)],
)
def test_beyond_the_limits(client: MlflowClient, run: Run, metric_count: int, param_count: int, tag_count: int) -> None:
    """The client splits what users pass, so this asks its store, which sends one request."""
    with pytest.raises(MlflowException) as caught:
        client._tracking_client.store.log_batch(
            run.info.run_id, metrics(metric_count), params(param_count), tags(tag_count)
        )
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    data = client.get_run(run.info.run_id).data
    assert (data.metrics, data.params, set(data.tags)) == ({}, {}, {"mlflow.runName"})


@pytest.mark.parametrize(
    "batch",
    [
        {"metrics": [Metric("good", 1.0, 1, 0), Metric("bad//key", 1.0, 1, 0)]},
        {"metrics": [Metric("good", 1.0, 1, 0), Metric("m", 1.0, -5, 0)]},
        {"params": [Param("good", "1"), Param("bad//key", "1")]},
        {"params": [Param("twice", "1"), Param("twice", "1")]},
        {"tags": [RunTag("good", "1"), RunTag("k" * 251, "1")]},
    ],
)
def test_one_bad_entry_refuses_all(client: MlflowClient, run: Run, batch: dict[str, list]) -> None:
    filled = {"metrics": metrics(1), "params": params(1), "tags": tags(1), **batch}
    with pytest.raises(MlflowException) as caught:
        client._tracking_client.store.log_batch(run.info.run_id, **filled)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    data = client.get_run(run.info.run_id).data
    assert (data.metrics, data.params, set(data.tags)) == ({}, {}, {"mlflow.runName"})


def test_the_client_splits_large_batches(client: MlflowClient, run: Run) -> None:
    client.log_batch(run.info.run_id, metrics(2500), params(230), tags(120))
    data = client.get_run(run.info.run_id).data
    assert data.metrics == {metric.key: metric.value for metric in metrics(2500)}
    assert len(data.params) == 230
    assert len(data.tags) == 121


def test_many_points_of_one_key_in_a_batch(client: MlflowClient, run: Run) -> None:
    shuffled = [Metric("loss", step / 3, 1000 + step, step) for step in range(1000)]
    random.Random(5).shuffle(shuffled)
    client.log_batch(run.info.run_id, metrics=shuffled)
    history = client.get_metric_history(run.info.run_id, "loss")
    assert [point.step for point in history] == list(range(1000))
    assert client.get_run(run.info.run_id).data.metrics == {"loss": 333.0}


def test_repeated_batch_changes_nothing(client: MlflowClient, run: Run) -> None:
    for _ in range(2):
        client.log_batch(run.info.run_id, metrics(10), params(10), tags(10))
    data = client.get_run(run.info.run_id).data
    assert (len(data.metrics), len(data.params), len(data.tags)) == (10, 10, 11)
    assert all(len(client.get_metric_history(run.info.run_id, f"m{index}")) == 1 for index in range(10))


def test_threads_on_one_run(client: MlflowClient, run: Run) -> None:
    def work(thread: int) -> None:
        for step in range(25):
            client.log_metric(run.info.run_id, "shared", thread + step / 100, timestamp=step, step=step)
            client.log_metric(run.info.run_id, f"own{thread}", float(step), timestamp=step, step=step)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shared = client.get_metric_history(run.info.run_id, "shared")
    assert [(point.step, point.value) for point in shared] == [
        (step, thread + step / 100) for step in range(25) for thread in range(8)
    ]
    data = client.get_run(run.info.run_id).data.metrics
    assert data == {"shared": 7.24, **{f"own{thread}": 24.0 for thread in range(8)}}


def test_asynchronous_logging(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run() as active:
        operations = [mlflow.log_metric("loss", step / 2, step=step, synchronous=False) for step in range(300)]
        mlflow.log_params({"a": 1, "b": 2}, synchronous=False)
        mlflow.set_tags({"t": "u"}, synchronous=False)
        mlflow.log_metrics({"x": 1.0, "y": 2.0}, step=3, synchronous=False)
        mlflow.flush_async_logging()
        for operation in operations:
            operation.wait()
    data = client.get_run(active.info.run_id).data
    assert data.metrics == {"loss": 149.5, "x": 1.0, "y": 2.0}
    assert data.params == {"a": "1", "b": "2"}
    assert data.tags["t"] == "u"
    history = client.get_metric_history(active.info.run_id, "loss")
    assert sorted(point.step for point in history) == list(range(300))


def test_asynchronous_errors_surface(client: MlflowClient, run: Run) -> None:
    client.log_param(run.info.run_id, "depth", 1)
    operation = client.log_param(run.info.run_id, "depth", 2, synchronous=False)
    with pytest.raises(MlflowException):
        operation.wait()
    assert client.get_run(run.info.run_id).data.params == {"depth": "1"}


def test_asynchronous_logging_by_configuration(client: MlflowClient, experiment: str) -> None:
    mlflow.config.enable_async_logging()
    try:
        with mlflow.start_run() as active:
            for step in range(50):
                mlflow.log_metric("m", step, step=step)
    finally:
        mlflow.config.enable_async_logging(False)
    mlflow.flush_async_logging()
    assert len(client.get_metric_history(active.info.run_id, "m")) == 50
