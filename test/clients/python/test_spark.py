"""Spark: autologging of its machine learning, and a pipeline loaded back."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ.update(PYSPARK_PYTHON=sys.executable, PYSPARK_DRIVER_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from pyspark.ml import Pipeline
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.evaluation import MulticlassClassificationEvaluator
from pyspark.ml.feature import StandardScaler, VectorAssembler
from pyspark.sql import SparkSession
from sklearn.datasets import load_iris


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    builder = SparkSession.builder.master("local[1]").appName("test")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
    }.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="module")
def iris() -> pd.DataFrame:
    data = load_iris(as_frame=True).frame
    return data.rename(columns=lambda name: name.replace(" (cm)", "").replace(" ", "_"))


def test_pipeline(
    client: MlflowClient, experiment: str, spark: SparkSession, iris: pd.DataFrame, tmp_path: Path
) -> None:
    mlflow.pyspark.ml.autolog()
    iris.to_csv(tmp_path / "iris.csv", index=False)
    table = spark.read.csv(str(tmp_path / "iris.csv"), header=True, inferSchema=True)
    stages = [
        VectorAssembler(inputCols=list(iris.columns[:4]), outputCol="raw"),
        StandardScaler(inputCol="raw", outputCol="features"),
        LogisticRegression(labelCol="target", maxIter=20, regParam=0.01),
    ]
    with mlflow.start_run() as active:
        model = Pipeline(stages=stages).fit(table)
        predicted = model.transform(table)
        accuracy = MulticlassClassificationEvaluator(labelCol="target", metricName="accuracy").evaluate(predicted)
    run = client.get_run(active.info.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.tags["estimator_name"] == "Pipeline"
    assert (run.data.params["LogisticRegression.maxIter"], run.data.params["LogisticRegression.regParam"]) == (
        "20",
        "0.01",
    )
    assert accuracy in run.data.metrics.values()
    # Spark's models are still a run's artifacts.
    loaded = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert loaded.predict(iris.iloc[:, :4]) == [row.prediction for row in predicted.select("prediction").collect()]
