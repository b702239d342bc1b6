"""Virtual environments with MLflow's Python clients of older eras, made when first asked for and kept between runs."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ERAS = Path(__file__).resolve().parent / "eras"
REPOSITORY = Path(__file__).resolve().parents[2]
INSTALL_TIMEOUT_S = 600
TOPIC_TIMEOUT_S = 120


def run_topic(version: str, topic: str, unique: str) -> None:
    """Runs one topic of an era's script with that era's client; what went wrong there fails the test with its traceback."""
    script = ERAS / f"mlflow_{version.replace('.', '_')}.py"
    _run([_python_of(version), "-B", str(script), topic, unique], TOPIC_TIMEOUT_S)


def _python_of(version: str) -> str:
    """That environment's Python, after making it anew if its requirements changed; one xdist worker at a time."""
    environment = REPOSITORY / f".venv-{version}"
    python = str(environment / "bin/python")
    requirements = ERAS / f"requirements-{version}.txt"
    stamp = environment / "requirements.sha256"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    with (REPOSITORY / f".venv-{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (stamp.exists() and stamp.read_text() == wanted):
            shutil.rmtree(environment, ignore_errors=True)
            _run([_base_python(), "-m", "venv", str(environment)], INSTALL_TIMEOUT_S)
            pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(requirements)]
            _run(pip, INSTALL_TIMEOUT_S)
            stamp.write_text(wanted)
    return python


def _base_python() -> str:
    """The newest Python of the eras' own time that is installed and runs, else that of the tests."""
    for name in ("python3.11", "python3.10", "python3.9"):
        path = shutil.which(name)
        if path and subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0:
            return path
    return sys.executable


def _run(command: list[str], timeout_s: int) -> None:
    # An environment of its own: the packages of a client that is laid over this one's are not for it.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False, env=env)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
