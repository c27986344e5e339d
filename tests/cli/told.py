"""A box that has told a few things, as `edged events` finds it."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edged.messages.event import Phase
from edged.messages.wire import event_message
from edged.sinks.clips.clip import Content
from edged.sinks.clips.flac import encode_flac
from tests.events import an_event
from tests.history.boxes import Box
from tests.sinks.clips.evidence import a_store

NOON_S = datetime(2026, 11, 20, 12, 0).timestamp()  # noqa: DTZ001  # local time, as a person gives it
RATE_HZ = 16000


class Told:
    """A history, clips, and the configuration that names both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.box = Box(folder, synchronised=False)
        self.box.unix_s = NOON_S
        self.box.start()
        self.config = folder / "edged.yaml"
        content = {"history": {"path": str(self.box.path)}, "clips": {"folder": str(folder / "clips")}}
        self.config.write_text(json.dumps(content))
        self._seq = 0

    def tell(self, number: int, *phases: Phase, after_s: float = 0.0, **changes: Any) -> str:
        """An event that began ``after_s`` noon and lasts 4 s; its id."""
        for phase in phases or (Phase.START, Phase.UPDATE, Phase.END):
            self._seq += 1
            how = {"epoch_s": NOON_S, "start_s": after_s, "end_s": after_s + 4, "observed_s": after_s + 4} | changes
            event = an_event(phase, id=an_id(number), **how)
            self.box.tell(event_message(event, self._seq, NOON_S + after_s + 5))
        return an_id(number)

    def keep(self, number: int, *contents: Content, after_s: float = 0.0, **changes: Any) -> None:
        """The clip of such an event."""
        store, _ = a_store(self.folder / "clips")
        how = {"epoch_s": NOON_S, "start_s": after_s, "end_s": after_s + 4, "observed_s": after_s + 4} | changes
        events = {phase: an_event(phase, id=an_id(number), **how) for phase in (Phase.START, Phase.END)}
        store.keep("source", {phase: event_message(it, 1, NOON_S) for phase, it in events.items()}, contents)


def an_id(number: int) -> str:
    """Like a ULID: ids of different numbers differ within their first ten characters."""
    return f"01KAG{number:05d}" + "ABCDEFGHJKMNPQRS"


def a_chirp(after_s: float = -3.0, length_s: float = 10.0) -> Content:
    """Sound from 3 s before noon on, from 200 Hz up to 3 kHz."""
    time_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    sound = np.sin(2 * np.pi * (200 + 140 * time_s) * time_s) * 8000
    return Content("sound.flac", "audio/flac", NOON_S + after_s, encode_flac(sound.astype(np.int16), RATE_HZ))


def pictures(number: int, every_s: float = 0.5) -> list[Content]:
    """From 2 s before noon on, each with its number as grey; 640 x 360."""
    made = []
    for place in range(number):
        picture = np.full((360, 640, 3), 40 + place * 8, np.uint8)
        content = bytes(cv2.imencode(".jpg", picture)[1])
        made.append(Content(f"picture_{place + 1:04d}.jpg", "image/jpeg", NOON_S - 2 + place * every_s, content))
    return made
