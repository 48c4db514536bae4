"""Pictures of what came of a training, drawn by matplotlib without a window."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from runstone.autologging import recording
from runstone.autologging.guard import attempt

if TYPE_CHECKING:
    from runstone.autologging.training import Training

_DPI = 100
# Names of so many letters have room beside an axis anyway.
_SHORT = 6


def of_classifier(
    training: Training, estimator: Any, features: Any, targets: Any, said: Any, chances: Any, weights: Any
) -> None:
    """The confusion matrix, and for two classes the ROC and the precision-recall curve.

    Args:
        training: the training.
        estimator: what was fitted.
        features, targets, weights: what it was fitted with.
        said: what it predicts for them.
        chances: the probabilities that it gives them, if it does.
    """
    from sklearn import metrics

    pictures: dict[str, bytes] = {}

    def draw(name: str, title: str, plot: Callable[[Any], None], size: float = 8.0, fit: bool = False) -> None:
        with attempt(training.options, f"{name}.png"):
            pictures[f"{name}.png"] = _drawn(plot, title, size, fit=fit)

    labels = getattr(estimator, "classes_", None)
    count = len(set(targets)) if labels is None else len(labels)

    long = labels is not None and any(len(str(label)) > _SHORT for label in labels)

    def confusion(axes: Any) -> None:
        metrics.ConfusionMatrixDisplay.from_predictions(
            targets, said, sample_weight=weights, normalize="true", cmap="Blues", display_labels=labels, labels=labels, ax=axes
        )  # fmt: skip

    draw(
        "training_confusion_matrix", "Normalized confusion matrix", confusion, min(8.0, 50.0 / max(count, 1)), fit=long
    )
    if count == 2 and labels is not None:
        scored = chances[:, 1] if chances is not None else estimator.decision_function(features)
        shared = {"sample_weight": weights, "name": type(estimator).__name__, "pos_label": labels[1]}
        for name, title, display in (
            ("training_roc_curve", "ROC curve", metrics.RocCurveDisplay),
            ("training_precision_recall_curve", "Precision recall curve", metrics.PrecisionRecallDisplay),
        ):
            curve = partial(display.from_predictions, targets, scored, **shared)
            draw(name, title, partial(_on_axes, curve))
    if pictures:
        recording.files(training, pictures)


def _on_axes(plot: Callable[..., Any], axes: Any) -> None:
    plot(ax=axes)


def of_importance(names: Sequence[str], values: Any, kind: str) -> bytes:
    """A bar for each feature, the most important one on top; for each class where there are several.

    Args:
        names: the features'.
        values: their importance: a number each, or one for each class.
        kind: of importance.
    """
    import numpy

    table = numpy.asarray(values, dtype=float)
    table = table.reshape(len(names), -1)
    order = numpy.argsort(numpy.abs(table).sum(axis=1))
    classes = table.shape[1]

    def plot(axes: Any) -> None:
        places = numpy.arange(len(names))
        high = 0.8 / classes if classes > 1 else 0.5
        for number in range(classes):
            shift = (number - (classes - 1) / 2) * high
            label = f"Class {number}" if classes > 1 else None
            axes.barh(places + shift, table[order, number], height=high, label=label)
        axes.set_yticks(places, [names[index] for index in order])
        axes.set_xlabel("Importance")
        if classes > 1:
            axes.legend()

    tall = 4.8 + 0.1 * max(0, len(names) - 10) + 0.1 * (classes - 1)
    return _drawn(plot, f"Feature Importance ({kind})", size=10.0, height=min(tall, 100.0), fit=True)


def _drawn(plot: Callable[[Any], None], title: str, size: float, height: float = 4.8, fit: bool = False) -> bytes:
    """A picture; `fit` makes room for names of any length, which takes as long again."""
    # no pyplot: it chooses a window system, keeps every figure, and belongs to the user
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, height), layout="tight" if fit else None)
    axes = figure.add_subplot()
    plot(axes)
    axes.set_title(title)
    for each in figure.axes:
        each.tick_params(labelsize=size)
        for text in (*each.texts, each.xaxis.label, each.yaxis.label):
            text.set_fontsize(size)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI)
    return file.getvalue()
