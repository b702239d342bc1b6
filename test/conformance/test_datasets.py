"""Datasets as inputs of runs."""

import json

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Run
from mlflow.exceptions import MlflowException

FRAME = pd.DataFrame({"x": [1.0, 2.0, 3.0], "word": ["a", "b", "ç"], "y": [0, 1, 0]})


def test_pandas(client: MlflowClient, experiment: str) -> None:
    dataset = mlflow.data.from_pandas(FRAME, source="https://example.org/data.csv", name="train-frame", targets="y")
    with mlflow.start_run() as active:
        mlflow.log_input(dataset, context="training", tags={"split": "ä"})
    (logged,) = client.get_run(active.info.run_id).inputs.dataset_inputs
    assert {tag.key: tag.value for tag in logged.tags} == {"mlflow.data.context": "training", "split": "ä"}
    assert (logged.dataset.name, logged.dataset.digest) == ("train-frame", dataset.digest)
    assert logged.dataset.source_type == "http"
    assert json.loads(logged.dataset.source) == {"url": "https://example.org/data.csv"}
    assert [column["name"] for column in json.loads(logged.dataset.schema)["mlflow_colspec"]] == ["x", "word", "y"]
    assert json.loads(logged.dataset.profile) == {"num_rows": 3, "num_elements": 9}
    assert mlflow.data.get_source(logged).url == "https://example.org/data.csv"


def test_numpy_and_evaluation(client: MlflowClient, experiment: str) -> None:
    features = np.arange(12.0).reshape(4, 3)
    with mlflow.start_run() as active:
        mlflow.log_input(mlflow.data.from_numpy(features, name="features", targets=np.arange(4)), "training")
        mlflow.log_input(mlflow.data.from_pandas(FRAME, name="held-out"), "eval")
    inputs = client.get_run(active.info.run_id).inputs.dataset_inputs
    contexts = {each.dataset.name: each.tags[0].value for each in inputs}
    assert contexts == {"features": "training", "held-out": "eval"}


def test_several_at_once(client: MlflowClient, experiment: str) -> None:
    datasets = [mlflow.data.from_pandas(FRAME[:rows], name=f"frame-{rows}") for rows in (1, 2)]
    with mlflow.start_run() as active:
        mlflow.log_inputs(datasets=datasets, contexts=["training", "test"], tags_list=[{"a": "1"}, None])
    inputs = client.get_run(active.info.run_id).inputs.dataset_inputs
    assert {(each.dataset.name, len(each.tags)) for each in inputs} == {("frame-1", 2), ("frame-2", 1)}


def test_same_dataset_in_many_runs(client: MlflowClient, experiment: str) -> None:
    dataset = mlflow.data.from_pandas(FRAME, name="shared")
    ids = []
    for context in ("training", "eval"):
        with mlflow.start_run() as active:
            mlflow.log_input(dataset, context)
        ids.append(active.info.run_id)
    for run_id, context in zip(ids, ("training", "eval"), strict=True):
        (logged,) = client.get_run(run_id).inputs.dataset_inputs
        assert (logged.dataset.digest, logged.tags[0].value) == (dataset.digest, context)
    found = {each.info.run_id: each for each in client.search_runs([experiment], "dataset.name = 'shared'")}
    assert found.keys() == set(ids)
    assert found[ids[0]].inputs.dataset_inputs[0].tags[0].value == "training"


def test_first_write_wins(client: MlflowClient, run: Run) -> None:
    first = DatasetInput(Dataset("d", "abc", "local", "/first", "{}", "{}"), [InputTag("k", "first")])
    second = DatasetInput(Dataset("d", "abc", "local", "/second"), [InputTag("k", "second"), InputTag("l", "new")])
    client.log_inputs(run.info.run_id, [first])
    client.log_inputs(run.info.run_id, [first])
    client.log_inputs(run.info.run_id, [second])
    (logged,) = client.get_run(run.info.run_id).inputs.dataset_inputs
    assert logged.dataset.source == "/first"
    assert {tag.key: tag.value for tag in logged.tags} == {"k": "first"}


def test_search_by_dataset(client: MlflowClient, experiment: str) -> None:
    names = {}
    for name, context in [("iris-v1", "training"), ("iris-v2", "training"), ("Boston", "eval")]:
        run = client.create_run(experiment)
        dataset = Dataset(name, f"digest-{name}", "local", "/x")
        client.log_inputs(run.info.run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", context)])])
        names[run.info.run_id] = name
    client.create_run(experiment)

    def search(filter_string: str) -> set[str]:
        return {names.get(run.info.run_id, "other") for run in client.search_runs([experiment], filter_string)}

    assert search("dataset.name = 'iris-v1'") == {"iris-v1"}
    assert search("datasets.name LIKE 'iris-%'") == {"iris-v1", "iris-v2"}
    assert search("dataset.name ILIKE 'boston'") == {"Boston"}
    assert search("dataset.name LIKE 'boston'") == set()
    assert search("dataset.digest IN ('digest-iris-v1', 'digest-Boston')") == {"iris-v1", "Boston"}
    assert search("dataset.context = 'training'") == {"iris-v1", "iris-v2"}
    assert search("dataset.context = 'training' AND dataset.name != 'iris-v1'") == {"iris-v2"}


def test_bad_datasets_are_refused(client: MlflowClient, run: Run) -> None:
    for dataset in (
        Dataset("n" * 501, "abc", "local", "/x"),
        Dataset("d", "a" * 37, "local", "/x"),
        Dataset("d", "abc", "local", "s" * 65_536),
        Dataset("d", "abc", "local", "/x", schema="s" * 1_048_576),
    ):
        with pytest.raises(MlflowException) as caught:
            client.log_inputs(run.info.run_id, [DatasetInput(dataset, [])])
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    with pytest.raises(MlflowException) as caught:
        client.log_inputs("0" * 32, [DatasetInput(Dataset("d", "abc", "local", "/x"), [])])
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    client.delete_run(run.info.run_id)
    with pytest.raises(MlflowException) as caught:
        client.log_inputs(run.info.run_id, [DatasetInput(Dataset("d", "abc", "local", "/x"), [])])
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert client.get_run(run.info.run_id).inputs.dataset_inputs == []
