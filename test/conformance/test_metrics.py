"""Metrics: every double comes back bit for bit, every step whole, the latest by (step, timestamp, value)."""

import math
import random
import struct
import sys
import time

import mlflow
import numpy
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Run
from mlflow.exceptions import MlflowException

EXACT = [
    0.1 + 0.2,
    1 / 3,
    0.30000000000000004,
    123456789.12345679,
    5e-324,
    1e-320,
    sys.float_info.min,
    sys.float_info.max,
    -sys.float_info.max,
    sys.float_info.epsilon,
    2.0**53 + 2,
    9007199254740993.0,
    1e21,
    1e22,
    -1e-7,
    4.35,
    0.0,
    -1.0,
]
STEPS = [0, -1, -7, 2**31, 2**53, 2**53 + 1, 2**63 - 1, -(2**53) - 1, -(2**63)]


def bits(value: float) -> bytes:
    return struct.pack(">d", value)


def points(client: MlflowClient, run: Run, key: str) -> list[tuple[int, int, float]]:
    """(timestamp, step, value) of a key's history, as the server orders it."""
    return [(point.timestamp, point.step, point.value) for point in client.get_metric_history(run.info.run_id, key)]


def test_doubles_are_bit_exact(client: MlflowClient, run: Run) -> None:
    generator = random.Random(7)
    values = EXACT + [struct.unpack(">d", generator.randbytes(8))[0] for _ in range(300)]
    values = [value for value in values if math.isfinite(value)]
    metrics = [Metric(f"v{index}", value, 1000 + index, index) for index, value in enumerate(values)]
    client.log_batch(run.info.run_id, metrics=metrics)
    client.log_batch(run.info.run_id, metrics=[Metric("series", m.value, m.timestamp, m.step) for m in metrics])
    latest = client.get_run(run.info.run_id).data.metrics
    assert [bits(latest[f"v{index}"]) for index in range(len(values))] == [bits(value) for value in values]
    history = client.get_metric_history(run.info.run_id, "series")
    assert [bits(point.value) for point in history] == [bits(value) for value in values]
    (found,) = client.search_runs([run.info.experiment_id])
    assert [bits(found.data.metrics[f"v{index}"]) for index in range(len(values))] == [bits(value) for value in values]


def test_single_values_are_bit_exact(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run() as active:
        for index, value in enumerate(EXACT):
            mlflow.log_metric(f"v{index}", value)
    latest = client.get_run(active.info.run_id).data.metrics
    assert [bits(latest[f"v{index}"]) for index in range(len(EXACT))] == [bits(value) for value in EXACT]


def test_nan_and_infinities(client: MlflowClient, run: Run) -> None:
    run_id = run.info.run_id
    for key, value in {"nan": math.nan, "inf": math.inf, "minus": -math.inf}.items():
        client.log_metric(run_id, key, value, timestamp=1, step=0)
        client.log_batch(run_id, metrics=[Metric(key, value, 2, 1)])
    read = client.get_run(run_id).data.metrics
    assert math.isnan(read["nan"])
    # MLflow's SQL store keeps an infinite value as the largest finite double.
    assert (read["inf"], read["minus"]) == (sys.float_info.max, -sys.float_info.max)
    assert [math.isnan(value) for _, _, value in points(client, run, "nan")] == [True, True]
    assert points(client, run, "inf") == [(1, 0, sys.float_info.max), (2, 1, sys.float_info.max)]


def test_minus_zero(client: MlflowClient, run: Run, server: str) -> None:
    client.log_metric(run.info.run_id, "zero", -0.0, timestamp=1, step=0)
    value = client.get_run(run.info.run_id).data.metrics["zero"]
    history = points(client, run, "zero")
    assert value == 0.0
    assert history == [(1, 0, 0.0)]
    # SQLite stores -0.0 as the integer 0: the sign is lost in MLflow. A sign kept is as good.
    if server == "mlflow":
        assert bits(value) == bits(0.0)


def test_numbers_of_other_types(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run() as active:
        mlflow.log_metrics({"int": 3, "float32": numpy.float32(0.1), "int64": numpy.int64(2**40), "flag": True})
    assert client.get_run(active.info.run_id).data.metrics == {
        "int": 3.0,
        "float32": float(numpy.float32(0.1)),
        "int64": float(2**40),
        "flag": 1.0,
    }


@pytest.mark.parametrize("step", STEPS)
def test_steps_are_whole(client: MlflowClient, run: Run, step: int) -> None:
    client.log_metric(run.info.run_id, "single", 1.5, timestamp=5, step=step)
    client.log_batch(run.info.run_id, metrics=[Metric("batch", 2.5, 5, step)])
    assert points(client, run, "single") == [(5, step, 1.5)]
    assert points(client, run, "batch") == [(5, step, 2.5)]


def test_steps_that_a_double_cannot_tell_apart(client: MlflowClient, run: Run) -> None:
    steps = [2**53, 2**53 + 1, 2**53 + 2, 2**63 - 2, 2**63 - 1]
    for step in random.Random(1).sample(steps, len(steps)):
        client.log_metric(run.info.run_id, "m", float(steps.index(step)), timestamp=5, step=step)
    assert points(client, run, "m") == [(5, step, float(index)) for index, step in enumerate(steps)]
    assert client.get_run(run.info.run_id).data.metrics == {"m": 4.0}


def test_defaults(client: MlflowClient, experiment: str) -> None:
    before_ms = int(time.time() * 1000) - 1
    with mlflow.start_run() as active:
        mlflow.log_metric("m", 1.0)
    (point,) = client.get_metric_history(active.info.run_id, "m")
    assert (point.key, point.value, point.step) == ("m", 1.0, 0)
    assert before_ms <= point.timestamp <= int(time.time() * 1000) + 1


def test_duplicates_are_stored_once(client: MlflowClient, run: Run) -> None:
    run_id = run.info.run_id
    for _ in range(3):
        client.log_metric(run_id, "m", 1.5, timestamp=10, step=1)
        client.log_batch(run_id, metrics=[Metric("m", 1.5, 10, 1), Metric("m", 1.5, 10, 1), Metric("m", 2.5, 10, 1)])
        client.log_metric(run_id, "n", math.nan, timestamp=10, step=1)
    client.log_metric(run_id, "m", 1.5, timestamp=11, step=1)
    client.log_metric(run_id, "m", 1.5, timestamp=10, step=2)
    assert points(client, run, "m") == [(10, 1, 1.5), (10, 1, 2.5), (10, 2, 1.5), (11, 1, 1.5)]
    assert len(points(client, run, "n")) == 1


@pytest.mark.parametrize("together", [False, True])
def test_latest_is_by_step_then_timestamp_then_value(client: MlflowClient, run: Run, together: bool) -> None:
    series = {
        "by_step": [(5, 10, 1.0), (9, 2, 2.0), (1, 11, 3.0), (99, 10, 4.0)],
        "by_time": [(5, 1, 1.0), (7, 1, 2.0), (6, 1, 3.0)],
        "by_value": [(5, 1, 2.0), (5, 1, 9.0), (5, 1, -1.0)],
        "negative": [(5, -3, 1.0), (5, -2, 2.0), (5, -9, 3.0)],
    }
    metrics = [Metric(key, value, at, step) for key, all_ in series.items() for at, step, value in all_]
    if together:
        client.log_batch(run.info.run_id, metrics=metrics)
    else:
        for metric in metrics:
            client.log_metric(run.info.run_id, metric.key, metric.value, metric.timestamp, metric.step)
    expected = {"by_step": 3.0, "by_time": 2.0, "by_value": 9.0, "negative": 2.0}
    assert client.get_run(run.info.run_id).data.metrics == expected
    (found,) = client.search_runs([run.info.experiment_id], "metrics.by_step = 3 AND metrics.by_value = 9")
    assert found.data.metrics == expected


def test_history_order(client: MlflowClient, run: Run) -> None:
    generator = random.Random(3)
    logged = {(generator.randrange(5), generator.randrange(-5, 5), generator.randrange(4) / 4) for _ in range(150)}
    metrics = [Metric("m", value, at, step) for at, step, value in logged]
    client.log_batch(run.info.run_id, metrics=metrics[:100])
    for metric in metrics[100:]:
        client.log_metric(run.info.run_id, metric.key, metric.value, metric.timestamp, metric.step)
    assert points(client, run, "m") == sorted(logged)


def test_unknown_metric_has_no_history(client: MlflowClient, run: Run) -> None:
    assert client.get_metric_history(run.info.run_id, "never logged") == []


def test_long_history(client: MlflowClient, run: Run) -> None:
    """More than the 25,000 points that the client asks for at a time."""
    count = 30_000
    for start in range(0, count, 1000):
        batch = [Metric("loss", 1 / (step + 1), 1_700_000_000_000 + step, step) for step in range(start, start + 1000)]
        client.log_batch(run.info.run_id, metrics=batch)
    history = points(client, run, "loss")
    assert history == [(1_700_000_000_000 + step, step, 1 / (step + 1)) for step in range(count)]
    assert client.get_run(run.info.run_id).data.metrics == {"loss": 1 / count}


@pytest.mark.parametrize("metric", [Metric("m", 1.0, -1, 0), Metric("", 1.0, 1, 0)], ids=["timestamp", "key"])
def test_refused_metrics(client: MlflowClient, run: Run, metric: Metric) -> None:
    store = client._tracking_client.store
    for write in (
        lambda: store.log_metric(run.info.run_id, metric),
        lambda: store.log_batch(run.info.run_id, [metric], [], []),
    ):
        with pytest.raises(MlflowException) as caught:
            write()
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert client.get_run(run.info.run_id).data.metrics == {}
