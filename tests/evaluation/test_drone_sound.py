"""Evaluating a model on a folder: the figures are those of its scores, whoever scores."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edged.errors import EdgedError
from edged.evaluation.drone_sound import evaluate, summarise
from edged.evaluation.plot import plot

LABELS = ["bebop", "bebop", "esc_1", "esc_1", "helicopter"]
SCORES = np.array([0.9, 0.2, 0.8, 0.1, 0.1])


def test_figures_follow_from_scores_and_threshold() -> None:
    """One drone of two found, one ESC window of two called a drone, the helicopter not."""
    result = summarise(LABELS, ["a", "a", "b", "c", "d"], SCORES, 0.5)
    assert result["n"] == 5
    assert result["recordings"] == 4
    assert result["confusion_matrix"] == [[2, 1], [1, 1]]
    assert result["false_positive_rate"] == {"esc_1": 0.5, "helicopter": 0.0}
    assert result["f1"] == pytest.approx(0.5)
    assert result["roc_auc"] == pytest.approx((3 + 2) / 6)


def test_a_figure_that_does_not_exist_is_null_in_json() -> None:
    """Without any drone there is no recall; JSON has no nan."""
    result = summarise(["esc_1"], ["a"], np.array([0.1]), 0.5)
    assert result["recall"] is None
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_every_window_is_scored_once_in_order(tmp_path: Path) -> None:
    """A scorer that looks at loudness gets windows in the table's order, and progress counts them."""
    labels = ["bebop" if number % 3 == 0 else "background" for number in range(150)]
    rows = [f"s.wav,{number * 16000},16000,{label},r{number}" for number, label in enumerate(labels)]
    levels = np.where(np.arange(150) % 3 == 0, 0.5, 0.1)
    soundfile.write(tmp_path / "s.wav", np.repeat(levels, 16000), 16000)
    (tmp_path / "windows.csv").write_text(
        "\n".join(["file,start_sample,valid_samples,label,recording", *rows]), encoding="utf-8"
    )
    told: list[tuple[int, int]] = []
    result = evaluate(lambda w: w.mean(axis=1), tmp_path, 0.3, lambda done, total: told.append((done, total)))
    assert result["accuracy"] == 1.0
    assert result["roc_auc"] == 1.0
    assert told == [(64, 150), (128, 150), (150, 150)]


def test_the_plot_is_a_png(tmp_path: Path) -> None:
    """ROC and confusion matrix are drawn into one picture."""
    plot(summarise(LABELS, LABELS, SCORES, 0.5), tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """The message names the option and the path."""
    with pytest.raises(EdgedError, match=r"--plot: .*nowhere"):
        plot(summarise(LABELS, LABELS, SCORES, 0.5), tmp_path / "nowhere" / "plot.png")
