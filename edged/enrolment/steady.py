"""Steady: what is told to a person before a camera stays long enough to be read, whatever single frames say."""

from collections import Counter, deque

from edged.enrolment.session import Prompt

OVER_S = 0.8
"""What the frames of so long say is weighed."""
MOST_FRAMES = 256
SEEN = 0.25
"""A face in this share of the frames is somebody: what is wrong with it helps more than that the others showed none."""
CLEARLY = 2
"""Another prompt is told once it fits so many times as many of those frames."""


class Steady:
    """Holds what the last frames asked for, and what was told."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, Prompt]] = deque(maxlen=MOST_FRAMES)
        self._told: Prompt | None = None

    def take(self, prompt: Prompt, at_s: float, *, at_once: bool) -> Prompt:
        """What to tell now that the frame at ``at_s`` asks for ``prompt``; ``at_once``: a sample was taken, say so."""
        if at_once:
            self._recent.clear()
            self._told = prompt
        self._recent.append((at_s, prompt))
        while at_s - self._recent[0][0] > OVER_S:
            self._recent.popleft()
        counts = Counter(asked for _, asked in self._recent)
        if len(self._recent) - counts[Prompt.NOBODY] >= SEEN * len(self._recent):
            del counts[Prompt.NOBODY]
        most, count = counts.most_common(1)[0]
        if self._told is None or count >= CLEARLY * counts[self._told]:
            self._told = most
        return self._told
