"""The `mlflow` command of the tests' own environment."""

import os
import subprocess
import sys
from pathlib import Path

COMMAND = str(Path(sys.executable).parent / "mlflow")
TIMEOUT_S = 120


def cli(*arguments: str, fails: bool = False) -> str:
    """What `mlflow <arguments>` printed to standard output, or to standard error where it is to fail."""
    done = subprocess.run(
        [COMMAND, *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (done.returncode != 0) == fails, f"{done.stdout}\n{done.stderr}"
    return done.stderr if fails else done.stdout


def environment() -> dict[str, str]:
    """Ours, with this Python first on the PATH: where `--env-manager local` takes `python` from."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
