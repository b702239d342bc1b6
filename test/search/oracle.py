"""Asks a real MLflow server what filters and orders mean, and writes oracle.json for oracle.test.ts.

    pip install mlflow==3.17.2
    mlflow server --port 6200 --backend-store-uri sqlite:///oracle.db &
    python test/search/oracle.py http://127.0.0.1:6200 > test/search/oracle.json

The server's database must be fresh. In filters `@r03@` stands for the id of the run named r03.
"""

import json
import re
import sys

import requests

BASE = sys.argv[1] + "/api/2.0/mlflow/"


def call(path, body):
    response = requests.post(BASE + path, json=body)
    return response.status_code, response.json()


def made(path, body):
    status, answer = call(path, body)
    assert status == 200, (path, body, answer)
    return answer


RUNS = [
    {
        "name": f"r{i:02}",
        "experiment": "first" if i % 3 else "second",
        "status": ["FINISHED", "FAILED", "RUNNING", "KILLED"][i % 4],
        "start_time": 1_000 + 10 * i,
        "end_time": None if i % 4 == 2 else 2_000 + i % 5,
        "deleted": i in (4, 11, 18),
        "metrics": {
            **({"acc": [0.5, 0.9, 0.0, "NaN", -1.5, 1e3, 0.9][i % 7]} if i % 8 else {}),
            **({"val loss": i / 4} if i % 2 else {}),
            **({"order": i} if i < 6 else {}),
            **({"inf": "Infinity" if i % 2 else "-Infinity"} if i in (7, 8, 9) else {}),
        },
        "params": {
            **({"opt": ["adam", "Adam", "sgd", "it's", "a\"b", "100%", "a_b"][i % 7]} if i % 5 else {}),
            **({"a.b.c": str(i)} if i % 4 == 0 else {}),
            **({"sp ace": "x"} if i == 3 else {}),
            **({"1a": "one"} if i == 5 else {}),
            **({"select": "kw"} if i == 6 else {}),
            **({"back": "a\\"} if i == 7 else {}),
            **({"doubled": "it''s"} if i == 8 else {}),
        },
        "tags": {
            **({"team": ["red", "Blue", "ÄRGER", "ärger"][i % 4]} if i % 6 else {}),
            **({"mlflow.source.name": "train.py"} if i % 2 else {}),
            **({"long": "x" * 60 + str(i % 3)} if i < 12 else {}),
            **({"empty": ""} if i == 9 else {}),
        },
        "datasets": [
            {"name": ["iris", "Wine"][i % 2], "digest": f"d{i % 3}", "context": ["train", "eval", None][i % 3]},
            *([{"name": "extra", "digest": "e", "context": "test"}] if i % 6 == 0 else []),
        ]
        if i % 2 == 0 or i % 5 == 0
        else [],
    }
    for i in range(24)
]

FILTERS = """
metrics.acc > 0.5|metrics.acc >= 0.9|metrics.acc = 0|metrics.acc != 0|metrics.acc < 0.9|metrics.acc <= -1.5|metric.acc>.5
metrics.acc > -1e1|metrics.acc > 1e+2|metrics.acc > +3|metrics.acc > 5.|metrics.acc = 1E3|metrics.acc > 0x1|metrics.acc > nan
metrics.acc > '0.5'|metrics.acc == 1|metrics.acc <> 1|metrics.acc IS NULL|metrics.acc LIKE '1'|metrics.none > 0|Metrics.acc > 0
metrics.`val loss` > 2|metrics."val loss" > 2|metrics.'val loss' > 2|metrics.val loss > 2|`metrics`.acc > 0|"metrics".acc > 0
metrics.order > 2|metrics.inf > 1e308|metrics.inf < 0|metrics.acc > 0.1 AND metrics.acc < 0.95|metrics.acc>0.1 metrics.`val loss`<5
params.opt = 'adam'|params.opt = "adam"|params.opt = `adam`|params.opt = adam|params.opt != 'adam'|param.opt='Adam'|parameters.opt = 'sgd'
params.opt LIKE 'a%'|params.opt like 'a%'|params.opt ILIKE 'a%'|params.opt ILIKE 'A_A_'|params.opt LIKE '%d%m'|params.opt LIKE '100%'
params.opt LIKE 'a_b'|params.opt LIKE '%'|params.opt LIKE ''|params.opt NOT LIKE 'a%'|params.opt RLIKE 'a'|params.opt LIKE 'ADAM'
params.opt = "it's"|params.opt = 'a"b'|params.opt = 'it''s'|params.doubled = 'it''s'|params.back = 'a\\'|params.opt = 'adam|params.opt = adam'
params.opt IS NULL|params.opt is not null|params.opt IS  NOT NULL|params.opt IN ('adam')|params.opt > 'a'|params.opt = 1|params.opt =
params.a.b.c = '4'|params.`a.b.c` = '4'|params.a.b.c != '4'|params.1a = 'one'|params.select = 'kw'|params.`sp ace` = 'x'|params.sp ace = 'x'
tags.team = 'red'|tag.team ILIKE '%äRGER'|tags.team ILIKE '%ärger'|tags.team LIKE '%rger'|tags.team != 'red'|tags.empty = ''|tags.empty != ''
tags.mlflow.source.name = 'train.py'|tags.`mlflow.source.name` LIKE 'train%'|tags."mlflow.source.name" IS NULL|tags.mlflow.runName = 'r05'
tags.long LIKE '%xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx1'|tags.long LIKE '%x%xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx%x_'
run_name = 'r05'|run_name LIKE 'r0%'|run_name ILIKE 'R1_'|attributes.run_name != 'r05'|`run name` = 'r05'|"Run Name" = 'r05'|attributes.`Run name`='r05'
attributes.status = 'FINISHED'|status = 'FINISHED'|status != 'FINISHED'|attr.status = 'finished'|run.status ILIKE 'fin%'|status IN ('FINISHED')
start_time > 1100|start_time >= 1100|attributes.start_time = 1050|created < 1050|Created != 1050|start_time > 1100.5|start_time > 1.1e3|start_time > '1100'
end_time > 0|end_time != 2001|end_time = 2001|end_time IS NULL|end_time LIKE '2%'|user_id = ''|user_id != 'x'|artifact_uri LIKE '%artifacts'
run_id = '@r03@'|run_id != '@r03@'|run_id IN ('@r03@', '@r05@')|run_id NOT IN ('@r03@','@r05@')|run_id in ("@r03@",)|attributes.run_id IN ('nope')
run_id IN ()|run_id IN (1)|run_id IN '@r03@'|run_id LIKE '%'|run_id IN ('@r03@'|run_id = ('@r03@')
datasets.name = 'iris'|dataset.name != 'iris'|dataset.name LIKE 'W%'|dataset.name ILIKE 'w%'|datasets.digest = 'd1'|datasets.name IN ('iris','extra')
datasets.name NOT IN ('iris')|dataset.context = 'train'|datasets.context != 'train'|dataset.context IN ('test','eval')|dataset.profile = 'x'|datasets.name IS NULL
datasets.name = 'extra' AND datasets.digest = 'd0'|dataset.name > 'a'|name = 'x'|experiment_id = '1'|lifecycle_stage = 'active'|foo.bar = 'x'|foo = 'x'
| |AND|;|metrics.acc > 0;|metrics.acc > 0 AND|AND metrics.acc > 0|metrics.acc > 0 AND AND params.opt = 'sgd'|metrics.acc > 0 and params.opt = 'sgd'
metrics.acc > 0 OR params.opt = 'sgd'|(metrics.acc > 0)|NOT metrics.acc > 0|metrics.acc > 0 -- x|metrics.acc > 0 /* x */|0 < metrics.acc|metrics.acc
metrics.acc > metrics.order|'a' = 'b'|metrics.acc > 0, params.opt = 'sgd'|params.opt = 'adam' AND params.opt = 'Adam'|metrics.acc > 1AND params.opt = 'sgd'
""".strip("\n")

ORDERS = """
metrics.acc|metrics.acc DESC|metrics.`val loss` desc|metrics."val loss" Asc|metrics.order|`metrics`.acc DESC|`metrics.acc` DESC|metrics.none
params.opt|params.opt DESC|params.a.b.c DESC|tags.team|tag.team DESC|tags.mlflow.runName DESC|start_time|attributes.start_time DESC|created|end_time|end_time DESC
status|attr.status DESC|run_name DESC|user_id|metrics.acc; metrics.order DESC|status; metrics.acc DESC|params.opt DESC; start_time
metrics.acc; metrics.acc|created; start_time|metrics.acc DESCENDING|metrics.acc DESC NULLS LAST|metrics.a, metrics.b||foo|dataset.name|name|experiment_id
metrics.acc up DESC|(metrics.acc)|metrics.val-loss DESC|metrics.acc > 1
""".strip("\n")

EXPERIMENTS = [
    {"name": "first", "tags": {"team": "red", "k": "v"}},
    {"name": "second", "tags": {"team": "Blue"}},
    {"name": "Third%", "tags": {}},
    {"name": "fourth", "tags": {"team": "red"}, "deleted": True},
    {"name": "fi_st", "tags": {"a.b": "x"}},
]

EXPERIMENT_FILTERS = """
|name = 'first'|name != 'first'|name LIKE 'fi%'|name ILIKE 'FI%'|name LIKE 'fi_st'|name LIKE '%'|attribute.name = 'first'|name > 'a'|name IN ('first')
tags.team = 'red'|tag.team != 'red'|tags.team LIKE 'B%'|tags.team ILIKE 'b%'|tags.team IS NULL|tags.team IS NOT NULL|tags.a.b = 'x'|tags.`a.b` = 'x'|name IS NULL
creation_time > 0|creation_time < 5|last_update_time >= 1|creation_time = 'x'|experiment_id = '0'|experiment_id != '0'|experiment_id IN ('0')|experiment_id NOT IN ('0')
experiment_id = 0|experiment_id = 'x'|experiment_id LIKE '0'|metrics.a > 1|lifecycle_stage = 'active'|name = first|name = 'first' AND tags.team = 'red'
""".strip("\n")

EXPERIMENT_ORDERS = "name|name DESC|experiment_id|experiment_id DESC|creation_time|last_update_time DESC; name|attribute.name|tags.team|foo|name; name DESC"


def split(text, separator="|"):
    return [part for line in text.split("\n") for part in line.split(separator)]


def main():
    ids, experiment_ids = {}, {}
    for experiment in EXPERIMENTS:
        tags = [{"key": key, "value": value} for key, value in experiment["tags"].items()]
        body = {"name": experiment["name"], "tags": tags}
        experiment_ids[experiment["name"]] = made("experiments/create", body)["experiment_id"]
        if experiment.get("deleted"):
            made("experiments/delete", {"experiment_id": experiment_ids[experiment["name"]]})
    for run in RUNS:
        body = {"experiment_id": experiment_ids[run["experiment"]], "start_time": run["start_time"], "run_name": run["name"]}
        run_id = ids[run["name"]] = made("runs/create", body)["run"]["info"]["run_id"]
        pairs = lambda values: [{"key": key, "value": value} for key, value in values.items()]
        metrics = [{"key": key, "value": value, "timestamp": 1, "step": 0} for key, value in run["metrics"].items()]
        made("runs/log-batch", {"run_id": run_id, "metrics": metrics, "params": pairs(run["params"]), "tags": pairs(run["tags"])})
        datasets = [
            {
                "dataset": {"name": one["name"], "digest": one["digest"], "source_type": "local", "source": "x"},
                "tags": [{"key": "mlflow.data.context", "value": one["context"]}] if one["context"] else [],
            }
            for one in run["datasets"]
        ]
        if datasets:
            made("runs/log-inputs", {"run_id": run_id, "datasets": datasets})
        update = {"run_id": run_id, "status": run["status"]}
        made("runs/update", update if run["end_time"] is None else {**update, "end_time": run["end_time"]})
        if run["deleted"]:
            made("runs/delete", {"run_id": run_id})

    def names(filter_string, order_by, view_type="ACTIVE_ONLY"):
        text = re.sub("@(r\\d\\d)@", lambda match: ids[match[1]], filter_string)
        body = {
            "experiment_ids": [experiment_ids["first"], experiment_ids["second"]],
            "filter": text,
            "order_by": order_by,
            "run_view_type": view_type,
        }
        status, answer = call("runs/search", body)
        return {
            "filter": filter_string,
            "orderBy": order_by,
            "viewType": view_type,
            "status": status,
            "names": [run["info"]["run_name"] for run in answer.get("runs", [])] if status == 200 else None,
        }

    def experiments(filter_string, order_by, view_type="ACTIVE_ONLY"):
        body = {"filter": filter_string, "order_by": order_by, "view_type": view_type, "max_results": 100}
        status, answer = call("experiments/search", body)
        found = [one["name"] for one in answer.get("experiments", [])] if status == 200 else None
        return {"filter": filter_string, "orderBy": order_by, "viewType": view_type, "status": status, "names": found}

    order_lists = [[one.strip() for one in order.split(";")] for order in split(ORDERS)]
    experiment_orders = [[one.strip() for one in order.split(";")] for order in split(EXPERIMENT_ORDERS)]
    searches = [
        *[names(text, []) for text in split(FILTERS)],
        *[names("", order) for order in order_lists],
        *[names("metrics.acc != 0", order, view) for order in order_lists[:4] for view in ("DELETED_ONLY", "ALL")],
    ]
    experiment_searches = [
        *[experiments(text, []) for text in split(EXPERIMENT_FILTERS)],
        *[experiments("", order) for order in experiment_orders],
        *[experiments("tags.team = 'red'", [], view) for view in ("DELETED_ONLY", "ALL")],
    ]
    rows = lambda items: "[\n" + ",\n".join("    " + json.dumps(item, ensure_ascii=False) for item in items) + "\n  ]"
    parts = {"runs": RUNS, "experiments": EXPERIMENTS, "runSearches": searches, "experimentSearches": experiment_searches}
    print("{\n" + ",\n".join(f'  "{key}": {rows(items)}' for key, items in parts.items()) + "\n}")


main()
