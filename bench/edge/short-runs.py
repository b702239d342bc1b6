"""Times start_run, 10 log_metric and end_run by the real client: <uri> <runs>. Prints the seconds of each part as JSON."""

import json
import sys
import time

import mlflow

mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("edge")
parts = {"start_run": [], "log_metric": [], "end_run": [], "whole run": []}


def timed(part, call):
    started = time.perf_counter()
    call()
    parts[part].append(time.perf_counter() - started)


def run():
    timed("start_run", mlflow.start_run)
    for step in range(10):
        timed("log_metric", lambda: mlflow.log_metric("loss", 1 / (step + 1), step=step))
    timed("end_run", mlflow.end_run)


for _ in range(int(sys.argv[2])):
    timed("whole run", run)
print(json.dumps(parts))
