"""Plain PyTorch: a training loop that logs metrics, a checkpoint an epoch as a logged model, and the best of them found again."""

import mlflow
import reading
import torch
from torch import nn

torch.manual_seed(0)
X = torch.rand(64, 3)
y = X @ torch.tensor([[1.0], [-2.0], [0.5]]) + 0.1
network = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
losses = []

mlflow.set_experiment("torch")
with mlflow.start_run(run_name="loop") as run:
    mlflow.log_params({"lr": 0.05, "optimizer": "Adam"})
    mlflow.log_text(str(network), "network.txt")
    for epoch in range(3):
        for _ in range(10):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(network(X), y)
            loss.backward()
            optimizer.step()
            mlflow.log_metric("step loss", loss, step=len(losses))
            losses.append(loss.item())
        info = mlflow.pytorch.log_model(
            network, name="checkpoint", step=epoch, pip_requirements=["torch"], serialization_format="pickle"
        )
        mlflow.log_metric("epoch loss", losses[-1], step=epoch, model_id=info.model_id)

best = mlflow.search_logged_models(
    filter_string=f"source_run_id = '{run.info.run_id}'",
    order_by=[{"field_name": "metrics.epoch loss", "ascending": True}],
    output_format="list",
)[0]
loaded = mlflow.pytorch.load_model(f"models:/{best.model_id}")
read = reading.run(run.info.run_id)

reading.say(
    written={
        "params": {"lr": "0.05", "optimizer": "Adam"},
        "losses": list(enumerate(losses)),
        "epochs": [[epoch, losses[10 * epoch + 9]] for epoch in range(3)],
        "network": str(network),
        # MLflow gives a model the points of its run that are of its step too
        "checkpoints": [
            ["checkpoint", "READY", epoch, {"epoch loss": losses[10 * epoch + 9], "step loss": losses[epoch]}]
            for epoch in range(3)
        ],
        "best": min(losses[9::10]),
        "predictions": network(X).flatten().tolist(),
    },
    read={
        "params": read["params"],
        "losses": reading.history(run.info.run_id, "step loss"),
        "epochs": reading.history(run.info.run_id, "epoch loss"),
        "network": mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/network.txt"),
        "checkpoints": [
            [each["name"], each["status"], each["step"], each["metrics"]]
            for each in reading.logged_models(run.info.run_id)
        ],
        "best": next(each.value for each in best.metrics if each.key == "epoch loss"),
        "predictions": loaded(X).flatten().tolist(),
    },
)
