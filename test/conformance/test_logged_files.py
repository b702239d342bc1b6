"""What users log from memory: text, dictionaries, figures, images and tables."""

import json
import time

import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.artifacts import load_dict, load_image, load_text
from mlflow.exceptions import MlflowException
from PIL import Image

RED = Image.new("RGB", (16, 12), (255, 0, 0))


def paths(client: MlflowClient, run_id: str, path: str | None = None) -> list[str]:
    return [file.path for file in client.list_artifacts(run_id, path)]


def test_text_and_dictionaries(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run() as active:
        mlflow.log_text("größe 日本 ☀\nsecond\r\nline", "notes/read me.txt")
        mlflow.log_text("<b>bold</b>", "page.html")
        mlflow.log_dict({"a": [1, 2.5, None], "ä": {"b": "ü"}}, "config/data.json")
        mlflow.log_dict({"k": ["v"]}, "config/data.yaml")
        mlflow.log_dict({"k": 1}, "no_extension")
    uri = active.info.artifact_uri
    assert load_text(f"{uri}/notes/read me.txt").splitlines() == ["größe 日本 ☀", "second", "line"]
    assert load_text(f"{uri}/page.html") == "<b>bold</b>"
    assert load_dict(f"{uri}/config/data.json") == {"a": [1, 2.5, None], "ä": {"b": "ü"}}
    assert load_text(f"{uri}/config/data.yaml") == "k:\n- v\n"
    assert json.loads(load_text(f"runs:/{active.info.run_id}/no_extension")) == {"k": 1}
    assert paths(client, active.info.run_id) == ["config", "no_extension", "notes", "page.html"]
    assert paths(client, active.info.run_id, "config") == ["config/data.json", "config/data.yaml"]


def test_text_is_overwritten(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run() as active:
        mlflow.log_text("the longer first version", "a.txt")
        mlflow.log_text("second", "a.txt")
    assert load_text(f"{active.info.artifact_uri}/a.txt") == "second"
    (file,) = client.list_artifacts(active.info.run_id)
    assert (file.path, file.is_dir, file.file_size) == ("a.txt", False, 6)


def test_figures(client: MlflowClient, experiment: str) -> None:
    figure, axes = plt.subplots(figsize=(2, 1), dpi=50)
    axes.plot([1, 2, 3], [3, 1, 2])
    with mlflow.start_run() as active:
        mlflow.log_figure(figure, "plots/line.png")
        mlflow.log_figure(figure, "plots/line.svg")
        mlflow.log_figure(figure, "plots/line.pdf")
    plt.close(figure)
    assert load_image(f"{active.info.artifact_uri}/plots/line.png").size == (100, 50)
    assert "<svg" in load_text(f"{active.info.artifact_uri}/plots/line.svg")
    assert paths(client, active.info.run_id, "plots") == ["plots/line.pdf", "plots/line.png", "plots/line.svg"]


def test_images_by_file(client: MlflowClient, experiment: str) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    with mlflow.start_run() as active:
        mlflow.log_image(RED, "red.png")
        mlflow.log_image(pixels, "images/noise.png")
        mlflow.log_image(np.linspace(0, 1, 20).reshape(4, 5), "images/gray.png")
    uri = active.info.artifact_uri
    assert load_image(f"{uri}/red.png").getpixel((3, 3)) == (255, 0, 0)
    assert (np.asarray(load_image(f"{uri}/images/noise.png")) == pixels).all()
    assert load_image(f"{uri}/images/gray.png").size == (5, 4)


def test_image_series(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run() as active:
        for step in range(3):
            mlflow.log_image(RED, key="samples/epoch image", step=step, timestamp=1_700_000_000_000 + step)
    # The end of a run does not wait for its images.
    mlflow.flush_artifact_async_logging()
    run_id = active.info.run_id
    files = paths(client, run_id, "images")
    full = [path for path in files if path.endswith(".png")]
    assert len(files) == 6
    assert [path for path in files if path.endswith(".webp")]
    prefixes = [f"images/samples~epoch image+step+{step}+timestamp+{1_700_000_000_000 + step}+" for step in range(3)]
    assert [path.startswith(prefix) for path, prefix in zip(full, prefixes, strict=True)] == [True] * 3
    for path in full:
        downloaded = client.download_artifacts(run_id, path)
        assert Image.open(downloaded).getpixel((0, 0)) == (255, 0, 0)
    assert "mlflow.loggedImages" in client.get_run(run_id).data.tags


def test_tables_grow(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run() as active:
        mlflow.log_table({"question": ["a?", "b?"], "score": [1, 2]}, "eval/table.json")
        mlflow.log_table(pd.DataFrame({"question": ["ç?"], "score": [3]}), "eval/table.json")
    table = mlflow.load_table("eval/table.json", run_ids=[active.info.run_id])
    assert table.to_dict("list") == {"question": ["a?", "b?", "ç?"], "score": [1, 2, 3]}
    tag = json.loads(client.get_run(active.info.run_id).data.tags["mlflow.loggedArtifacts"])
    assert tag == [{"path": "eval/table.json", "type": "table"}]


def test_tables_of_several_runs(client: MlflowClient, experiment: str) -> None:
    ids = []
    for score in (1, 2):
        with mlflow.start_run() as active:
            mlflow.log_table({"score": [score]}, "table.json")
        ids.append(active.info.run_id)
    together = mlflow.load_table("table.json", extra_columns=["run_id"])
    assert dict(zip(together["run_id"], together["score"], strict=True)) == {ids[0]: 1, ids[1]: 2}


def test_table_with_images(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run() as active:
        mlflow.log_table({"prompt": ["red"], "image": [RED]}, "images.json")
    cell = mlflow.load_table("images.json", run_ids=[active.info.run_id])["image"][0]
    assert cell["type"] == "image"
    downloaded = client.download_artifacts(active.info.run_id, cell["filepath"])
    assert Image.open(downloaded).size == (16, 12)


def test_parquet_table(experiment: str) -> None:
    with mlflow.start_run() as active:
        mlflow.log_table({"x": [1.5, 2.5]}, "table.parquet")
        mlflow.log_table({"x": [3.5]}, "table.parquet")
    table = mlflow.load_table("table.parquet", run_ids=[active.info.run_id])
    assert table["x"].tolist() == [1.5, 2.5, 3.5]


@pytest.mark.parametrize("name", ["../up.txt", "/rooted.txt", "a/../../b.txt"])
def test_bad_names_never_leave_the_run(client: MlflowClient, experiment: str, name: str) -> None:
    run_id = client.create_run(experiment).info.run_id
    with pytest.raises(MlflowException):
        client.log_text(run_id, "x", name)
    assert paths(client, run_id) == []


def test_asynchronous_images(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run() as active:
        for step in range(3):
            mlflow.log_image(RED, key="frame", step=step, synchronous=False)
        mlflow.flush_artifact_async_logging()
    deadline = time.monotonic() + 20
    while len(paths(client, active.info.run_id, "images")) < 6 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(paths(client, active.info.run_id, "images")) == 6
