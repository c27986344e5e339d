"""Draws what :func:`edged.evaluation.drone_sound.evaluate` found. Needs matplotlib (extra ``plot``)."""

from pathlib import Path
from typing import Any

from edged.errors import EdgedError


def plot(result: dict[str, Any], path: Path) -> None:
    """Write a PNG of the ROC curve and the confusion matrix.

    Raises :class:`~edged.errors.EdgedError` when matplotlib is not there or the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise EdgedError("--plot: needs matplotlib, which `scripts/setup` in a clone of edged installs") from error
    figure = Figure(figsize=(10, 4.6), layout="constrained")
    roc, confusion = figure.subplots(1, 2)
    _draw_roc(roc, result)
    _draw_confusion(confusion, result)
    try:
        figure.savefig(path, dpi=120, format="png")
    except OSError as error:
        raise EdgedError(f"--plot: {path}: cannot be written ({error.strerror}); choose another place") from error


def _draw_roc(axes: Any, result: dict[str, Any]) -> None:
    auc = result["roc_auc"]
    axes.plot(result["roc"]["false_positive_rate"], result["roc"]["true_positive_rate"], color="#1f5fa8", lw=2)
    axes.plot([0, 1], [0, 1], color="#999999", lw=1, ls=":")
    axes.set(xlabel="false-positive rate", ylabel="true-positive rate (recall)", xlim=(0, 1), ylim=(0, 1.01))
    axes.set_title("ROC" if auc is None else f"ROC, area {auc:.4f}")
    axes.set_aspect("equal")
    axes.grid(alpha=0.3)
    (_, false_positives), (_, true_positives) = result["confusion_matrix"]
    others, drones = (sum(row) for row in result["confusion_matrix"])
    if others and drones:
        point = (false_positives / others, true_positives / drones)
        axes.plot(*point, "o", color="#c0392b", label=f"threshold {result['threshold']:.2f}")
        axes.legend(loc="lower right")


def _draw_confusion(axes: Any, result: dict[str, Any]) -> None:
    shares = [[count / max(sum(row), 1) for count in row] for row in result["confusion_matrix"]]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, counts in enumerate(result["confusion_matrix"]):
        for column, count in enumerate(counts):
            text = f"{count}\n{shares[row][column]:.1%}"
            colour = "white" if shares[row][column] > 0.5 else "black"
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=12)
    axes.set_xticks([0, 1], result["labels"])
    axes.set_yticks([0, 1], result["labels"])
    axes.set(xlabel="predicted", ylabel="truth", title=f"{result['n']} windows, F1 {result['f1'] or 0:.3f}")
