"""Starts and stops the tracking servers that the tests talk to, each with its own empty data folder."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
NODE = REPOSITORY / "node_modules/node/bin/node"
START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 15
LOG_NAME = "server.log"
# What Trackflare logs of a request that it answers with a 5xx begins with the request's id: src/http/errors.ts.
LOGGED_FAILURE = re.compile(r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12} .*", re.MULTILINE)


@dataclass
class RunningServer:
    """A server process, the leader of its own process group, and where it listens and writes."""

    url: str
    process: subprocess.Popen
    data_dir: Path
    recorder: subprocess.Popen | None = None

    def stop(self) -> None:
        """Ends the server and its children, and removes its data.

        Raises RuntimeError when Trackflare answered with a 5xx: a retry may have hidden it from the tests.
        """
        if self.recorder:
            self.recorder.kill()
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(STOP_TIMEOUT_S)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        failures = LOGGED_FAILURE.findall((self.data_dir / LOG_NAME).read_text(errors="replace"))
        shutil.rmtree(self.data_dir, ignore_errors=True)
        if failures:
            raise RuntimeError("The server failed:\n" + "\n".join(failures))


def start_server(
    kind: str, extra_env: dict[str, str] | None = None, arguments: Sequence[str] = ()
) -> RunningServer:
    """Starts `trackflare` or `mlflow` on a free port, with further arguments, and waits until it is healthy.

    Raises RuntimeError with the end of the server's log when it does not come up.
    """
    data_dir = Path(tempfile.mkdtemp(prefix=f"conformance-{kind}-"))
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [*(_trackflare(port, data_dir) if kind == "trackflare" else _mlflow(port, data_dir)), *arguments]
    log_path = data_dir / LOG_NAME
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            # MLflow's job runner is eight more processes, which no test concerns.
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **(extra_env or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = RunningServer(url, process, data_dir)
    deadline = time.monotonic() + START_TIMEOUT_S
    while not _healthy(url):
        if process.poll() is not None or time.monotonic() > deadline:
            text = log_path.read_text(errors="replace")[-4000:]
            server.stop()
            raise RuntimeError(f"{kind} did not start: {' '.join(command)}\n{text}")
        time.sleep(0.1)
    folder = os.environ.get("COMPATIBILITY_RECORDING")
    if folder and kind == "trackflare":
        _record(server, folder)
    return server


def _record(server: RunningServer, folder: str) -> None:
    """Puts a recorder of what clients call before the server: see test/compatibility."""
    command = [str(NODE), "test/compatibility/recorder.ts", server.url, folder]
    server.recorder = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    server.url = server.recorder.stdout.readline().strip()


def _trackflare(port: int, data_dir: Path) -> list[str]:
    options = ["--port", str(port), "--data-dir", str(data_dir / "data")]
    return [str(NODE), "src/cli/main.ts", "server", *options]


def _mlflow(port: int, data_dir: Path) -> list[str]:
    return [
        str(Path(sys.executable).parent / "mlflow"),
        "server",
        *("--host", "127.0.0.1", "--port", str(port), "--workers", "2"),
        *("--backend-store-uri", f"sqlite:///{data_dir}/mlflow.db"),
        *("--artifacts-destination", str(data_dir / "artifacts")),
    ]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False
