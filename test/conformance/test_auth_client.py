"""MLflow's own client of users, roles and grants drives Trackflare. MLflow's server needs another app for it, so only Trackflare is asked."""

import json
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

# The client's package asks for what only MLflow's own server needs.
_csrf = types.ModuleType("flask_wtf.csrf")
_csrf.CSRFProtect = object
sys.modules.setdefault("flask_wtf", types.ModuleType("flask_wtf"))
sys.modules.setdefault("flask_wtf.csrf", _csrf)

from mlflow.server.auth import routes
from mlflow.server.auth.client import AuthServiceClient
from old_clients import run_topic
from servers import start_server

ADMIN_PASSWORD = "the admin's own secret"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = start_server("trackflare", {"TRACKFLARE_ADMIN_PASSWORD": ADMIN_PASSWORD})
    yield server.url
    server.stop()


def test_users_roles_and_grants(address: str, unique: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "admin")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", ADMIN_PASSWORD)
    auth = AuthServiceClient(address)
    user = auth.create_user(unique, PASSWORD)
    assert (user.username, user.is_admin) == (unique, False)
    assert auth.get_user(unique).id == user.id
    auth.update_user_admin(unique, True)
    assert auth.get_user(unique).is_admin
    auth.update_user_admin(unique, False)
    auth.update_user_password(unique, f"{PASSWORD} 2")
    auth.grant_user_permission(unique, "experiment", "0", "EDIT")
    assert auth.get_user_permission(unique, "experiment", "0")
    auth.revoke_user_permission(unique, "experiment", "0")
    role = auth.create_role("default", f"readers {unique}", "who read")
    permission = auth.add_role_permission(role.id, "experiment", "*", "READ")
    assert auth.update_role_permission(permission.id, "USE").permission == "USE"
    assert [one.id for one in auth.list_role_permissions(role.id)] == [permission.id]
    auth.assign_role(unique, role.id)
    assert [one.name for one in auth.list_user_roles(unique)] == [role.name]
    assert len(auth.list_role_users(role.id)) == 1
    assert auth.update_role(role.id, description="of all").description == "of all"
    assert role.id in [one.id for one in auth.list_roles("default")]
    auth.unassign_role(unique, role.id)
    auth.remove_role_permission(permission.id)
    auth.delete_role(role.id)
    with pytest.raises(MlflowException, match="not found"):
        auth.get_role(role.id)
    auth.delete_user(unique)
    with pytest.raises(MlflowException, match="not found"):
        auth.get_user(unique)


def test_a_limit_of_requests_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that is told to wait goes on afterwards, and nothing is logged twice."""
    limit = 12
    server = start_server(
        "trackflare", {"TRACKFLARE_ADMIN_PASSWORD": ADMIN_PASSWORD, "TRACKFLARE_RATE_LIMIT": str(limit)}
    )
    before = mlflow.get_tracking_uri()
    try:
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "admin")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", ADMIN_PASSWORD)
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "120")
        client = MlflowClient(server.url)
        run = client.create_run("0")
        for step in range(limit + 2):
            client.log_metric(run.info.run_id, "loss", float(step), timestamp=step, step=step)
        history = client.get_metric_history(run.info.run_id, "loss")
        assert [point.step for point in history] == list(range(limit + 2))
    finally:
        mlflow.set_tracking_uri(before)
        server.stop()


@pytest.mark.parametrize("topic", ["access", "levels"])
def test_the_client_of_2_8(address: str, unique: str, topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Users with their permissions on experiments and models, which later clients call grants; and what these allow."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "admin")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", ADMIN_PASSWORD)
    run_topic("2.8.1", topic, unique)


def test_the_list_of_mlflows_auth_routes_is_mlflows() -> None:
    """test/compatibility/auth-routes.test.ts asks that each route of the list is served, or that the pages say why not."""
    listed = json.loads((Path(__file__).parents[1] / "compatibility/mlflow-auth-routes.json").read_text())
    paths = {value for name, value in vars(routes).items() if name.isupper()}
    of_the_app = {path for path in paths if "/mlflow/users/" in path or "/mlflow/roles/" in path or path == routes.SIGNUP}
    assert {route.split(" ")[1] for route in listed} == of_the_app
