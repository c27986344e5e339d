"""Drift: whether a model's inputs are still like those that it was trained on.

Running means of a few figures (exponentially weighted, as in the charts of Roberts 1959), each beside the mean and the
standard deviation that the model's card states.
"""

import logging
import math
from collections.abc import Callable, Mapping

from pydantic import Field

from edged.config import Section

UNLIKE_TRAINING = "inputs unlike training"
"""The condition in a model's health."""
CLEARED = 0.8
"""A warning ends when every shift is below this share of the threshold."""

log = logging.getLogger(__name__)


class DriftConfig(Section):
    """When sound counts as unlike what the model was trained on."""

    enabled: bool = True
    """Watch; a model whose card has no reference cannot be watched."""
    threshold: float = Field(2.5, gt=0)
    """Warn when a running mean is so many of the reference's standard deviations off; until it is below 0.8 of that."""
    windows: int = Field(500, ge=1)
    """The means run over about so many windows (a weight falls to 37 % in them); nothing is said before there are."""


class Reference(Section):
    """One figure of the windows that a model was trained on."""

    mean: float
    """Their mean."""
    std: float = Field(gt=0)
    """Their standard deviation."""


class Drift:
    """Watches the figures of one model's windows."""

    def __init__(
        self, model: str, config: DriftConfig, references: Mapping[str, Reference], tell: Callable[[bool], None]
    ) -> None:
        """``tell`` is called at each change: True when the inputs have become unlike training."""
        self._model, self._config, self._references, self._tell = model, config, references, tell
        self._means = dict.fromkeys(references, 0.0)
        self._windows = 0
        self._unlike = False

    def look(self, figures: Mapping[str, float]) -> None:
        """One window's figures, at least those of the reference; one that has no number in it is left out."""
        if not all(math.isfinite(figures[name]) for name in self._means):
            return
        self._windows += 1
        share = 1.0 / min(self._windows, self._config.windows)  # a plain mean at first
        for name in self._means:
            self._means[name] += share * (figures[name] - self._means[name])
        if self._windows >= self._config.windows:
            self._judge()

    def shifts(self) -> dict[str, float]:
        """How far each running mean is from the reference's, in its standard deviations."""
        return {name: (self._means[name] - known.mean) / known.std for name, known in self._references.items()}

    def _judge(self) -> None:
        shifts = self.shifts()
        limit = self._config.threshold * (CLEARED if self._unlike else 1.0)
        unlike = any(abs(shift) > limit for shift in shifts.values())
        if unlike != self._unlike:
            self._unlike = unlike
            say = log.warning if unlike else log.info
            text = ", ".join(f"{name} {shift:+.1f}" for name, shift in shifts.items())
            say(UNLIKE_TRAINING if unlike else "inputs like training again", extra={"model": self._model, "off": text})
            self._tell(unlike)
