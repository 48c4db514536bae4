"""The other half, in a process of its own: find the run by a search, fetch its model, check its digest, predict."""

from __future__ import annotations

import blake3
import joblib
from sklearn.datasets import load_digits

import runstone


def main() -> None:
    runstone.set_experiment("digits")
    best = runstone.search_runs(
        filter_string="metrics.accuracy.max > 0.9 and params.alpha < 0.01 and status = 'FINISHED'",
        order_by=["metrics.loss ASC"],
        max_results=1,
        output_format="list",
    )[0]
    print(f"the search found {best.info.run_name}: accuracy {best.data.metrics['accuracy']:.3f}")
    series = runstone.Client().get_metric_series(best.info.run_id, "loss")
    print(f"its loss over {len(series.step)} epochs: {series.value[0]:.3f} -> {series.value[-1]:.3f}")

    path = runstone.artifacts.download_artifacts(
        run_id=best.info.run_id, artifact_path="model.joblib", dst_path="fetched"
    )
    recorded = next(
        file.digest
        for file in runstone.artifacts.list_artifacts(run_id=best.info.run_id)
        if file.path == "model.joblib"
    )
    with open(path, "rb") as file:
        measured = "blake3:" + blake3.blake3(file.read()).hexdigest()
    if measured != recorded:
        raise SystemExit(f"the model's digest is {measured}, the store recorded {recorded}")
    print(f"the model is here: {path}\nits digest is the one recorded: {recorded[:23]}...")

    model = joblib.load(path)
    images, labels = load_digits(return_X_y=True)
    right = int((model.predict(images / 16.0) == labels).sum())
    print(
        f"it reads the first digits as {model.predict(images[:10] / 16.0).tolist()}: {right} of {len(labels)} digits right"
    )


if __name__ == "__main__":
    main()
