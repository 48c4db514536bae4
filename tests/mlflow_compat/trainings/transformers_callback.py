"""transformers' Trainer with its MLflowCallback, on a tiny model made here: no weights are fetched."""

import os
import tempfile

os.environ.update(
    HF_HUB_OFFLINE="1", HF_MLFLOW_LOG_ARTIFACTS="1", MLFLOW_EXPERIMENT_NAME="transformers", MLFLOW_FLATTEN_PARAMS="1"
)
os.chdir(tempfile.mkdtemp())

import mlflow
import reading
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

torch.manual_seed(0)
config = BertConfig(
    vocab_size=50,
    hidden_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=32,
    max_position_embeddings=16,
)
model = BertForSequenceClassification(config)
data = [
    {"input_ids": torch.randint(0, 50, (8,)), "attention_mask": torch.ones(8, dtype=torch.long), "labels": number % 2}
    for number in range(16)
]
arguments = TrainingArguments(
    output_dir="out", max_steps=6, per_device_train_batch_size=4, logging_steps=1, save_steps=3, eval_strategy="steps", eval_steps=3,
    report_to=["mlflow"], run_name="tiny", use_cpu=True, disable_tqdm=True, learning_rate=1e-3,
)  # fmt: skip
trainer = Trainer(model=model, args=arguments, train_dataset=data, eval_dataset=data)
trainer.train()
run_id = mlflow.last_active_run().info.run_id
mlflow.end_run()

logged = trainer.state.log_history
losses = [[entry["step"], entry["loss"]] for entry in logged if "loss" in entry]
evaluated = [[entry["step"], entry["eval_loss"]] for entry in logged if "eval_loss" in entry]
run = reading.run(run_id)
folder = mlflow.artifacts.download_artifacts(f"runs:/{run_id}/checkpoint-6")
found = (
    os.path.join(folder, "artifacts", "checkpoint-6") if os.path.isdir(os.path.join(folder, "artifacts")) else folder
)
again = BertForSequenceClassification.from_pretrained(found)

reading.say(
    written={
        "run": ["tiny", "FINISHED"],
        "params": {"hidden_size": "16", "learning_rate": "0.001", "max_steps": "6", "vocab_size": "50"},
        "losses": losses,
        "evaluated": evaluated,
        "weights": [value for weights in model.state_dict().values() for value in weights.flatten().tolist()[:3]],
    },
    read={
        "run": [run["name"], run["status"]],
        "params": {key: run["params"].get(key) for key in ("hidden_size", "learning_rate", "max_steps", "vocab_size")},
        "losses": reading.history(run_id, "loss"),
        "evaluated": reading.history(run_id, "eval_loss"),
        "weights": [value for weights in again.state_dict().values() for value in weights.flatten().tolist()[:3]],
    },
)
