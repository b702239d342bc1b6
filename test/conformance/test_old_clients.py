"""The Python clients of older eras, each in its own environment, doing what their users do: one test per era and topic."""

import pytest
from old_clients import run_topic

BOTH = [
    "experiments",
    "experiment_search",
    "runs",
    "deletion",
    "logging",
    "metric_history",
    "artifacts",
    "search",
    "registry",
    "command_line",
]
TOPICS = {
    "1.30.1": [*BOTH, "old_listings"],
    "2.8.1": [*BOTH, "datasets", "parents", "aliases"],
}


@pytest.mark.parametrize(("version", "topic"), [(version, topic) for version in TOPICS for topic in TOPICS[version]])
def test_old_client(version: str, topic: str, unique: str, server: str) -> None:
    if server == "mlflow" and version == "1.30.1" and topic in ("old_listings", "registry"):
        pytest.skip("MLflow 2.0 removed these endpoints, or their /api/2.0/preview")
    run_topic(version, topic, unique)
