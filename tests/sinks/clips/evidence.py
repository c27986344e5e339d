"""Evidence for tests: sound whose every sample tells its time, pictures, messages, and a store that is easy to fill."""

import io
from typing import Any

import numpy as np
import soundfile

from edged.messages.event import Phase
from edged.messages.sound import Chunk, Span
from edged.messages.vision import Frame
from edged.messages.wire import EventMessage, event_message
from edged.runtime.health import Health
from edged.sinks.clips.clip import Content
from edged.sinks.clips.config import ClipsConfig
from edged.sinks.clips.store import Store
from tests.events import an_event

EPOCH_S = 1_700_000_000.0
RATE_HZ = 1000
CHUNK_S = 0.05
LIMITS: dict[str, Any] = {"enabled": True, "min_free_bytes": 0, "keep_last": 0}


def ramp(from_s: float, to_s: float, epoch_s: float = EPOCH_S) -> list[Chunk]:
    """Sound at RATE_HZ in chunks: sample n of the stream is n / 32767, so that 16 bits hold its number."""
    size = round(CHUNK_S * RATE_HZ)
    chunks = []
    for at in range(round(from_s * RATE_HZ), round(to_s * RATE_HZ), size):
        samples = (np.arange(at, at + size) / 32767).astype(np.float32)
        chunks.append(Chunk(samples, Span(at / RATE_HZ, (at + size) / RATE_HZ, epoch_s)))
    return chunks


def a_frame(at_s: float, side: tuple[int, int] = (48, 64), epoch_s: float = EPOCH_S) -> Frame:
    return Frame(np.full((*side, 3), 128, np.uint8), at_s, epoch_s)


def heard(flac: bytes) -> np.ndarray:
    samples, rate_hz = soundfile.read(io.BytesIO(flac), dtype="int16")
    assert rate_hz == RATE_HZ
    return samples


def a_message(phase: Phase = Phase.START, number: int = 0, **changes: Any) -> EventMessage:
    return event_message(an_event(phase, number, **changes), number, EPOCH_S)


def sound(size: int = 1000) -> Content:
    return Content("sound.flac", "audio/flac", EPOCH_S, b"fLaC" + bytes(size - 4))


def picture(size: int = 1000) -> Content:
    return Content("picture_0001.jpg", "image/jpeg", EPOCH_S, b"\xff\xd8\xff" + bytes(size - 3))


def a_store(folder, now_s=EPOCH_S, free_bytes=lambda _: 2**40, synchronised=True, **config):
    """An open store, and its health."""
    health = Health().part("clips")
    settings = ClipsConfig(**LIMITS | {"folder": folder} | config)
    store = Store(settings, health, lambda: now_s, free_bytes, lambda: synchronised)
    store.open()
    return store, health


def keep(store: Store, number: int = 0, contents: tuple[Content, ...] = (sound(),), **changes: Any) -> str:
    """Keep the clip of an event that is over."""
    messages = {phase: a_message(phase, number, **changes) for phase in (Phase.START, Phase.END)}
    store.keep("microphone", messages, contents)
    return messages[Phase.START].id
