"""MLflow 2.8.1: the calls of both eras, and what 2.x brought: parents, datasets, aliases."""

import os
import sys
import types
from importlib import import_module

import mlflow
from mlflow.data.dataset import Dataset
from mlflow.data.http_dataset_source import HTTPDatasetSource
from mlflow.entities import Dataset as LoggedDataset
from mlflow.entities import DatasetInput, InputTag, Metric
from mlflow.tracking import MlflowClient
from topics import *  # noqa: F403 – the topics of both eras are this script's too
from topics import expect_error, run_topic


class Table(Dataset):
    """A dataset of a user's own, as pandas is not part of the skinny client."""

    def _compute_digest(self) -> str:
        return "abc123"

    def _to_dict(self, base_dict: dict) -> dict:
        return {**base_dict, "schema": '{"x": "double"}', "profile": '{"num_rows": 3}'}

    profile = None
    schema = None


def datasets(unique: str) -> None:
    client = MlflowClient()
    experiment_id = mlflow.set_experiment(unique).experiment_id
    with mlflow.start_run() as active:
        table = Table(HTTPDatasetSource("https://example.org/data.csv"), name="train")
        mlflow.log_input(table, context="training", tags={"split": "ä"})
        mlflow.log_input(table, context="again")
    (logged,) = client.get_run(active.info.run_id).inputs.dataset_inputs
    assert (logged.dataset.name, logged.dataset.digest, logged.dataset.source_type) == ("train", "abc123", "http")
    assert (logged.dataset.schema, logged.dataset.profile) == ('{"x": "double"}', '{"num_rows": 3}')
    assert {tag.key: tag.value for tag in logged.tags} == {"mlflow.data.context": "training", "split": "ä"}
    assert mlflow.data.get_source(logged).url == "https://example.org/data.csv"

    run_id = client.create_run(experiment_id).info.run_id
    held_out = LoggedDataset(name="test", digest="d", source_type="local", source="/data")
    client.log_inputs(run_id, [DatasetInput(held_out, [InputTag("mlflow.data.context", "eval")])])
    assert [each.info.run_id for each in client.search_runs([experiment_id], "dataset.name = 'test'")] == [run_id]


def parents(unique: str) -> None:
    client = MlflowClient()
    mlflow.set_experiment(unique)
    with mlflow.start_run() as parent, mlflow.start_run(nested=True) as child:
        assert mlflow.get_parent_run(child.info.run_id).info.run_id == parent.info.run_id
    assert client.get_parent_run(parent.info.run_id) is None
    assert mlflow.last_active_run().info.run_id == parent.info.run_id


def aliases(unique: str) -> None:
    client = MlflowClient()
    run = client.create_run(client.create_experiment(unique))
    client.create_registered_model(unique)
    for _ in range(2):
        client.create_model_version(unique, f"{run.info.artifact_uri}/model", run.info.run_id, tags={"k": "v"})
    client.set_registered_model_alias(unique, "champion", "1")
    client.set_registered_model_alias(unique, "champion", "2")
    found = client.get_model_version_by_alias(unique, "champion")
    assert (found.version, found.aliases, found.tags) == ("2", ["champion"], {"k": "v"})
    assert client.get_registered_model(unique).aliases == {"champion": "2"}
    client.delete_registered_model_alias(unique, "champion")
    expect_error("INVALID_PARAMETER_VALUE", client.get_model_version_by_alias, unique, "champion")


def auth_client() -> object:
    """MLflow's own client of users and permissions. Its package's __init__ asks for what only MLflow's server needs."""
    folder = os.path.join(os.path.dirname(mlflow.__file__), "server")
    for name, path in (("mlflow.server", folder), ("mlflow.server.auth", os.path.join(folder, "auth"))):
        package = types.ModuleType(name)
        package.__path__ = [path]
        sys.modules[name] = package
    handlers = types.ModuleType("mlflow.server.handlers")
    handlers._get_rest_path = lambda path: f"/api/2.0{path}"
    sys.modules["mlflow.server.handlers"] = handlers
    client = import_module("mlflow.server.auth.client")
    return client.AuthServiceClient(os.environ["MLFLOW_TRACKING_URI"])


def access(unique: str) -> None:
    auth = auth_client()
    password = "correct horse battery"
    user = auth.create_user(unique, password)
    assert (user.username, user.is_admin) == (unique, False)
    assert (user.experiment_permissions, user.registered_model_permissions) == ([], [])
    expect_error("RESOURCE_ALREADY_EXISTS", auth.create_user, unique, password)
    auth.update_user_admin(unique, True)
    assert auth.get_user(unique).is_admin
    auth.update_user_admin(unique, False)
    auth.update_user_password(unique, f"{password} 2")

    experiment_id = MlflowClient().create_experiment(unique)
    made = auth.create_experiment_permission(experiment_id, unique, "READ")
    assert (made.experiment_id, made.user_id, made.permission) == (experiment_id, user.id, "READ")
    auth.update_experiment_permission(experiment_id, unique, "EDIT")
    assert auth.get_experiment_permission(experiment_id, unique).permission == "EDIT"

    MlflowClient().create_registered_model(unique)
    model = auth.create_registered_model_permission(unique, unique, "MANAGE")
    assert (model.name, model.user_id, model.permission) == (unique, user.id, "MANAGE")
    auth.update_registered_model_permission(unique, unique, "NO_PERMISSIONS")
    assert auth.get_registered_model_permission(unique, unique).permission == "NO_PERMISSIONS"

    found = auth.get_user(unique)
    assert [(one.experiment_id, one.permission) for one in found.experiment_permissions] == [(experiment_id, "EDIT")]
    assert [(one.name, one.permission) for one in found.registered_model_permissions] == [(unique, "NO_PERMISSIONS")]
    auth.delete_experiment_permission(experiment_id, unique)
    auth.delete_registered_model_permission(unique, unique)
    expect_error("RESOURCE_DOES_NOT_EXIST", auth.get_experiment_permission, experiment_id, unique)
    expect_error("RESOURCE_DOES_NOT_EXIST", auth.get_registered_model_permission, unique, unique)
    auth.delete_user(unique)
    expect_error("RESOURCE_DOES_NOT_EXIST", auth.get_user, unique)


LEVELS = {"NO_PERMISSIONS": 0, "READ": 1, "EDIT": 2, "MANAGE": 3}


def levels(unique: str) -> None:
    """What each level allows on an experiment and on a registered model: MLflow 2.8's table of its documentation."""
    admin = {name: os.environ[name] for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")}
    client = MlflowClient()
    for level, rank in LEVELS.items():
        name = f"{unique} {level}"
        os.environ.update(admin)
        auth = auth_client()
        auth.create_user(name, "correct horse battery")
        auth.create_user(f"{name} friend", "correct horse battery")
        experiment_id = client.create_experiment(name)
        run = client.create_run(experiment_id)
        client.create_registered_model(name)
        client.create_model_version(name, f"{run.info.artifact_uri}/model", run.info.run_id)
        auth.create_experiment_permission(experiment_id, name, level)
        auth.create_registered_model_permission(name, name, level)
        os.environ.update(MLFLOW_TRACKING_USERNAME=name, MLFLOW_TRACKING_PASSWORD="correct horse battery")
        run_id = run.info.run_id
        friend = f"{name} friend"
        calls = [
            (1, client.get_experiment, experiment_id),
            (1, client.get_experiment_by_name, name),
            (1, client.get_run, run_id),
            (1, client.get_metric_history, run_id, "m"),
            (1, client.get_registered_model, name),
            (1, client.get_model_version, name, "1"),
            (2, client.set_experiment_tag, experiment_id, "t", "v"),
            (2, client.create_run, experiment_id),
            (2, client.log_metric, run_id, "m", 1.0),
            (2, client.log_batch, run_id, [Metric("b", 1.0, 1, 1)]),
            (2, client.log_param, run_id, "p", "v"),
            (2, client.set_tag, run_id, "t", "v"),
            (2, client.set_terminated, run_id),
            (2, client.update_registered_model, name, "described"),
            (2, client.set_registered_model_tag, name, "t", "v"),
            (2, client.create_model_version, name, f"{run.info.artifact_uri}/model", run_id),
            (2, client.transition_model_version_stage, name, "1", "Staging"),
            (3, auth.create_experiment_permission, experiment_id, friend, "READ"),
            (3, auth.update_experiment_permission, experiment_id, friend, "EDIT"),
            (3, auth.create_registered_model_permission, name, friend, "READ"),
            (3, auth.delete_registered_model_permission, name, friend),
            (3, client.delete_run, run_id),
            (3, client.restore_run, run_id),
            (3, client.delete_model_version, name, "1"),
            (3, client.delete_registered_model, name),
            (3, client.delete_experiment, experiment_id),
            (3, client.restore_experiment, experiment_id),
        ]
        for needed, call, *arguments in calls:
            if rank >= needed:
                call(*arguments)
            else:
                expect_error("PERMISSION_DENIED", call, *arguments)
        found = [one.experiment_id for one in client.search_experiments() if one.experiment_id == experiment_id]
        assert len(found) == min(rank, 1), (level, found)
    os.environ.update(admin)


if __name__ == "__main__":
    run_topic(globals())
