"""Search for runs: filters, orders, views, and the two shapes of the answer."""

import math
import uuid
from dataclasses import dataclass

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag, ViewType
from mlflow.exceptions import MlflowException

START_MS = 1_700_000_000_000


@dataclass
class Forest:
    """Twelve runs named r00 … r11 in one experiment, the higher the later."""

    client: MlflowClient
    experiment: str
    names: dict[str, str]

    def search(self, filter_string: str = "", *order_by: str, **options: object) -> list[str]:
        found = self.client.search_runs([self.experiment], filter_string, order_by=list(order_by) or None, **options)
        return [self.names[run.info.run_id] for run in found]

    def only(self, filter_string: str) -> str:
        """The found runs' numbers, ascending, as text: `0 3 11`."""
        return " ".join(str(int(name[1:])) for name in sorted(self.search(filter_string)))


@pytest.fixture(scope="module")
def forest() -> Forest:
    """Only read by the tests that share it."""
    client = MlflowClient()
    experiment = client.create_experiment(f"forest {uuid.uuid4().hex}")
    names = {}
    for index in range(12):
        run = client.create_run(experiment, start_time=START_MS + index, run_name=f"r{index:02}")
        metrics = [Metric("loss", 10.0 - index, START_MS, 0), Metric("val/acc", index / 8, START_MS, -3)]
        if index % 3 == 0:
            metrics.append(Metric("rare", float(index % 2), START_MS, 1))
        if index == 7:
            metrics.append(Metric("rare", math.nan, START_MS, 1))
        params = [Param("model", ["Forest", "forest-XL", "tree"][index % 3]), Param("lr", f"{index / 10}")]
        tags = [RunTag("team", "Vision" if index < 6 else "speech"), RunTag("with space", str(index))]
        if index == 4:
            params.append(Param("only", "four"))
            tags.append(RunTag("note", 'it\'s a "quote" 100% größe'))
        client.log_batch(run.info.run_id, metrics, params, tags)
        if index % 2:
            client.set_terminated(run.info.run_id, "FAILED" if index == 5 else "FINISHED", START_MS + 100 + index)
        names[run.info.run_id] = f"r{index:02}"
    return Forest(client, experiment, names)


@pytest.mark.parametrize(
    ("filter_string", "expected"),
    [
        ("", "0 1 2 3 4 5 6 7 8 9 10 11"),
        ("metrics.loss < 2", "9 10 11"),
        ("metric.loss <= 2.0 and metrics.loss > 0", "8 9"),
        ("metrics.loss = 4", "6"),
        ("metrics.loss >= 1e1", "0"),
        ("metrics.loss > -2 AND metrics.loss < 0", "11"),
        ("metrics.`val/acc` >= 1.25", "10 11"),
        ('metrics."val/acc" < .25', "0 1"),
        ("metrics.rare = 0", "0 6"),
        ("metrics.rare != 1", "0 6 7"),
        ("metrics.rare < 5", "0 3 6 9"),
        ("metrics.missing > 0", ""),
        ("params.model = 'tree'", "2 5 8 11"),
        ('params.model = "tree" AND params.lr != "0.2"', "5 8 11"),
        ("parameters.model LIKE 'forest%'", "1 4 7 10"),
        ("param.model ILIKE 'forest%'", "0 1 3 4 6 7 9 10"),
        ("params.model like '_ree'", "2 5 8 11"),
        ("params.only != 'five'", "4"),
        ("params.only IS NULL", "0 1 2 3 5 6 7 8 9 10 11"),
        ("params.only IS NOT NULL", "4"),
        ("tags.team = 'Vision' AND params.model = 'Forest'", "0 3"),
        ("tag.team ILIKE 'VISION' AND metrics.loss < 6", "5"),
        ("tags.team LIKE 'vision'", ""),
        ("tags.`with space` = '3'", "3"),
        ("tags.note = 'it's a'", None),
        ('tags.note LIKE "it\'s a%"', "4"),
        ("tags.note LIKE '%100%% größe'", "4"),
        ("tags.note IS NULL AND tags.team = 'Vision'", "0 1 2 3 5"),
        ("attributes.status = 'FINISHED'", "1 3 7 9 11"),
        ("status != 'RUNNING'", "1 3 5 7 9 11"),
        ("attr.status ILIKE 'fail%'", "5"),
        ("run_name = 'r03'", "3"),
        ("attributes.run_name LIKE 'r1%'", "10 11"),
        ("run.`Run name` ILIKE 'R1_'", "10 11"),
        ("tags.mlflow.runName = 'r05'", "5"),
        (f"start_time >= {START_MS + 9}", "9 10 11"),
        (f"attributes.end_time < {START_MS + 104}", "1 3"),
        (f"created = {START_MS + 2}", "2"),
        (f"start_time > {START_MS} AND metrics.loss > 5 AND params.model = 'tree' AND tags.team = 'Vision'", "2"),
        ("run_id IN ('{r00}', '{r09}')", "0 9"),
        ("run_id NOT IN ('{r00}', '{r09}') AND metrics.loss > 7", "1 2"),
        ("attributes.run_id = '{r04}'", "4"),
        ("run_id LIKE '{r04}%'", "4"),
        ("artifact_uri LIKE '%/{r06}/artifacts'", "6"),
        ("metrics.loss<3 AND metrics.loss>1", "8"),
        ("  metrics.loss   <   3   AND   metrics.loss > 1  ", "8"),
    ],
)
def test_filters(forest: Forest, filter_string: str, expected: str | None) -> None:
    for run_id, name in forest.names.items():
        filter_string = filter_string.replace(f"{{{name}}}", run_id)
    if expected is None:
        with pytest.raises(MlflowException) as caught:
            forest.only(filter_string)
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    else:
        assert forest.only(filter_string) == expected


def test_orders(forest: Forest) -> None:
    up = [f"r{index:02}" for index in range(12)]
    down = up[::-1]
    assert forest.search() == down
    assert forest.search("", "start_time ASC") == up
    assert forest.search("", "attributes.start_time") == up
    assert forest.search("", "metrics.loss") == down
    assert forest.search("", "metrics.loss DESC") == up
    assert forest.search("", "metrics.`val/acc` ASC") == up
    assert forest.search("", "params.lr DESC") == down
    assert forest.search("", "tags.team", "metrics.loss DESC") == up[:6] + up[6:]
    assert forest.search("", "attributes.status DESC", "start_time")[:6] == up[::2]
    assert forest.search("", "attributes.run_name") == up
    assert forest.search("", "run_name DESC") == down
    assert forest.search("metrics.loss > 5", "end_time DESC")[:2] == ["r03", "r01"]


def test_order_puts_numbers_before_nan_before_nothing(forest: Forest) -> None:
    rest = ["r11", "r10", "r08", "r05", "r04", "r02", "r01"]
    assert forest.search("", "metrics.rare ASC") == ["r06", "r00", "r09", "r03", "r07", *rest]
    assert forest.search("", "metrics.rare DESC") == ["r09", "r03", "r06", "r00", "r07", *rest]
    assert forest.search("", "params.only")[0] == "r04"
    assert forest.search("", "tags.note DESC")[0] == "r04"


def test_paging_under_each_order(forest: Forest) -> None:
    for order in (["metrics.rare"], ["metrics.rare DESC", "params.model"], ["params.model DESC"], ["tags.team"], []):
        whole = forest.search("", *order)
        seen: list[str] = []
        token = None
        while True:
            page = forest.client.search_runs([forest.experiment], "", order_by=order, max_results=5, page_token=token)
            seen += [forest.names[run.info.run_id] for run in page]
            token = page.token
            if not token:
                break
        assert seen == whole, order


def test_views(client: MlflowClient, experiment: str) -> None:
    names = {client.create_run(experiment, START_MS + index).info.run_id: f"r{index}" for index in range(4)}
    grove = Forest(client, experiment, names)
    for run_id in names:
        client.log_metric(run_id, "m", 1.0)
    client.delete_run(next(iter(names)))
    assert grove.search() == ["r3", "r2", "r1"]
    assert grove.search("", run_view_type=ViewType.DELETED_ONLY) == ["r0"]
    assert grove.search("", run_view_type=ViewType.ALL) == ["r3", "r2", "r1", "r0"]
    assert grove.search("metrics.m = 1", "metrics.m", run_view_type=ViewType.DELETED_ONLY) == ["r0"]
    assert grove.search("metrics.m = 1", "start_time", run_view_type=ViewType.ALL) == ["r0", "r1", "r2", "r3"]


def test_several_experiments(forest: Forest, unique: str) -> None:
    other = forest.client.create_experiment(f"other {unique}")
    extra = forest.client.create_run(other, start_time=START_MS - 1)
    forest.client.log_metric(extra.info.run_id, "loss", 100.0)
    found = forest.client.search_runs([other, forest.experiment], order_by=["metrics.loss DESC"], max_results=2)
    assert [run.info.run_name for run in found] == [extra.info.run_name, "r00"]
    assert forest.client.search_runs([]) == []
    frame = mlflow.search_runs(experiment_names=[f"other {unique}"])
    assert frame["run_id"].tolist() == [extra.info.run_id]


def test_into_pandas(forest: Forest) -> None:
    frame = mlflow.search_runs([forest.experiment], order_by=["start_time"])
    assert len(frame) == 12
    assert frame["metrics.loss"].tolist() == [10.0 - index for index in range(12)]
    assert frame["params.lr"].tolist() == [f"{index / 10}" for index in range(12)]
    assert frame["tags.team"].tolist() == ["Vision"] * 6 + ["speech"] * 6
    assert frame["tags.mlflow.runName"].tolist() == [f"r{index:02}" for index in range(12)]
    assert frame["status"].value_counts().to_dict() == {"RUNNING": 6, "FINISHED": 5, "FAILED": 1}
    assert frame["metrics.rare"].notna().sum() == 4
    assert frame["start_time"][3] == pd.Timestamp(START_MS + 3, unit="ms", tz="UTC")
    assert frame["end_time"].isna().tolist() == [True, False] * 6
    assert set(frame["experiment_id"]) == {forest.experiment}
    few = mlflow.search_runs([forest.experiment], "metrics.loss > 5", max_results=3, order_by=["metrics.loss"])
    assert few["metrics.loss"].tolist() == [6.0, 7.0, 8.0]


def test_into_a_list(forest: Forest) -> None:
    runs = mlflow.search_runs([forest.experiment], "params.only = 'four'", output_format="list")
    assert [type(run) for run in runs] == [Run]
    assert runs[0].to_dictionary() == forest.client.get_run(runs[0].info.run_id).to_dictionary()


@pytest.mark.parametrize(
    "query",
    [
        {"filter_string": "metrics.loss"},
        {"filter_string": "metrics.loss > 'x'"},
        {"filter_string": "metrics.loss LIKE '1%'"},
        {"filter_string": "metrics.loss > 1 OR"},
        {"filter_string": "(metrics.loss > 1"},
        {"filter_string": "params.model = tree"},
        {"filter_string": "params.model > 'tree'"},
        {"filter_string": "colour.x = 'y'"},
        {"filter_string": "colour = 'y'"},
        {"filter_string": "start_time > 'noon'"},
        {"filter_string": "run_id IN ()"},
        {"filter_string": "run_id IN (1, 2)"},
        {"filter_string": "metrics.loss > 1; DROP TABLE runs"},
        {"order_by": ["metrics.loss SIDEWAYS"]},
        {"order_by": ["colour"]},
        {"order_by": ["loss DESC ASC"]},
        {"page_token": "not a token"},
        {"max_results": 50_001},
        {"max_results": 0},
    ],
)
def test_bad_searches_are_refused(client: MlflowClient, run: Run, query: dict[str, object]) -> None:
    with pytest.raises(MlflowException) as caught:
        client.search_runs([run.info.experiment_id], **query)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("query", [{"order_by": ["metrics.m", "metrics.m DESC"]}, {"filter_string": "tags.t > 'x'"}])
def test_searches_that_mlflow_answers_with_500(
    client: MlflowClient, run: Run, server: str, query: dict[str, object]
) -> None:
    with pytest.raises(MlflowException) as caught:
        client.search_runs([run.info.experiment_id], **query)
    # MLflow raises without an error code: a 500, which its own client then retries for minutes; ours is a 400.
    if server == "trackflare":
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
