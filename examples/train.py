"""The seed's five lines inside a real training: epochs of a linear classifier on scikit-learn's handwritten digits."""

from __future__ import annotations

import json
import warnings

import joblib
import matplotlib
import mlflow
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import ConfusionMatrixDisplay, accuracy_score, log_loss
from sklearn.model_selection import train_test_split

matplotlib.use("Agg")
warnings.filterwarnings("ignore", category=UserWarning)

EPOCHS = 20
PARAMS = {"loss": "log_loss", "alpha": 0.001, "learning_rate": "optimal", "random_state": 7}


def main() -> None:
    images, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(images / 16.0, labels, test_size=0.25, random_state=7)
    model = SGDClassifier(**PARAMS)

    mlflow.set_experiment("digits")
    with mlflow.start_run():
        mlflow.log_params({**PARAMS, "epochs": EPOCHS})
        for epoch in range(EPOCHS):
            model.partial_fit(train_x, train_y, classes=range(10))
            accuracy = accuracy_score(test_y, model.predict(test_x))
            mlflow.log_metric("accuracy", accuracy, step=epoch)
            mlflow.log_metric("loss", log_loss(test_y, model.predict_proba(test_x)), step=epoch)
        print(f"trained {EPOCHS} epochs; accuracy on the held-out quarter: {accuracy:.3f}")
        figure = ConfusionMatrixDisplay.from_predictions(test_y, model.predict(test_x)).figure_
        mlflow.log_figure(figure, "confusion.png")

        with open("metrics.json", "w") as file:
            json.dump({"accuracy": accuracy}, file)
        mlflow.log_artifact("metrics.json")
        joblib.dump(model, "model.joblib")
        mlflow.log_artifact("model.joblib")


if __name__ == "__main__":
    main()
