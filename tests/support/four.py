"""Four runs for the tests of search: a loss of 0.1, one of 0.5, one that is NaN, and none."""

from __future__ import annotations

from runstone.client import Client
from runstone.entities import Metric, Param


def filled(client: Client) -> dict[str, str]:
    """Four runs: names and ids."""
    made = {}
    for name, loss, lr, team in (
        ("a", 0.1, "0.1", "red"),
        ("b", 0.5, "0.01", "blue"),
        ("nan", float("nan"), "auto", None),
        ("last", None, "1", None),
    ):
        made[name] = run_id = client.create_run("0", run_name=name, tags={"team": team} if team else {}).info.run_id
        losses = [] if loss is None else [Metric("loss", 9.0, 1, 0), Metric("loss", loss, 2, 1)]
        odd = [Metric("odd/key", 1, 1, 0)] + ([Metric("loss.min", 77, 1, 0)] if name == "b" else [])
        params = [Param("lr", lr), Param("model type", "Forest" if name == "a" else "forest")]
        client.log_batch(run_id, metrics=losses + odd, params=params)
        client.set_terminated(run_id)
    return made
