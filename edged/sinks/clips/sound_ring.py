"""SoundRing: the last that a source has given to be heard, and a stretch of it as FLAC."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edged.messages.sound import Chunk, Samples
from edged.sinks.clips.clip import Content
from edged.sinks.clips.flac import encode_flac
from edged.sinks.clips.ring import Piece, Ring

Sound = NDArray[np.int16]
JITTER_S = 0.1
"""Chunks whose times are nearer than that follow one another: they are dated by the wall's clock when they are read."""


class SoundRing:
    """Sound as 16-bit numbers: 32 kB a second at 16 kHz. Thread-safe."""

    def __init__(self, length_s: float, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._ring: Ring[Sound] = Ring(length_s, round(length_s * rate_hz))

    @property
    def until_s(self) -> float:
        """Unix time until when it has heard."""
        return self._ring.until_s

    def add(self, chunk: Chunk) -> None:
        """Hear on."""
        if len(chunk.samples):
            at_s = chunk.span.epoch_s + chunk.span.start_s
            until_s = at_s + len(chunk.samples) / self._rate_hz
            self._ring.put(Piece(at_s, until_s, as_int16(chunk.samples), len(chunk.samples)))

    def cut(self, from_s: float, until_s: float) -> list[Content]:
        """What was heard between two Unix times, as far as it is still there: one file, or none."""
        pieces = self._ring.between(from_s, until_s)
        if not pieces:
            return []
        begin_s = max(from_s, pieces[0].at_s)
        samples = joined(pieces, begin_s, until_s, self._rate_hz)
        if not len(samples):
            return []
        return [Content("sound.flac", "audio/flac", begin_s, encode_flac(samples, self._rate_hz))]


def as_int16(samples: Samples) -> Sound:
    """Full scale [-1, 1] -> [-32767, 32767]; what is no number is silence."""
    return np.asarray(np.rint(np.nan_to_num(samples.clip(-1, 1)) * 32767), np.int16)


def joined(pieces: Sequence[Piece[Sound]], begin_s: float, until_s: float, rate_hz: int) -> Sound:
    """The sound from ``begin_s`` on, each piece at its time, with silence where some is missing."""
    sound = np.zeros(max(0, round((until_s - begin_s) * rate_hz)), np.int16)
    end = round((pieces[0].at_s - begin_s) * rate_hz)
    for piece in pieces:
        at = round((piece.at_s - begin_s) * rate_hz)
        begin = end if abs(at - end) <= JITTER_S * rate_hz else at
        end = begin + len(piece.item)
        heard = piece.item[max(0, -begin) :]
        room = sound[max(0, begin) : max(0, end)]
        room[:] = heard[: len(room)]
    return sound[: max(0, end)]
