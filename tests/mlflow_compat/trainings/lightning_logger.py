"""PyTorch Lightning with its MLFlowLogger: hyperparameters, metrics of steps and epochs, checkpoints as artifacts."""

import logging
import os
import tempfile
import warnings
from pathlib import Path

import reading
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import MLFlowLogger
from mlflow import MlflowClient
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

warnings.simplefilter("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
os.chdir(tempfile.mkdtemp())
torch.manual_seed(0)
X = torch.rand(32, 3)
data = DataLoader(TensorDataset(X, X.sum(1, keepdim=True)), batch_size=8)


class Network(LightningModule):
    """One layer, and the losses it saw."""

    def __init__(self, width=4, rate=0.05):
        super().__init__()
        self.save_hyperparameters()
        self.layers = nn.Sequential(nn.Linear(3, width), nn.ReLU(), nn.Linear(width, 1))
        self.seen = []

    def training_step(self, batch, number):
        loss = nn.functional.mse_loss(self.layers(batch[0]), batch[1])
        self.seen.append(loss.item())
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, number):
        self.log("val_loss", nn.functional.mse_loss(self.layers(batch[0]), batch[1]))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.rate)


logger = MLFlowLogger(
    experiment_name="lightning",
    run_name="fit",
    tracking_uri=os.environ["MLFLOW_TRACKING_URI"],
    log_model="all",
    tags={"team": "a"},
)
checkpoints = ModelCheckpoint(monitor="val_loss", save_top_k=2, filename="{epoch}")
trainer = Trainer(
    max_epochs=3, accelerator="cpu", logger=logger, log_every_n_steps=1, callbacks=[checkpoints],
    enable_progress_bar=False, enable_model_summary=False,
)  # fmt: skip
network = Network()
trainer.fit(network, data, data)
logger.finalize("success")

client = MlflowClient()
run = reading.run(logger.run_id)
best = Path(checkpoints.best_model_path)
kept = client.download_artifacts(logger.run_id, f"{best.stem}/{best.name}")

reading.say(
    written={
        "run": ["fit", "FINISHED", {"width": "4", "rate": "0.05"}, {"team": "a"}],
        "losses": list(enumerate(network.seen)),
        "epochs": 3,
        "best": [best.stem, checkpoints.best_model_score.item()],
        "checkpoint": reading.digest(best.read_bytes()),
    },
    read={
        "run": [run["name"], run["status"], run["params"], run["tags"]],
        "losses": reading.history(logger.run_id, "train_loss"),
        "epochs": len(reading.history(logger.run_id, "val_loss")),
        "best": [best.stem, min(value for _, value in reading.history(logger.run_id, "val_loss"))],
        "checkpoint": reading.digest(Path(kept).read_bytes()),
    },
)
