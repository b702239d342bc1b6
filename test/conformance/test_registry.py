"""The model registry: registered models, versions, stages, aliases, tags, searches, prompts, and loading by URI."""

import threading
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException


class Shout(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: list[str]) -> list[str]:
        return [text.upper() for text in model_input]


def expect_error(code: str, call, *args, **kwargs) -> str:
    with pytest.raises(MlflowException) as caught:
        call(*args, **kwargs)
    assert caught.value.error_code == code, caught.value
    return str(caught.value)


def add_version(client: MlflowClient, name: str, run: Run, path: str = "model", **more) -> ModelVersion:
    return client.create_model_version(name, f"{run.info.artifact_uri}/{path}", run.info.run_id, **more)


def names(found) -> list[str]:
    return [model.name for model in found]


def versions(found) -> list[int]:
    return [int(version.version) for version in found]


def test_registered_model_life(client: MlflowClient, unique: str) -> None:
    created = client.create_registered_model(unique, {"team": "vision", "état": "été ☀"}, "first")
    assert (created.name, created.description) == (unique, "first")
    assert created.tags == {"team": "vision", "état": "été ☀"}
    assert created.latest_versions == [] and created.aliases == {}
    assert created.creation_timestamp == created.last_updated_timestamp
    changed = client.update_registered_model(unique, "second")
    assert changed.description == "second"
    assert changed.last_updated_timestamp >= created.last_updated_timestamp
    client.set_registered_model_tag(unique, "team", "audio")
    client.set_registered_model_tag(unique, "n", "1")
    client.delete_registered_model_tag(unique, "état")
    client.delete_registered_model_tag(unique, "never there")
    assert client.get_registered_model(unique).tags == {"team": "audio", "n": "1"}
    client.delete_registered_model(unique)
    expect_error("RESOURCE_DOES_NOT_EXIST", client.get_registered_model, unique)
    expect_error("RESOURCE_DOES_NOT_EXIST", client.delete_registered_model, unique)


def test_names(client: MlflowClient, unique: str) -> None:
    for name in ["", " ", f"{unique}/a", f"{unique}:a", ".", "..", f"..{unique}"]:
        expect_error("INVALID_PARAMETER_VALUE", client.create_registered_model, name)
    spaced, encoded, upper = f"{unique} a", f"{unique}%20a", f"{unique} A"
    for name in [spaced, encoded, upper]:
        client.create_registered_model(name, description=name)
    assert [client.get_registered_model(name).description for name in [spaced, encoded, upper]] == [spaced, encoded, upper]
    assert "already exists" in expect_error("RESOURCE_ALREADY_EXISTS", client.create_registered_model, spaced)


def test_one_of_many_creations_wins(client: MlflowClient, unique: str) -> None:
    barrier = threading.Barrier(8)

    def create(_: int) -> str:
        barrier.wait()
        try:
            return client.create_registered_model(unique).name
        except MlflowException as error:
            return error.error_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(create, range(8)))
    assert sorted(answers) == sorted([unique] + ["RESOURCE_ALREADY_EXISTS"] * 7)


def test_tags_are_checked(client: MlflowClient, unique: str) -> None:
    client.create_registered_model(unique)
    for key, value in [("a//b", "v"), ("k" * 251, "v"), ("k", "v" * 100_001), ("a,b", "v")]:
        expect_error("INVALID_PARAMETER_VALUE", client.set_registered_model_tag, unique, key, value)
    client.set_registered_model_tag(unique, "k" * 250, "v" * 100_000)
    assert client.get_registered_model(unique).tags == {"k" * 250: "v" * 100_000}
    expect_error("RESOURCE_DOES_NOT_EXIST", client.set_registered_model_tag, f"{unique} no", "k", "v")


def test_rename_takes_everything_along(client: MlflowClient, run: Run, unique: str) -> None:
    client.create_registered_model(unique, {"k": "v"})
    version = add_version(client, unique, run, tags={"a": "b"})
    client.set_registered_model_alias(unique, "champion", version.version)
    client.rename_registered_model(unique, f"{unique} new")
    renamed = client.get_registered_model(f"{unique} new")
    assert renamed.tags == {"k": "v"} and renamed.aliases == {"champion": version.version}
    found = client.get_model_version_by_alias(f"{unique} new", "champion")
    assert (found.name, found.version, found.tags) == (f"{unique} new", version.version, {"a": "b"})
    expect_error("RESOURCE_DOES_NOT_EXIST", client.get_registered_model, unique)
    client.create_registered_model(unique)
    expect_error("RESOURCE_ALREADY_EXISTS", client.rename_registered_model, unique, f"{unique} new")
    expect_error("RESOURCE_DOES_NOT_EXIST", client.rename_registered_model, f"{unique} no", f"{unique} other")


def test_version_life(client: MlflowClient, run: Run, unique: str) -> None:
    client.create_registered_model(unique)
    version = add_version(client, unique, run, tags={"a": "b"}, description="first", run_link="http://ci/1")
    assert (version.version, version.status, version.current_stage) == ("1", "READY", "None")
    assert version.source == f"{run.info.artifact_uri}/model"
    assert (version.run_id, version.run_link, version.description) == (run.info.run_id, "http://ci/1", "first")
    assert version.tags == {"a": "b"} and version.aliases == []
    assert client.update_model_version(unique, "1", "second").description == "second"
    client.set_model_version_tag(unique, "1", "c", "d")
    client.delete_model_version_tag(unique, "1", "a")
    client.delete_model_version_tag(unique, "1", "never there")
    read = client.get_model_version(unique, "1")
    assert (read.tags, read.description) == ({"c": "d"}, "second")
    assert client.get_model_version_download_uri(unique, "1") == version.source
    expect_error("RESOURCE_DOES_NOT_EXIST", client.get_model_version, unique, "2")
    expect_error("INVALID_PARAMETER_VALUE", client.get_model_version, unique, "one")
    expect_error("RESOURCE_DOES_NOT_EXIST", client.set_model_version_tag, unique, "2", "k", "v")
    expect_error("RESOURCE_DOES_NOT_EXIST", add_version, client, f"{unique} no", run)


def test_numbers_are_never_given_again(client: MlflowClient, run: Run, unique: str) -> None:
    client.create_registered_model(unique)
    assert [add_version(client, unique, run).version for _ in range(3)] == ["1", "2", "3"]
    client.set_registered_model_alias(unique, "last", "3")
    client.delete_model_version(unique, "3")
    assert add_version(client, unique, run).version == "4"
    assert sorted(versions(client.search_model_versions(f"name = '{unique}'"))) == [1, 2, 4]
    assert client.get_registered_model(unique).aliases == {}
    expect_error("RESOURCE_DOES_NOT_EXIST", client.delete_model_version, unique, "3")
    client.delete_registered_model(unique)
    client.create_registered_model(unique)
    assert add_version(client, unique, run).version == "1"


def test_many_versions_at_once(client: MlflowClient, run: Run, unique: str, server: str) -> None:
    """MLflow itself gives up on some after three tries; those that succeed have numbers of their own."""
    client.create_registered_model(unique)

    def register(_: int) -> int | None:
        try:
            return int(add_version(client, unique, run).version)
        except MlflowException:
            return None

    with ThreadPoolExecutor(8) as pool:
        given = [number for number in pool.map(register, range(24)) if number is not None]
    assert sorted(given) == list(range(1, len(given) + 1))
    if server == "trackflare":
        assert len(given) == 24


@pytest.mark.filterwarnings("ignore:.*deprecated:FutureWarning")
def test_stages(client: MlflowClient, run: Run, unique: str) -> None:
    client.create_registered_model(unique)
    for _ in range(4):
        add_version(client, unique, run)
    assert client.transition_model_version_stage(unique, "1", "production").current_stage == "Production"
    client.transition_model_version_stage(unique, "2", "Production")
    client.transition_model_version_stage(unique, "3", "STAGING")

    def latest(stages: list[str] | None = None) -> dict[str, str]:
        return {found.current_stage: found.version for found in client.get_latest_versions(unique, stages)}

    assert latest() == {"None": "4", "Staging": "3", "Production": "2"}
    assert latest(["Production"]) == {"Production": "2"}
    assert latest(["Archived"]) == {}
    client.transition_model_version_stage(unique, "4", "Production", archive_existing_versions=True)
    assert [client.get_model_version(unique, str(number)).current_stage for number in range(1, 5)] == [
        "Archived",
        "Archived",
        "Staging",
        "Production",
    ]
    newest = {found.current_stage: found.version for found in client.get_registered_model(unique).latest_versions}
    assert newest == {"Archived": "2", "Staging": "3", "Production": "4"}
    expect_error("INVALID_PARAMETER_VALUE", client.transition_model_version_stage, unique, "1", "Released")
    expect_error("INVALID_PARAMETER_VALUE", client.get_latest_versions, unique, ["Released"])
    expect_error("RESOURCE_DOES_NOT_EXIST", client.transition_model_version_stage, unique, "9", "Staging")
    expect_error("RESOURCE_DOES_NOT_EXIST", client.get_latest_versions, f"{unique} no")


def test_aliases(client: MlflowClient, run: Run, unique: str) -> None:
    client.create_registered_model(unique)
    add_version(client, unique, run)
    add_version(client, unique, run)
    client.set_registered_model_alias(unique, "champion", "1")
    client.set_registered_model_alias(unique, "Champion", "1")
    client.set_registered_model_alias(unique, "champion", "2")
    assert client.get_registered_model(unique).aliases == {"champion": "2", "Champion": "1"}
    assert client.get_model_version_by_alias(unique, "champion").version == "2"
    assert client.get_model_version(unique, "2").aliases == ["champion"]
    assert client.get_model_version_by_alias(unique, "latest").version == "2"
    client.delete_registered_model_alias(unique, "champion")
    client.delete_registered_model_alias(unique, "champion")
    expect_error("INVALID_PARAMETER_VALUE", client.get_model_version_by_alias, unique, "champion")
    for alias in ["latest", "Latest", "v1", "V20", "a b", "a/b", "a" * 256]:
        expect_error("INVALID_PARAMETER_VALUE", client.set_registered_model_alias, unique, alias, "1")
    expect_error("RESOURCE_DOES_NOT_EXIST", client.set_registered_model_alias, unique, "x", "3")
    expect_error("RESOURCE_DOES_NOT_EXIST", client.get_model_version_by_alias, f"{unique} no", "x")


def test_search_registered_models(client: MlflowClient, unique: str) -> None:
    for name, tags in [("b", {"k": "1"}), ("a", {"k": "2", "l": "x"}), ("C", {"k": "1", "l": "x"})]:
        client.create_registered_model(f"{unique}-{name}", tags)

    def search(filter_string: str, **more) -> list[str]:
        mine = f"name LIKE '{unique}-%'"
        found = client.search_registered_models(f"{mine} AND {filter_string}" if filter_string else mine, **more)
        return [name.removeprefix(f"{unique}-") for name in names(found)]

    assert search("") == ["C", "a", "b"]
    assert search("", order_by=["name DESC"]) == ["b", "a", "C"]
    assert search("", order_by=["last_updated_timestamp ASC", "name DESC"]) == ["b", "a", "C"]
    assert search("tags.k = '1'") == ["C", "b"]
    assert search("tags.k = '1' AND tags.l ILIKE 'X'") == ["C"]
    assert search("tags.k != '1'") == ["a"]
    assert search(f"name != '{unique}-a'") == ["C", "b"]
    assert search(f"name ILIKE '{unique.upper()}-c'") == ["C"]
    assert search(f"name LIKE '{unique}-c'") == []
    assert search(f"name IN ('{unique}-a', '{unique}-b', 'x')") == ["a", "b"]
    pages, token = [], None
    while True:
        page = client.search_registered_models(f"name LIKE '{unique}-%'", 2, None, token)
        pages.append(len(page))
        token = page.token
        if not token:
            break
    assert pages == [2, 1]
    for wrong in ["run_id = 'x'", "params.k = '1'", "name > 'a'", "name = a", "attribute = 'x'"]:
        expect_error("INVALID_PARAMETER_VALUE", client.search_registered_models, wrong)
    expect_error("INVALID_PARAMETER_VALUE", client.search_registered_models, order_by=["tags.k"])
    expect_error("INVALID_PARAMETER_VALUE", client.search_registered_models, max_results=1001)
    expect_error("INVALID_PARAMETER_VALUE", client.search_registered_models, page_token="garbage")


def test_search_model_versions(client: MlflowClient, experiment: str, unique: str) -> None:
    first, second = client.create_run(experiment), client.create_run(experiment)
    for name in ["a", "b"]:
        client.create_registered_model(f"{unique}-{name}")
    add_version(client, f"{unique}-a", first, tags={"k": "1"})
    add_version(client, f"{unique}-a", second, path="other")
    add_version(client, f"{unique}-b", first, tags={"k": "2"})

    def search(filter_string: str, **more) -> list[tuple[str, int]]:
        mine = f"name LIKE '{unique}-%'"
        found = client.search_model_versions(f"{mine} AND {filter_string}" if filter_string else mine, **more)
        return [(version.name.removeprefix(f"{unique}-"), int(version.version)) for version in found]

    in_order = {"order_by": ["name ASC", "version_number ASC"]}
    assert search("", **in_order) == [("a", 1), ("a", 2), ("b", 1)]
    assert search("", order_by=["version_number DESC", "name DESC"]) == [("a", 2), ("b", 1), ("a", 1)]
    assert search("", order_by=["creation_timestamp ASC"]) == [("a", 1), ("a", 2), ("b", 1)]
    assert search(f"run_id = '{first.info.run_id}'", **in_order) == [("a", 1), ("b", 1)]
    assert search(f"run_id IN ('{second.info.run_id}', 'x')") == [("a", 2)]
    assert search("version_number > 1") == [("a", 2)]
    assert search("version_number <= '1'", **in_order) == [("a", 1), ("b", 1)]
    assert search(f"source_path = '{second.info.artifact_uri}/other'") == [("a", 2)]
    assert search("source_path LIKE '%/model'", **in_order) == [("a", 1), ("b", 1)]
    assert search("tags.k != '1'") == [("b", 1)]
    client.set_model_version_tag(f"{unique}-a", "1", "later", "x")
    client.update_model_version(f"{unique}-a", "1", "now the last to change")
    assert search("")[0] == ("a", 1)
    page = client.search_model_versions(f"name = '{unique}-a'", 1)
    rest = client.search_model_versions(f"name = '{unique}-a'", 1, page_token=page.token)
    assert (versions(page), versions(rest)) == ([1], [2])
    assert page.token and not rest.token
    for wrong in ["version_number = 'x'", "version_number = 1.5", "version_number LIKE '1'", "current_stage = 'None'"]:
        expect_error("INVALID_PARAMETER_VALUE", client.search_model_versions, wrong)
    expect_error("INVALID_PARAMETER_VALUE", client.search_model_versions, order_by=["run_id"])
    expect_error("INVALID_PARAMETER_VALUE", client.search_model_versions, max_results=200_001)


@pytest.mark.parametrize(
    "source",
    [
        "file:///etc",
        "/etc",
        "//etc",
        "file:etc",
        "etc/passwd",
        "http://127.0.0.1:9/api/2.0/mlflow-artifacts/artifacts/x",
        "ftp://127.0.0.1:9/x",
        "mlflow-artifacts:/elsewhere",
        "mlflow-artifacts://host:80/x",
        "models:/no such model/1",
        "models:/m-0123456789abcdef0123456789abcdef",
        "models:/a/b/c",
        "runs:/0123456789abcdef0123456789abcdef/model",
        "dummy-source",
    ],
)
def test_sources_that_are_none(client: MlflowClient, run: Run, unique: str, source: str) -> None:
    client.create_registered_model(unique)
    with pytest.raises(MlflowException) as caught:
        client.create_model_version(unique, source, run.info.run_id)
    assert caught.value.error_code in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST")
    assert client.search_model_versions(f"name = '{unique}'") == []


def test_a_source_is_the_named_runs_own(client: MlflowClient, experiment: str, unique: str) -> None:
    mine, other = client.create_run(experiment), client.create_run(experiment)
    client.create_registered_model(unique)
    location = f"{other.info.artifact_uri}/model"
    climbing = [f"{mine.info.artifact_uri}/../../{other.info.run_id}/artifacts", f"{mine.info.artifact_uri}/%2e%2e/x"]
    for source in [location, f"runs:/{other.info.run_id}/model", *climbing]:
        for run_id in [mine.info.run_id, None]:
            expect_error("INVALID_PARAMETER_VALUE", client.create_model_version, unique, source, run_id)
    assert client.create_model_version(unique, f"runs:/{other.info.run_id}/model", other.info.run_id).version == "1"


def test_a_version_of_a_version(client: MlflowClient, run: Run, unique: str) -> None:
    client.create_registered_model(f"{unique}-from")
    first = add_version(client, f"{unique}-from", run)
    client.set_registered_model_alias(f"{unique}-from", "best", "1")
    copy = client.copy_model_version(f"models:/{unique}-from/1", f"{unique}-to")
    assert (copy.source, copy.run_id) == (f"models:/{unique}-from/1", run.info.run_id)
    again = client.create_model_version(f"{unique}-to", f"models:/{unique}-from@best")
    assert again.source == f"models:/{unique}-from/1"
    chained = client.create_model_version(f"{unique}-to", f"models:/{unique}-to/2")
    for version in [copy, again, chained]:
        assert client.get_model_version_download_uri(f"{unique}-to", version.version) == first.source
    expect_error(
        "INVALID_PARAMETER_VALUE", client.create_model_version, f"{unique}-to", f"models:/{unique}-from/1", "other"
    )


def test_log_register_and_load(client: MlflowClient, experiment: str, unique: str) -> None:
    with mlflow.start_run():
        info = mlflow.pyfunc.log_model(name="shout", python_model=Shout(), registered_model_name=unique)
    (version,) = client.search_model_versions(f"name = '{unique}'")
    assert version.run_id == info.run_id
    assert mlflow.pyfunc.load_model(f"models:/{unique}/1").predict(["a"]) == ["A"]
    second = mlflow.register_model(info.model_uri, unique, tags={"again": "yes"})
    assert (second.version, second.tags) == ("2", {"again": "yes"})
    client.set_registered_model_alias(unique, "champion", "2")
    assert mlflow.pyfunc.load_model(f"models:/{unique}@champion").predict(["b"]) == ["B"]
    registered = client.get_logged_model(info.model_id).tags["mlflow.modelVersions"]
    assert [int(part) for part in registered if part.isdigit()][-1] == 2


def test_files_of_a_version(client: MlflowClient, experiment: str, unique: str, server: str) -> None:
    with mlflow.start_run() as run:
        mlflow.log_text("flavors: {}", "kept/MLmodel")
    client.create_registered_model(unique)
    client.create_model_version(unique, f"{run.info.artifact_uri}/kept", run.info.run_id)
    client.create_model_version(unique, f"runs:/{run.info.run_id}/kept", run.info.run_id)
    # MLflow's server answers 500 where the source is a runs:/ URI.
    for number in ["1", "2"] if server == "trackflare" else ["1"]:
        assert get_artifact(unique, number, "MLmodel") == b"flavors: {}"
        with pytest.raises(urllib.error.HTTPError) as caught:
            get_artifact(unique, number, "nothing")
        assert caught.value.code == 404
        with pytest.raises(urllib.error.HTTPError) as caught:
            get_artifact(unique, number, "../kept/MLmodel")
        assert caught.value.code == 400


def get_artifact(name: str, version: str, path: str) -> bytes:
    query = urllib.parse.urlencode({"name": name, "version": version, "path": path})
    with urllib.request.urlopen(f"{mlflow.get_tracking_uri()}/model-versions/get-artifact?{query}") as response:
        return response.read()


def test_prompts(client: MlflowClient, unique: str) -> None:
    first = mlflow.genai.register_prompt(unique, "Hello {{name}}", commit_message="first", tags={"tone": "kind"})
    assert first.version == 1
    second = mlflow.genai.register_prompt(unique, [{"role": "user", "content": "Hi {{name}} ☀"}])
    assert second.version == 2
    assert mlflow.genai.load_prompt(f"prompts:/{unique}/1").format(name="Ada") == "Hello Ada"
    mlflow.genai.set_prompt_alias(unique, "live", 2)
    assert mlflow.genai.load_prompt(f"prompts:/{unique}@live").version == 2
    assert unique in [prompt.name for prompt in mlflow.genai.search_prompts(f"name = '{unique}'")]
    assert unique not in names(client.search_registered_models(max_results=1000))
    assert client.search_registered_models(f"name = '{unique}'") == []
    assert client.search_model_versions(f"name = '{unique}'") == []
    is_prompt = "tags.`mlflow.prompt.is_prompt` = 'true'"
    assert names(client.search_registered_models(f"{is_prompt} AND name = '{unique}'")) == [unique]
    assert versions(client.search_model_versions(f"{is_prompt} AND name = '{unique}'")) == [2, 1]
    message = expect_error("RESOURCE_ALREADY_EXISTS", client.create_registered_model, unique)
    assert "prompt" in message.lower()
    client.create_registered_model(f"{unique}-model")
    expect_error("INVALID_PARAMETER_VALUE", client.create_model_version, f"{unique}-model", f"models:/{unique}/1")
    with pytest.raises(urllib.error.HTTPError) as caught:
        get_artifact(unique, "1", "MLmodel")
    assert caught.value.code == 404


def test_a_prompt_tag_opens_no_file(client: MlflowClient, unique: str) -> None:
    client.create_registered_model(unique)
    tags = {"mlflow.prompt.is_prompt": "true"}
    for source in ["file:///etc", "/etc", "mlflow-artifacts:/0"]:
        expect_error("INVALID_PARAMETER_VALUE", client.create_model_version, unique, source, tags=tags)
