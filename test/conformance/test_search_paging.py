"""Search over more runs than one page holds."""

from concurrent.futures import ThreadPoolExecutor

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Run

COUNT = 2500
START_MS = 1_700_000_000_000


def all_pages(client: MlflowClient, experiment: str, **query: object) -> tuple[list[Run], list[int]]:
    runs: list[Run] = []
    sizes: list[int] = []
    token = None
    while True:
        page = client.search_runs([experiment], page_token=token, **query)
        runs += page
        sizes.append(len(page))
        token = page.token
        if not token:
            return runs, sizes


def test_2500_runs(client: MlflowClient, experiment: str) -> None:
    def create(index: int) -> str:
        return client.create_run(experiment, START_MS + index // 2, tags={"half": str(index % 2)}).info.run_id

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(create, range(COUNT)))
        list(pool.map(lambda index: client.log_metric(ids[index], "m", index), range(0, COUNT, 5)))
    assert len(set(ids)) == COUNT

    # Ties in start_time are ordered by run id, so pages neither lose nor repeat a run.
    newest_first = [ids[index] for index in sorted(range(COUNT), key=lambda index: (-(index // 2), ids[index]))]
    for options in ({"max_results": 1000}, {}):
        runs, sizes = all_pages(client, experiment, **options)
        assert [run.info.run_id for run in runs] == newest_first
        assert sizes == [1000, 1000, 500]
    whole = client.search_runs([experiment], max_results=50_000)
    assert [run.info.run_id for run in whole] == newest_first
    assert not whole.token

    by_metric, sizes = all_pages(client, experiment, max_results=999, order_by=["metrics.m DESC"])
    with_metric = [ids[index] for index in range(COUNT - 5, -1, -5)]
    without = [run_id for run_id in newest_first if run_id not in set(with_metric)]
    assert [run.info.run_id for run in by_metric] == with_metric + without
    assert sizes == [999, 999, 502]

    halves, _ = all_pages(client, experiment, filter_string="tags.half = '1' AND metrics.m >= 1250", max_results=100)
    assert {run.info.run_id for run in halves} == {ids[index] for index in range(1255, COUNT, 10)}

    listed = mlflow.search_runs([experiment], output_format="list")
    assert [run.info.run_id for run in listed] == newest_first
    frame = mlflow.search_runs([experiment], "metrics.m < 100", order_by=["metrics.m"])
    assert frame["metrics.m"].tolist() == [float(index) for index in range(0, 100, 5)]
    assert len(mlflow.search_runs([experiment], max_results=1300, output_format="list")) == 1300
