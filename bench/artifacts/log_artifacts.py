"""Logs 1,000 files of 3 bytes with the stock client, and prints the seconds: log_artifacts.py <tracking URI>"""

import pathlib
import sys
import tempfile
import time

import mlflow

mlflow.set_tracking_uri(sys.argv[1])
with tempfile.TemporaryDirectory() as folder:
    for i in range(1000):
        pathlib.Path(folder, f"{i:04}.txt").write_text("abc")
    with mlflow.start_run(experiment_id="0"):
        mlflow.log_text("warm", "warm.txt")
        start = time.perf_counter()
        mlflow.log_artifacts(folder, "many")
        print("seconds:", time.perf_counter() - start)
