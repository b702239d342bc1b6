"""MLflow 1.30.1: the calls of both eras, and those that 2.0 took away."""

import warnings

import mlflow
from mlflow.tracking import MlflowClient
from topics import *  # noqa: F403 – the topics of both eras are this script's too
from topics import cli, run_topic

warnings.simplefilter("ignore")


def old_listings(unique: str) -> None:
    client = MlflowClient()
    experiment_id = client.create_experiment(unique)
    gone = client.create_experiment(f"{unique} gone")
    client.delete_experiment(gone)
    listed = {each.experiment_id for each in client.list_experiments()}
    assert experiment_id in listed and gone not in listed
    assert len(client.list_experiments(max_results=1)) == 1
    assert experiment_id in {each.experiment_id for each in mlflow.list_experiments()}
    assert unique in cli("experiments", "list")

    run_id = client.create_run(experiment_id).info.run_id
    assert [each.run_id for each in client.list_run_infos(experiment_id)] == [run_id]
    assert [each.run_id for each in mlflow.list_run_infos(experiment_id)] == [run_id]

    for suffix in "ab":
        client.create_registered_model(f"{unique} {suffix}")
    names, token = [], None
    while True:
        page = client.list_registered_models(max_results=1, page_token=token)
        names += [each.name for each in page]
        if not (token := page.token):
            break
    assert [name for name in names if name.startswith(unique)] == [f"{unique} a", f"{unique} b"]


if __name__ == "__main__":
    run_topic(globals())
