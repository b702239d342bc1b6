"""One server for the whole session, shared by all xdist workers, and the fixtures that give each test its own data.

`--server mlflow` runs the same tests against the real `mlflow server`: what passes there is what users rely on.
"""

import os
import uuid
from collections.abc import Iterator

# The developer's own MLflow settings must not reach the tests; xdist's workers have the controller's, already clean.
if "PYTEST_XDIST_WORKER" not in os.environ:
    for inherited in [name for name in os.environ if name.startswith(("MLFLOW_", "TRACKFLARE_"))]:
        del os.environ[inherited]

# Read by MLflow at call time. One retry, at once: workerd closes a connection that was idle for 5 s, and a request may be
# on its way just then. A 5xx is retried too; the server's log tells of it (servers.py).
os.environ.update(
    MLFLOW_HTTP_REQUEST_MAX_RETRIES="1",
    MLFLOW_HTTP_REQUEST_TIMEOUT="60",
    MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT="true",
    MLFLOW_DISABLE_TELEMETRY="true",
    MLFLOW_TRACKING_DISABLE_PROGRESS_BAR="true",
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false",
    GIT_PYTHON_REFRESH="quiet",
    MPLBACKEND="agg",
)

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from servers import RunningServer, start_server

KIND_VARIABLE = "CONFORMANCE_SERVER"
_shared: list[RunningServer] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--server", choices=["trackflare", "mlflow"], default="trackflare")
    parser.addoption("--record", action="store_true", help="record MLflow's answers: test_auth_levels.py")
    parser.addoption("--client", help="the release that the client must have", default=mlflow.__version__)


def pytest_configure(config: pytest.Config) -> None:
    """The controller starts the server; xdist workers inherit its address by environment."""
    if mlflow.__version__ != (wanted := config.getoption("--client")):
        raise pytest.UsageError(f"The client is {mlflow.__version__}, not {wanted}.")
    os.environ[KIND_VARIABLE] = config.getoption("--server")
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        _shared.append(start_server(os.environ[KIND_VARIABLE]))
        os.environ["MLFLOW_TRACKING_URI"] = _shared[0].url


def pytest_unconfigure() -> None:
    while _shared:
        _shared.pop().stop()


@pytest.fixture(scope="session")
def server() -> str:
    """Which server answers: `trackflare` or `mlflow`."""
    return os.environ[KIND_VARIABLE]


@pytest.fixture
def client() -> MlflowClient:
    return MlflowClient()


@pytest.fixture
def unique() -> str:
    """A name no other test uses."""
    return uuid.uuid4().hex[:12]


@pytest.fixture
def experiment(request: pytest.FixtureRequest, unique: str) -> Iterator[str]:
    """The id of a new experiment, active for the fluent API; runs left open are ended."""
    yield mlflow.set_experiment(f"{request.node.name}-{unique}").experiment_id
    while mlflow.active_run():
        mlflow.end_run()


@pytest.fixture
def run(client: MlflowClient, experiment: str) -> Run:
    """A new run of the test's own experiment."""
    return client.create_run(experiment)
