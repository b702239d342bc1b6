"""PyTorch: autologging of Lightning, and a model of a loop written by hand."""

from pathlib import Path

import lightning
import mlflow
import numpy as np
import pytest
import torch
from mlflow import MlflowClient
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset

EPOCHS = 6


class Classifier(lightning.LightningModule):
    """One hidden layer for iris."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.layers(features)

    def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
        loss = torch.nn.functional.cross_entropy(self(batch[0]), batch[1])
        self.log("train_loss", loss, on_epoch=True)
        return loss

    def validation_step(self, batch: list[torch.Tensor], _: int) -> None:
        self.log("val_acc", (self(batch[0]).argmax(dim=1) == batch[1]).float().mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=0.02)


@pytest.fixture(scope="module")
def iris() -> tuple[np.ndarray, np.ndarray]:
    torch.manual_seed(0)
    features, target = load_iris(return_X_y=True)
    return StandardScaler().fit_transform(features).astype(np.float32), target


def test_lightning(client: MlflowClient, experiment: str, iris: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    mlflow.pytorch.autolog()
    data = TensorDataset(torch.from_numpy(iris[0]), torch.from_numpy(iris[1]))
    model = Classifier()
    trainer = lightning.Trainer(
        max_epochs=EPOCHS,
        accelerator="cpu",
        default_root_dir=tmp_path,
        enable_progress_bar=False,
        log_every_n_steps=1,
    )
    with mlflow.start_run() as active:
        trainer.fit(model, DataLoader(data, batch_size=16, shuffle=True), DataLoader(data, batch_size=150))
    mlflow.pytorch.autolog(disable=True)
    run = client.get_run(active.info.run_id)
    assert run.data.params["optimizer_name"] == "Adam"
    assert float(run.data.params["lr"]) == 0.02
    assert run.data.metrics["val_acc"] > 0.8
    accuracies = client.get_metric_history(run.info.run_id, "val_acc")
    assert len(accuracies) == EPOCHS
    assert accuracies[-1].value == pytest.approx(float(trainer.callback_metrics["val_acc"]))
    assert "model_summary.txt" in {file.path for file in client.list_artifacts(run.info.run_id)}
    (output,) = run.outputs.model_outputs
    loaded = mlflow.pyfunc.load_model(f"models:/{output.model_id}")
    assert loaded.predict(iris[0]) == pytest.approx(model(torch.from_numpy(iris[0])).detach().numpy())


def test_loop_by_hand(client: MlflowClient, experiment: str, iris: tuple[np.ndarray, np.ndarray]) -> None:
    features, target = map(torch.from_numpy, iris)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    losses = []
    with mlflow.start_run() as active:
        for epoch in range(EPOCHS):
            loss = torch.nn.functional.cross_entropy(model(features), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            mlflow.log_metric("loss", losses[-1], step=epoch)
        info = mlflow.pytorch.log_model(model, name="net", input_example=iris[0][:2])
    assert [point.value for point in client.get_metric_history(active.info.run_id, "loss")] == losses
    loaded = mlflow.pyfunc.load_model(info.model_uri)
    assert loaded.predict(iris[0]) == pytest.approx(model(features).detach().numpy(), abs=1e-6)
