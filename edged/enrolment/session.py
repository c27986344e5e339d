"""Session: guides a person in front of a camera until there are enough samples of them that differ and agree."""

from collections.abc import Sequence
from enum import StrEnum

from edged.enrolment.config import EnrolmentConfig
from edged.enrolment.examine import Look, Reason
from edged.enrolment.likeness import agreement
from edged.gallery.people import Sample


class Prompt(StrEnum):
    """What the person is told."""

    STRAIGHT = "look straight at the camera"
    LEFT = "turn your head a little to your left"
    RIGHT = "turn your head a little to your right"
    WAIT = "wait: no picture came from the camera yet"
    NOBODY = "come in front of the camera"
    ALONE = "one at a time, please"
    CLOSER = "come closer"
    LIGHT = "too dark or too bright: find better light"
    STILL = "hold still"
    NO_PICTURE = "this looks like a picture: show your face"
    SOMEBODY_ELSE = "this is somebody else: one person at a time"
    DONE = "thank you"


PROMPTS = {
    Reason.NO_FACE: Prompt.NOBODY,
    Reason.SEVERAL: Prompt.ALONE,
    Reason.SMALL: Prompt.CLOSER,
    Reason.DARK: Prompt.LIGHT,
    Reason.BLURRED: Prompt.STILL,
    Reason.TURNED: Prompt.STRAIGHT,
    Reason.SPOOF: Prompt.NO_PICTURE,
}
POSES = (Prompt.STRAIGHT, Prompt.LEFT, Prompt.STRAIGHT, Prompt.RIGHT)
"""What is asked for, sample after sample, round and round."""


def fits(pose: Prompt, turn: float, turned: float) -> bool:
    """Whether a face turned by ``turn`` (see Look) is in the pose that was asked for."""
    if pose is Prompt.STRAIGHT:
        return abs(turn) < turned
    return turn >= turned if pose is Prompt.LEFT else turn <= -turned


class Session:
    """Holds the samples so far."""

    def __init__(self, config: EnrolmentConfig, count: int) -> None:
        self._config, self._count = config, count
        self._samples: list[Sample] = []
        self._began_s: float | None = None
        self._taken_s = float("-inf")
        self._asked_s = 0.0

    @property
    def samples(self) -> Sequence[Sample]:
        """What was taken so far, ``count`` at most."""
        return tuple(self._samples)

    @property
    def done(self) -> bool:
        """Whether there are enough."""
        return len(self._samples) >= self._count

    def gave_up(self, now_s: float) -> bool:
        """Whether there was nothing to learn for too long, in the stream's time."""
        since_s = max(self._taken_s, now_s if self._began_s is None else self._began_s)
        return now_s - since_s >= self._config.give_up_s

    def take(self, look: Look, now_s: float) -> Prompt:
        """Keep the sample if it adds something; what to tell the person now."""
        if self._began_s is None:
            self._began_s = self._asked_s = now_s
        if look.sample is None:
            return PROMPTS[look.reason or Reason.NO_FACE]
        if self._samples and agreement(look.sample, self._samples) < self._config.agree:
            return Prompt.SOMEBODY_ELSE
        pose = POSES[len(self._samples) % len(POSES)]
        patient = now_s - self._asked_s < self._config.patience_s
        if now_s - self._taken_s < self._config.apart_s or (patient and not fits(pose, look.turn, self._config.turned)):
            return pose
        self._samples.append(look.sample)
        self._taken_s = self._asked_s = now_s
        return Prompt.DONE if self.done else POSES[len(self._samples) % len(POSES)]
