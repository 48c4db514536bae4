"""Runs that ended long ago, for rules of retention to be about."""

from __future__ import annotations

import runstone

# Milliseconds.
DAY = 86_400_000


def make(client: runstone.Client, *losses: float | None, **tags: str) -> list[str]:
    """Runs that ended long ago, each a day after the one before, with checkpoints and a model."""
    made = []
    for number, loss in enumerate(losses):
        run_id = client.create_run("0", DAY * (number + 1), tags, run_name=f"r{number}").info.run_id
        if loss is not None:
            client.log_metric(run_id, "loss", loss)
        client.log_files(run_id, {"checkpoints/1.pt": b"1", "checkpoints/deep/2.pt": b"22", "model.pt": b"model"})
        client.set_terminated(run_id, end_time=DAY * (number + 1) + 1000)
        made.append(run_id)
    return made
