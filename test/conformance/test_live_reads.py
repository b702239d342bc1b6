"""What was acknowledged is seen at once: by this process, by another one, and while others write."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Run

OTHER_PROCESS = """
import json, sys, mlflow
client = mlflow.MlflowClient()
experiment, run = sys.argv[1:]
frame = mlflow.search_runs([experiment], order_by=["metrics.loss ASC"])
print(json.dumps({
    "searched": dict(zip(frame["run_id"], frame["metrics.loss"])),
    "read": client.get_run(run).data.metrics["loss"],
    "history": [point.value for point in client.get_metric_history(run, "loss")],
}))
"""


def test_search_sees_each_point_at_once(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run() as active:
        for step in range(30):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
            frame = mlflow.search_runs([experiment])
            assert frame["metrics.loss"].tolist() == [1 / (step + 1)]
            filtered = client.search_runs([experiment], f"metrics.loss <= {1 / (step + 1)!r}")
            assert [run.info.run_id for run in filtered] == [active.info.run_id]
            assert client.search_runs([experiment], f"metrics.loss > {1 / (step + 1)!r}") == []


def test_another_process_sees_it(client: MlflowClient, experiment: str) -> None:
    runs = [client.create_run(experiment).info.run_id for _ in range(3)]
    expected = {}
    for index, run_id in enumerate(runs):
        values = [index + step / 10 for step in range(5)]
        client.log_batch(run_id, metrics=[Metric("loss", value, 1000, step) for step, value in enumerate(values)])
        expected[run_id] = values[-1]
    done = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, experiment, runs[2]], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == {
        "searched": expected,
        "read": expected[runs[2]],
        "history": [2.0, 2.1, 2.2, 2.3, 2.4],
    }


def test_order_follows_the_latest_values(client: MlflowClient, experiment: str) -> None:
    runs = [client.create_run(experiment).info.run_id for _ in range(4)]
    for step in range(6):
        for index, run_id in enumerate(runs):
            client.log_metric(run_id, "score", float((index + step) % 4), step=step)
        found = client.search_runs([experiment], order_by=["metrics.score DESC"])
        best_first = sorted(range(4), key=lambda index: -((index + step) % 4))
        assert [run.info.run_id for run in found] == [runs[index] for index in best_first]


def test_many_writers_one_reader(client: MlflowClient, experiment: str) -> None:
    runs = [client.create_run(experiment).info.run_id for _ in range(8)]

    def train(run_id: str) -> None:
        for step in range(20):
            client.log_metric(run_id, "loss", float(20 - step), step=step)

    with ThreadPoolExecutor(8) as pool:
        writers = [pool.submit(train, run_id) for run_id in runs]
        previous = {run_id: 21.0 for run_id in runs}
        while not all(writer.done() for writer in writers):
            for run in client.search_runs([experiment]):
                loss = run.data.metrics.get("loss", 21.0)
                assert loss <= previous[run.info.run_id]
                previous[run.info.run_id] = loss
        for writer in writers:
            writer.result()
    found = client.search_runs([experiment], "metrics.loss = 1")
    assert {run.info.run_id for run in found} == set(runs)


def test_ended_and_resumed_runs(client: MlflowClient, run: Run) -> None:
    run_id, experiment_id = run.info.run_id, run.info.experiment_id
    for cycle in range(4):
        client.log_metric(run_id, "m", float(cycle), step=cycle)
        client.set_terminated(run_id)
        (found,) = client.search_runs([experiment_id], f"metrics.m = {cycle} AND attributes.status = 'FINISHED'")
        assert found.data.metrics == {"m": float(cycle)}
        client.update_run(run_id, status="RUNNING")
    assert [point.value for point in client.get_metric_history(run_id, "m")] == [0.0, 1.0, 2.0, 3.0]
