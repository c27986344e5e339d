"""Sound picture: the spectrogram of an event's clip, with its times, frequencies, beginning and end."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edged.cli.events.page import WHITE, Image, blank, line, write
from edged.cli.replay_report import PICTURE, spectrogram
from edged.errors import EdgedError, RecordingError
from edged.sources.recording import duration_s
from edged.stages.compute_log_mel import hz_to_mel

WIDTH_PX, HEIGHT_PX = 960, 384
"""Of the spectrogram, without its margins."""
LEFT_PX, TOP_PX, RIGHT_PX, BOTTOM_PX = 64, 32, 24, 30
FLOOR_PX = TOP_PX + HEIGHT_PX
TICKS_HZ = (100, 250, 500, 1000, 2000, 4000, 8000)
MOST_TICKS = 12
STEPS_S = (0.5, 1, 2, 5, 10, 20, 30, 60, 120)
"""From one tick of the time's axis to the next."""


def draw_sound(flac: bytes, title: str, start_s: float, lasted_s: float | None) -> Image:
    """The page; the event starts ``start_s`` after the clip does and lasts ``lasted_s``, None: without an end.

    EdgedError where the sound cannot be read.
    """
    length_s, power = _spectrogram(flac)
    page = blank(LEFT_PX + WIDTH_PX + RIGHT_PX, FLOOR_PX + BOTTOM_PX)
    page[TOP_PX:FLOOR_PX, LEFT_PX : LEFT_PX + WIDTH_PX] = _coloured(power)
    write(page, title, (LEFT_PX, TOP_PX - 11), WHITE, 0.55)
    _frequencies(page)
    _times(page, start_s, length_s)
    for at_s in (start_s,) if lasted_s is None else (start_s, start_s + lasted_s):
        if 0 <= at_s <= length_s:
            x = _across(at_s / length_s)
            line(page, (x, TOP_PX), (x, FLOOR_PX), WHITE)
    return page


def ticks(from_s: float, until_s: float) -> Iterator[float]:
    """Round times between two others, of which there are a few."""
    step_s = next((one for one in STEPS_S if (until_s - from_s) / one <= MOST_TICKS), STEPS_S[-1])
    for number in range(int(np.ceil(from_s / step_s)), int(np.floor(until_s / step_s)) + 1):
        yield number * step_s


def height_of(hz: float) -> float:
    """Where a frequency is between the lowest, 0, and the highest, 1: even in mel."""
    low, high, at = hz_to_mel(np.array([PICTURE.min_hz, PICTURE.max_hz, hz])).tolist()
    return float((at - low) / (high - low))


def _spectrogram(flac: bytes) -> tuple[float, NDArray[np.uint8]]:
    """Length and power, as ``edged replay --report`` has it. What was decrypted goes on no disk."""
    file = os.memfd_create("clip")
    try:
        with os.fdopen(os.dup(file), "wb") as stream:
            stream.write(flac)
        path = Path(f"/proc/self/fd/{file}")
        length_s = duration_s(path)
        if not length_s:
            raise EdgedError("the clip's sound cannot be read: it is damaged")
        return length_s, spectrogram(path, length_s)
    except RecordingError as error:
        raise EdgedError(f"the clip's sound: {error}") from None
    finally:
        os.close(file)


def _coloured(power: NDArray[np.uint8]) -> Image:
    import cv2

    colours = cv2.applyColorMap(np.ascontiguousarray(power.T[::-1]), cv2.COLORMAP_INFERNO)
    return np.asarray(cv2.resize(colours, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_LINEAR), np.uint8)


def _frequencies(page: Image) -> None:
    for hz in TICKS_HZ:
        y = TOP_PX + round(HEIGHT_PX * (1 - height_of(hz)))
        line(page, (LEFT_PX - 5, y), (LEFT_PX - 1, y))
        write(page, f"{hz / 1000:g} kHz" if hz >= 1000 else f"{hz} Hz", (4, y + 4))


def _times(page: Image, start_s: float, length_s: float) -> None:
    for at_s in ticks(-start_s, length_s - start_s):
        x = _across((at_s + start_s) / length_s)
        line(page, (x, FLOOR_PX), (x, FLOOR_PX + 4))
        write(page, f"{at_s:g} s", (x - 8, FLOOR_PX + 19))


def _across(share: float) -> int:
    return LEFT_PX + round(share * (WIDTH_PX - 1))
