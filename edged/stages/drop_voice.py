"""DropVoice: drops windows in which people are heard, and says when that was, so that no clip has it.

Nothing that comes of such a window goes on: no score, no event. What the model does not take for a voice is no voice
here either: this spares people who talk near the box, and is no promise that not one word ever passes.
"""

from collections.abc import Iterable, Sequence

from pydantic import Field

from edged.config import Section
from edged.messages.sound_events import LabelledWindow
from edged.runtime.health import Part
from edged.runtime.withheld import OLD_S, Withheld


class PrivacyConfig(Section):
    """What is done where people are heard."""

    drop_voice: bool = False
    """Drop windows with human voice before anything comes of them, and keep that time out of all the source's clips."""
    voice_labels: tuple[str, ...] | None = Field(None, min_length=1)
    """The model's labels that count as voice; null: those that its card has as `voice`."""
    threshold: float = Field(0.1, ge=0, le=1)
    """A window with at least this score for one of them has voice in it."""
    margin_s: float = Field(1.0, ge=0.25, le=10)
    """Before and after such a window so much is kept out of clips too: words begin and end softly."""


def voice_score(window: LabelledWindow, labels: Iterable[str]) -> float:
    """The highest score in [0, 1] of these labels; 0 where there are none."""
    return max((window.scores[label] for label in labels), default=0.0)


class DropVoice:
    """Lets pass what has no voice in it, or all where nobody has asked for more."""

    def __init__(self, config: PrivacyConfig, labels: Sequence[str], withheld: Withheld, health: Part) -> None:
        """``labels``: those that count as voice; ``withheld`` is told what has been looked at, and where voice was."""
        self._config, self._labels, self._withheld, self._health = config, tuple(labels), withheld, health
        self._before = (0.0, 0.0)  # the last window, in Unix time

    def __call__(self, window: LabelledWindow) -> Iterable[LabelledWindow]:
        if not self._config.drop_voice:
            return (window,)
        span, margin_s = window.span, self._config.margin_s
        begin_s, end_s = span.epoch_s + span.start_s, span.epoch_s + span.end_s
        self._mark_unseen(begin_s)
        self._before = begin_s, end_s
        voice = voice_score(window, self._labels) >= self._config.threshold
        if voice:
            self._withheld.mark(begin_s - margin_s, end_s + margin_s)
            self._health.count("voice_dropped")
        self._withheld.clear(begin_s - margin_s)  # what comes next begins later, and may have voice at its beginning
        return () if voice else (window,)

    def _mark_unseen(self, begin_s: float) -> None:
        """What no window has shown, for a gap or before the first, may hold anything."""
        before_s, seen_s = self._before
        if not before_s <= begin_s <= seen_s:
            from_s = begin_s - OLD_S
            self._withheld.mark(max(from_s, seen_s) if seen_s < begin_s else from_s, begin_s)
