"""Prints as JSON what pandas, and DuckDB and Polars where they are installed, read from the exported folder given first."""

import importlib.util
import json
import sys

RUNS, POINTS = f"{sys.argv[1]}/runs.parquet", f"{sys.argv[1]}/points.parquet"


def text(value):
    return "NaN" if value != value else repr(float(value))


def shown(runs, points):
    return {
        "runs": sorted([r["run_id"], r["status"], r["lifecycle_stage"], json.loads(r["params"]), json.loads(r["tags"])] for r in runs),
        "points": sorted([p["run_id"], p["key"], str(p["timestamp"]), str(p["step"]), text(p["value"])] for p in points),
    }


def by_pandas():
    import pandas

    runs = pandas.read_parquet(RUNS)
    assert str(runs["start_time"].dtype).startswith("datetime64"), runs["start_time"].dtype
    return shown(runs.to_dict("records"), pandas.read_parquet(POINTS).to_dict("records"))


def by_duckdb():
    import duckdb

    def rows(path):
        found = duckdb.sql(f"SELECT * FROM '{path}'")
        return [dict(zip(found.columns, row)) for row in found.fetchall()]

    assert duckdb.sql(f"SELECT count(*) FROM '{POINTS}' WHERE isnan(value)").fetchall()[0][0] > 0
    return shown(rows(RUNS), rows(POINTS))


def by_polars():
    import polars

    return shown(polars.read_parquet(RUNS).to_dicts(), polars.read_parquet(POINTS).to_dicts())


readers = {"pandas": by_pandas, "duckdb": by_duckdb, "polars": by_polars}
installed = [name for name in readers if importlib.util.find_spec(name)]
print(json.dumps({name: readers[name]() for name in installed}))
