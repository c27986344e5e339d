"""HealthChanges: from what health says each time to what has changed in it."""

import re
from collections.abc import Iterator, Mapping

from edged.history.record import unix_s
from edged.history.store import HealthChange
from edged.messages.wire import HealthMessage, PartMessage

BOX = "box"
"""The box as a whole, beside its parts."""
GONE = "gone"
_FIGURES = re.compile(r"\d+(\.\d+)?")


class HealthChanges:
    """Knows how each part was. That a figure in a reason goes up (``silent for 30 s``) is no change."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, str]] = {}

    def __call__(self, message: HealthMessage) -> Iterator[HealthChange]:
        """What is otherwise than in the message before; all that is there, for the first one."""
        at_s, now = unix_s(message.at), _said(message)
        for part, (state, reason) in now.items():
            before, self._known[part] = self._known.get(part), (state, _FIGURES.sub("#", reason))
            if before != self._known[part]:
                since_s = _since_s(message.parts.get(part), at_s)
                yield HealthChange(since_s if not before or before[0] != state else at_s, part, state, reason)
        for part in self._known.keys() - now.keys():
            del self._known[part]
            yield HealthChange(at_s, part, GONE, "")


def _said(message: HealthMessage) -> Mapping[str, tuple[str, str]]:
    box = (message.state.value, "; ".join(message.reasons))
    parts = {name: (part.state.value, "; ".join(part.reasons)) for name, part in message.parts.items()}
    return {BOX: box, **parts}


def _since_s(part: PartMessage | None, at_s: float) -> float:
    """When it got into its state; no later than it was told."""
    return min(unix_s(part.since), at_s) if part and part.since else at_s
