"""Portraits: pictures of the faces that events are about, those of nobody known blurred. Now or never: none waits.

One goes out with an event's start, and one with its end where a better look came in between.
"""

import time
from collections.abc import Callable
from typing import Literal

import numpy as np
from pydantic import Field

from edged.config import Section
from edged.messages.event import Event, Phase
from edged.messages.vision import Picture
from edged.runtime.health import Part
from edged.runtime.token_bucket import TokenBucket

QUALITIES = (85, 70, 55, 40, 25, 10)
"""Of the JPEG, in the order in which they are tried."""
BLUR_PX = 8
"""The side of all that is left of a blurred picture."""
AT_ONCE = 4
"""Pictures that may follow one another without waiting: people come in together."""
MOST = 1000
"""Events that are on; the oldest are forgotten first."""


class ImagesConfig(Section):
    """Pictures of faces to `event/<pipeline>/<id>/image`: at an event's start, and at its end if a better look came.

    They are sent at once or not at all, and are kept nowhere on the box.
    """

    enabled: bool = False
    """When off, no picture leaves the box."""
    max_side_px: int = Field(256, ge=16, le=512)
    """A picture is made smaller until neither side is longer."""
    max_bytes: int = Field(60_000, ge=1000, le=250_000)
    """A picture's quality is lowered until it is no larger."""
    per_minute: float = Field(12.0, gt=0, le=600)
    """Pictures of this pipeline, four of them at once at most; the others are dropped and counted in health."""
    unknown: Literal["blur", "show", "none"] = "blur"
    """What becomes of the face of somebody nobody enrolled, and of a spoof: 8 blurred pixels across, shown as it is, or
    no picture at all."""


def blurred(picture: Picture) -> Picture:
    """The picture (h, w, 3) as no more than ``BLUR_PX`` x ``BLUR_PX`` mean colours could tell it: there is no way back.

    Smooth between them, so that nobody takes the blocks for the face.
    """
    import cv2

    height, width = picture.shape[:2]
    means = cv2.resize(picture, (BLUR_PX, BLUR_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(means, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def as_jpeg(picture: Picture, max_bytes: int) -> bytes | None:
    """JPEG of the best quality that fits, with no metadata; None where none does."""
    import cv2

    for quality in QUALITIES:
        _, encoded = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))
        if encoded.size <= max_bytes:
            return encoded.tobytes()
    return None


def is_known(event: Event) -> bool:
    """Whether it is about somebody enrolled; by whom it is about, since anybody may be called `unknown`."""
    return event.subject is not None and event.subject.startswith("person:")


class Portraits:
    """Remembers which picture of each event was sent."""

    def __init__(
        self,
        config: ImagesConfig,
        publish: Callable[[str, bytes], bool],
        health: Part,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``publish(topic, jpeg)``, the topic below the box's root: whether it is on its way, now or never.

        ``health`` counts what was sent and what was dropped.
        """
        self._config, self._publish, self._health = config, publish, health
        self._rate = TokenBucket(config.per_minute / 60, AT_ONCE, clock)
        self._sent: dict[str, Picture] = {}

    def __call__(self, event: Event) -> None:
        if event.portrait is not None and self._is_wanted(event):
            self._health.count("images_sent" if self._send(event, event.portrait) else "images_dropped")
        if event.phase is Phase.END:
            self._sent.pop(event.id, None)

    def _is_wanted(self, event: Event) -> bool:
        allowed = self._config.enabled and (self._config.unknown != "none" or is_known(event))
        return allowed and event.phase is not Phase.UPDATE and event.portrait is not self._sent.get(event.id)

    def _send(self, event: Event, picture: Picture) -> bool:
        """False where there have been too many, where it cannot be made small enough, and where nobody takes it."""
        if not self._rate.take():
            return False
        shown = picture if is_known(event) or self._config.unknown == "show" else blurred(picture)
        jpeg = as_jpeg(shown, self._config.max_bytes)
        if jpeg is None or not self._publish(f"event/{event.pipeline}/{event.id}/image", jpeg):
            return False
        self._sent[event.id] = picture
        if len(self._sent) > MOST:
            del self._sent[next(iter(self._sent))]
        return True
