"""What each level of grants allows: the same questions to Trackflare and to MLflow's own server with its basic-auth app.

The servers have the same ini file. Each subject has grants of its own, made by MLflow's client of users, roles and grants, on
a world of its own. It then makes the calls of `CALLS` by MLflow's clients. MLflow's server needs minutes for them, so its answers
are in test_auth_levels.json. After a change of the subjects or calls, and for another MLflow, record them again:

    pytest test/conformance/test_auth_levels.py -n0 --server mlflow --record

`--server mlflow` alone compares MLflow's server with the recorded answers.
"""

import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pytest
import requests
from mlflow import MlflowClient
from mlflow.entities import LoggedModelStatus, Metric
from mlflow.exceptions import MlflowException
from mlflow.server.auth.client import AuthServiceClient
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from servers import start_server

ADMIN = ("admin", "the admin's own secret")
PASSWORD = "correct horse battery"
VARIABLES = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")
REFUSED = "PERMISSION_DENIED"

Grant = tuple[str, str, str]


def own(level: str) -> list[Grant]:
    return [("experiment", "own", level), ("registered_model", "own", level)]


# The user's own grants, and the grants of a role; `own` is the subject's experiment or registered model.
SUBJECTS: dict[str, tuple[list[Grant], list[Grant]]] = {
    "none": ([], []),
    "DENY": (own("DENY"), []),
    "READ": (own("READ"), []),
    "USE": (own("USE"), []),
    "EDIT": (own("EDIT"), []),
    "MANAGE": (own("MANAGE"), []),
    "EDIT by a role": ([], own("EDIT")),
    "READ, and MANAGE on all": (own("READ"), [("experiment", "*", "MANAGE"), ("registered_model", "*", "MANAGE")]),
    "MANAGE, and DENY on all": (own("MANAGE"), [("experiment", "*", "DENY"), ("registered_model", "*", "DENY")]),
    "READ, and EDIT on all runs": (own("READ"), [("run", "*", "EDIT")]),
    "MANAGE, and READ on all runs": (own("MANAGE"), [("run", "*", "READ")]),
    "EDIT, and DENY on all logged models": (own("EDIT"), [("logged_model", "*", "DENY")]),
    "MANAGE, and READ on all logged models": (own("MANAGE"), [("logged_model", "*", "READ")]),
}


@dataclass
class World:
    """What a subject is asked about, on one server. An admin made it."""

    url: str
    name: str
    user: str
    experiment: str
    run: str
    artifact_uri: str
    logged_model: str
    # Another's experiment, with a run and a logged model, on which the subject has nothing.
    other_run: str
    other_model: str
    folder: Path

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(self.url)

    def send(self, method: str, target: str, /, **fields: Any) -> requests.Response:
        """A request as the subject, for what no method of the client asks. Raises HTTPError."""
        carried = {"params": fields} if method == "GET" else {"json": fields}
        answer = requests.request(method, f"{self.url}{target}", auth=(self.user, PASSWORD), timeout=60, **carried)
        answer.raise_for_status()
        return answer


def _file(world: World, name: str) -> str:
    path = world.folder / name
    path.write_text("by the subject")
    return str(path)


def _graphql(world: World) -> object:
    query = 'query { mlflowGetRun(input: {runId: "%s"}) { run { info { runId } } } }' % world.run
    answer = world.send("POST", "/graphql", query=query, operationName=None, variables={}).json()
    return bool((answer.get("data") or {}).get("mlflowGetRun"))


# In this order, so that deletions come last. What a call gives back is compared too.
CALLS: dict[str, Callable[[World], object]] = {
    "get_experiment": lambda w: w.client.get_experiment(w.experiment).name == w.name,
    "get_experiment_by_name": lambda w: w.client.get_experiment_by_name(w.name) is not None,
    "search_experiments": lambda w: len(w.client.search_experiments(filter_string=f"name = '{w.name}'")),
    "get_run": lambda w: w.client.get_run(w.run).info.run_name,
    "get_run of another's": lambda w: w.client.get_run(w.other_run).info.run_name,
    "search_runs": lambda w: len(w.client.search_runs([w.experiment])),
    "get_metric_history": lambda w: len(w.client.get_metric_history(w.run, "m")),
    "get_history_bulk": lambda w: len(
        w.send("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk", run_id=w.run, metric_key="m").json()["metrics"]
    ),
    "graphql": _graphql,
    "list_artifacts": lambda w: len(w.client.list_artifacts(w.run)),
    "download_artifacts": lambda w: Path(w.client.download_artifacts(w.run, "a.txt", str(w.folder))).read_text(),
    "get-artifact": lambda w: w.send("GET", "/get-artifact", run_id=w.run, path="a.txt").text,
    "search_datasets": lambda w: w.send(
        "POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", experiment_ids=[w.experiment]
    ).status_code,
    "get_logged_model": lambda w: w.client.get_logged_model(w.logged_model).name,
    "search_logged_models": lambda w: len(w.client.search_logged_models([w.experiment])),
    "get_registered_model": lambda w: w.client.get_registered_model(w.name).name == w.name,
    "search_registered_models": lambda w: len(w.client.search_registered_models(f"name = '{w.name}'")),
    "get_model_version": lambda w: w.client.get_model_version(w.name, "1").version,
    "search_model_versions": lambda w: len(w.client.search_model_versions(f"name = '{w.name}'")),
    "get_latest_versions": lambda w: len(w.client.get_latest_versions(w.name)),
    "get_model_version_by_alias": lambda w: w.client.get_model_version_by_alias(w.name, "best").version,
    "get_model_version_download_uri": lambda w: bool(w.client.get_model_version_download_uri(w.name, "1")),
    "set_experiment_tag": lambda w: w.client.set_experiment_tag(w.experiment, "t", "v"),
    "delete_experiment_tag": lambda w: w.client.delete_experiment_tag(w.experiment, "t"),
    "rename_experiment": lambda w: w.client.rename_experiment(w.experiment, w.name),
    "create_run": lambda w: w.client.create_run(w.experiment).info.status,
    "log_metric": lambda w: w.client.log_metric(w.run, "m", 2.0, timestamp=2, step=2),
    "log_metric of a model": lambda w: w.client.log_metric(
        w.run, "mm", 1.0, timestamp=1, step=1, model_id=w.logged_model
    ),
    "log_metric of another's model": lambda w: w.client.log_metric(
        w.run, "mm", 1.0, timestamp=1, step=1, model_id=w.other_model
    ),
    "log_batch": lambda w: w.client.log_batch(w.run, metrics=[Metric("b", 1.0, 1, 1)]),
    "log_param": lambda w: w.client.log_param(w.run, "p", "v"),
    "set_tag": lambda w: w.client.set_tag(w.run, "t", "v"),
    "delete_tag": lambda w: w.client.delete_tag(w.run, "t"),
    "update_run": lambda w: w.client.update_run(w.run, name="renamed"),
    "set_terminated": lambda w: w.client.set_terminated(w.run),
    "log_artifact": lambda w: w.client.log_artifact(w.run, _file(w, "b.txt")),
    "create_logged_model": lambda w: w.client.create_logged_model(w.experiment, name="another").name,
    "create_logged_model of the run": lambda w: w.client.create_logged_model(
        w.experiment, name="another", source_run_id=w.run
    ).name,
    "create_logged_model of another's run": lambda w: w.client.create_logged_model(
        w.experiment, name="another", source_run_id=w.other_run
    ).name,
    "log_model_params": lambda w: w.client.log_model_params(w.logged_model, {"p": "v"}),
    "set_logged_model_tags": lambda w: w.client.set_logged_model_tags(w.logged_model, {"t": "v"}),
    "delete_logged_model_tag": lambda w: w.client.delete_logged_model_tag(w.logged_model, "t"),
    "finalize_logged_model": lambda w: str(
        w.client.finalize_logged_model(w.logged_model, LoggedModelStatus.READY).status
    ),
    "update_registered_model": lambda w: w.client.update_registered_model(w.name, "described").description,
    "set_registered_model_tag": lambda w: w.client.set_registered_model_tag(w.name, "t", "v"),
    "delete_registered_model_tag": lambda w: w.client.delete_registered_model_tag(w.name, "t"),
    "set_registered_model_alias": lambda w: w.client.set_registered_model_alias(w.name, "other", "1"),
    "delete_registered_model_alias": lambda w: w.client.delete_registered_model_alias(w.name, "other"),
    "create_model_version": lambda w: w.client.create_model_version(
        w.name, f"{w.artifact_uri}/model", run_id=w.run
    ).version,
    "create_model_version of another's run": lambda w: w.client.create_model_version(
        w.name, f"runs:/{w.other_run}/model", run_id=w.other_run
    ).version,
    "update_model_version": lambda w: w.client.update_model_version(w.name, "1", "described").description,
    "set_model_version_tag": lambda w: w.client.set_model_version_tag(w.name, "1", "t", "v"),
    "transition_model_version_stage": lambda w: w.client.transition_model_version_stage(
        w.name, "1", "Staging"
    ).current_stage,
    "grant on the experiment": lambda w: AuthServiceClient(w.url).grant_user_permission(
        f"{w.user}-friend", "experiment", w.experiment, "READ"
    ),
    "grant on all experiments": lambda w: AuthServiceClient(w.url).grant_user_permission(
        f"{w.user}-friend", "experiment", "*", "READ"
    ),
    "grant on the registered model": lambda w: AuthServiceClient(w.url).grant_user_permission(
        f"{w.user}-friend", "registered_model", w.name, "READ"
    ),
    "revoke on the experiment": lambda w: AuthServiceClient(w.url).revoke_user_permission(
        f"{w.user}-friend", "experiment", w.experiment
    ),
    "get_user (self)": lambda w: AuthServiceClient(w.url).get_user(w.user).is_admin,
    "get_user (another)": lambda w: AuthServiceClient(w.url).get_user(f"{w.user}-friend").is_admin,
    "list_user_roles (self)": lambda w: AuthServiceClient(w.url).list_user_roles(w.user) is not None,
    "create_user": lambda w: AuthServiceClient(w.url).create_user(f"{w.user}-new", PASSWORD).is_admin,
    "update_user_admin (self)": lambda w: AuthServiceClient(w.url).update_user_admin(w.user, True),
    "delete_user (another)": lambda w: AuthServiceClient(w.url).delete_user(f"{w.user}-friend"),
    "delete_artifacts": lambda w: get_artifact_repository(w.artifact_uri).delete_artifacts("a.txt"),
    "delete_logged_model": lambda w: w.client.delete_logged_model(w.logged_model),
    "delete_run": lambda w: w.client.delete_run(w.run),
    "restore_run": lambda w: w.client.restore_run(w.run),
    "delete_experiment": lambda w: w.client.delete_experiment(w.experiment),
    "restore_experiment": lambda w: w.client.restore_experiment(w.experiment),
    "delete_model_version_tag": lambda w: w.client.delete_model_version_tag(w.name, "1", "t"),
    "delete_model_version": lambda w: w.client.delete_model_version(w.name, "1"),
    "rename_registered_model": lambda w: w.client.rename_registered_model(w.name, f"{w.name} 2"),
    "delete_registered_model": lambda w: w.client.delete_registered_model(w.name),
    "create_experiment": lambda w: bool(w.client.create_experiment(f"{w.name} of the subject")),
    "create_registered_model": lambda w: bool(w.client.create_registered_model(f"{w.name} of the subject")),
    "create_prompt": lambda w: bool(
        w.client.create_registered_model(f"{w.name} prompt", tags={"mlflow.prompt.is_prompt": "true"})
    ),
}


@pytest.fixture(scope="module")
def address(request: pytest.FixtureRequest, server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with this default permission."""
    folder = tmp_path_factory.mktemp("auth")
    ini = folder / "auth.ini"
    ini.write_text(
        f"""[mlflow]
default_permission = {request.param}
database_uri = sqlite:///{folder}/auth.db
admin_username = {ADMIN[0]}
admin_password = {ADMIN[1]}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = 600
"""
    )
    settings = {"MLFLOW_AUTH_CONFIG_PATH": str(ini), "MLFLOW_FLASK_SERVER_SECRET_KEY": "a key of these tests"}
    running = start_server(server, settings, ["--app-name", "basic-auth"])
    before = mlflow.get_tracking_uri()
    yield running.url
    mlflow.set_tracking_uri(before)
    running.stop()


def _sign_in(patch: pytest.MonkeyPatch, url: str, username: str, password: str) -> None:
    mlflow.set_tracking_uri(url)
    for name, value in zip(VARIABLES, (username, password), strict=True):
        patch.setenv(name, value)


def _make_world(url: str, name: str, subject: str, folder: Path) -> World:
    """Makes a subject's world, as the admin."""
    client, auth = MlflowClient(url), AuthServiceClient(url)
    user = f"{name}-user"
    for username in (user, f"{user}-friend"):
        auth.create_user(username, PASSWORD)
    ids = []
    for title in (name, f"{name} of others"):
        experiment = client.create_experiment(title)
        run = client.create_run(experiment, run_name="first")
        client.log_metric(run.info.run_id, "m", 1.0, timestamp=1, step=1)
        client.log_text(run.info.run_id, "content", "a.txt")
        model = client.create_logged_model(experiment, name="model", source_run_id=run.info.run_id)
        ids.append((experiment, run.info.run_id, run.info.artifact_uri, model.model_id))
    (experiment, run_id, artifact_uri, model_id), (other, other_run, _, other_model) = ids
    client.create_registered_model(name)
    client.create_model_version(name, f"{artifact_uri}/model", run_id=run_id)
    client.set_registered_model_alias(name, "best", "1")
    # What every user may read by default is not another's.
    auth.grant_user_permission(user, "experiment", other, "DENY")
    place = {"experiment": experiment, "registered_model": name}
    mine, by_role = SUBJECTS[subject]
    for kind, _own, level in mine:
        auth.grant_user_permission(user, kind, place[kind], level)
    if by_role:
        role = auth.create_role("default", f"{name}-role")
        for kind, pattern, level in by_role:
            auth.add_role_permission(role.id, kind, place[kind] if pattern == "own" else pattern, level)
        auth.assign_role(user, role.id)
    return World(url, name, user, experiment, run_id, artifact_uri, model_id, other_run, other_model, folder)


def _answer(call: Callable[[World], object], world: World) -> object:
    """What a call gives back, or how it is refused."""
    try:
        return call(world)
    except MlflowException as error:
        return error.error_code
    except requests.HTTPError as error:
        return REFUSED if error.response.status_code == 403 else error.response.status_code


# Calls that Trackflare refuses more often, as docs/access.md says.
STRICTER = {
    "graphql",
    "rename_registered_model",
    # Under the name that the model still has, as renaming it was refused.
    "delete_registered_model",
    "create_logged_model of the run",
    "create_logged_model of another's run",
}


def _is_meant(call: str, ours: object) -> bool:
    return call in STRICTER and ours == REFUSED


# Without grants the default decides, so it is asked for both; a level decides by itself.
PAIRS = [("NO_PERMISSIONS", subject) for subject in SUBJECTS] + [("READ", subject) for subject in ("none", "DENY", "EDIT")]


RECORDED = Path(__file__).with_suffix(".json")
# What the answers depend on, besides the server.
ASKED = hashlib.sha256(
    f"{mlflow.__version__} {inspect.getsource(sys.modules[__name__]).split('# Calls that Trackflare')[0]}".encode()
).hexdigest()


def _recorded() -> dict[str, Any]:
    return json.loads(RECORDED.read_text()) if RECORDED.exists() else {}


def _record(default: str, subject: str, answers: dict[str, object]) -> None:
    known = _recorded()
    pairs = known["answers"] if known.get("asked") == ASKED else {}
    pairs.setdefault(default, {})[subject] = answers
    RECORDED.write_text(json.dumps({"asked": ASKED, "answers": pairs}, indent=2) + "\n")


@pytest.mark.parametrize(("address", "subject"), PAIRS, indirect=["address"])
def test_answers_are_mlflows(
    address: str,
    subject: str,
    server: str,
    unique: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    _sign_in(monkeypatch, address, *ADMIN)
    world = _make_world(address, unique, subject, tmp_path)
    _sign_in(monkeypatch, address, world.user, PASSWORD)
    answers = {name: _answer(call, world) for name, call in CALLS.items()}
    default = request.node.callspec.params["address"]
    if request.config.getoption("--record"):
        assert server == "mlflow"
        _record(default, subject, answers)
    recorded = _recorded()
    assert recorded["asked"] == ASKED, "The answers are to other questions: record them again (see above)."
    theirs = recorded["answers"][default][subject]
    unmeant = {
        name: {"mlflow": theirs[name], server: answers[name]}
        for name in CALLS
        if answers[name] != theirs[name] and not (server == "trackflare" and _is_meant(name, answers[name]))
    }
    assert unmeant == {}, json.dumps(unmeant, indent=1, default=str)
