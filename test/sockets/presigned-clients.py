"""Sends files of all sizes to a server and fetches them, with the client of the MLflow release that is on the path.

Prints as JSON what came back wrong (nothing), how the client made its requests, and the client's version.
"""

import collections
import hashlib
import json
import os
import tempfile
import warnings
from pathlib import Path

import mlflow
import requests

warnings.filterwarnings("ignore")
SIZES = {"empty.bin": 0, "three.txt": 3, "c%20.bin": 1000, "ä b+c.bin": 10 * 1024 * 1024 + 1, "big.bin": 25_000_000}

calls: collections.Counter[str] = collections.Counter()
send = requests.Session.send


def noted(session, request, **options):
    path = request.url.split("?")[0]
    for kind in ("artifacts/", "mpu/create", "mpu/complete", "mpu/abort", "presigned/", "artifact-parts", "artifact-files"):
        if f"/mlflow-artifacts/{kind}" in path or f"/trackflare/{kind}" in path:
            calls[f"{request.method} {kind.rstrip('/')}"] += 1
            break
    else:
        if ":9000/" in path or "X-Amz-Signature" in request.url:
            calls[f"{request.method} bucket"] += 1
    return send(session, request, **options)


requests.Session.send = noted


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


with tempfile.TemporaryDirectory() as folder:
    up, down = Path(folder, "up"), Path(folder, "down")
    up.mkdir()
    down.mkdir()
    for name, size in SIZES.items():
        (up / name).write_bytes(os.urandom(size))
    with mlflow.start_run() as run:
        for name in SIZES:
            mlflow.log_artifact(str(up / name), "some folder")
        mlflow.log_artifacts(str(up), "all")
    wrong = []
    # The client decodes the names that a list tells it, and asks for a file by that.
    listed = {name: name.replace("%20", " ") for name in SIZES}
    for where in ("some folder", "all"):
        fetched = Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=where, dst_path=str(down)))
        wrong += [f"{where}/{name}" for name in SIZES if digest(fetched / listed[name]) != digest(up / name)]
    one = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="all/c%20.bin")
    if digest(Path(one)) != digest(up / "c%20.bin"):
        wrong.append("alone")
    try:
        mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="nothing.bin")
        wrong.append("what is not there")
    except Exception:
        pass
print(json.dumps({"version": mlflow.__version__, "wrong": wrong, "calls": dict(sorted(calls.items()))}))
