"""Draws what :func:`edged.evaluation.faces.evaluate` found. Needs matplotlib (extra ``plot``)."""

from pathlib import Path
from typing import Any

import numpy as np

from edged.errors import EdgedError
from edged.evaluation.faces import Scores
from edged.evaluation.faces_metrics import Similarities, equal_error_rate, error_curve, threshold_at

BINS = np.linspace(-0.5, 1.0, 76)
"""Of similarity."""


def plot(scores: Scores, threshold: float, path: Path) -> None:
    """Write a PNG of the DET curve and the histograms of the best similarities of the known and of strangers.

    Raises :class:`~edged.errors.EdgedError` when matplotlib is not there or the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise EdgedError("--plot: needs matplotlib, which `scripts/setup` in a clone of edged installs") from error
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    det, histogram = figure.subplots(1, 2)
    _draw_det(det, scores)
    _draw_histograms(histogram, scores, threshold)
    try:
        figure.savefig(path, dpi=120, format="png")
    except OSError as error:
        raise EdgedError(f"--plot: {path}: cannot be written ({error.strerror}); choose another place") from error


def _draw_det(axes: Any, scores: Scores) -> None:
    """Both errors on logarithmic axes; an error that did not happen lies below the least that n pairs can show."""
    accepted, rejected, _ = error_curve(scores.genuine, scores.impostors)
    shown = (accepted > 0) & (rejected > 0)
    axes.loglog(accepted[shown], rejected[shown], color="#1f5fa8", lw=2)
    axes.loglog([1e-5, 1], [1e-5, 1], color="#999999", lw=1, ls=":")
    eer = equal_error_rate(scores.genuine, scores.impostors)
    axes.set(xlabel="two people accepted as one", ylabel="one person rejected", xlim=(1e-5, 1), ylim=(1e-4, 1))
    axes.set_title(f"DET of {scores.genuine.size} + {scores.impostors.size} pairs, EER {eer:.2%}")
    axes.grid(alpha=0.3, which="both")


def _draw_histograms(axes: Any, scores: Scores, threshold: float) -> None:
    known, strangers = scores.known, scores.strangers
    for label, best, colour in (
        ("known, their own the best", known.best[known.right], "#1f5fa8"),
        ("known, another the best", known.best[~known.right], "#c0392b"),
        ("strangers", strangers.best, "#e08e0b"),
    ):
        faces: Similarities = best[np.isfinite(best)]
        axes.hist(faces, bins=BINS, histtype="step", lw=1.8, color=colour, label=f"{label} ({faces.size})")
    axes.axvline(threshold, color="#333333", lw=1.2, label=f"threshold {threshold:.3f}")
    if np.isfinite(at := threshold_at(strangers.best, 0.01)):
        axes.axvline(at, color="#333333", lw=1, ls=":", label=f"1 % of strangers named: {at:.3f}")
    axes.set(xlabel="similarity of the best", ylabel="faces", title="Search in the gallery")
    axes.legend(fontsize=8)
