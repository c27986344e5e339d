"""``edged replay --report``: one self-contained page with spectrogram, score curve and events of every recording."""

import base64
import html
import json
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edged import __version__
from edged.cli.event_writers import row
from edged.cli.replayed import Replayed
from edged.dsp import hann
from edged.errors import EdgedError
from edged.sources.recording import Recording, RecordingConfig
from edged.stages.compute_log_mel import LogMelConfig, mel_filters
from edged.stages.cut_windows import CutWindows, WindowsConfig

COLUMNS = 1200
"""Most columns of a spectrogram: about the pixels of a page."""
PICTURE = LogMelConfig(frame_s=0.064, fft=1024, bands=96)
"""Finer than what the model sees: for the eye."""
HOP_S = 0.032
RANGE_DB = 60.0


def write_report(path: Path, replayed: list[Replayed]) -> None:
    """Write the page; EdgedError where it cannot be written."""
    template = Template(Path(__file__).with_suffix(".html").read_text(encoding="utf-8"))
    data = json.dumps([_recording(one) for one in replayed if one.duration_s > 0]).replace("<", "\\u003c")
    title = html.escape(", ".join(sorted({one.path.name for one in replayed}))[:200])
    try:
        path.write_text(template.substitute(title=title, version=__version__, data=data), encoding="utf-8")
    except OSError as error:
        raise EdgedError(f"{path}: cannot be written: {error.strerror}") from None


def _recording(one: Replayed) -> dict[str, Any]:
    picture = spectrogram(one.path, one.duration_s)
    labels = sorted({label for window in one.scores for label in window.scores} - {"background"})
    return {
        "file": str(one.path),
        "pipeline": one.pipeline,
        "duration_s": one.duration_s,
        "bands": picture.shape[1],
        "columns": picture.shape[0],
        "pixels": base64.b64encode(picture.tobytes()).decode(),
        "edges_hz": [PICTURE.min_hz, PICTURE.max_hz],
        "labels": labels,
        "scores": [
            [round(window.span.end_s, 3), *(round(window.scores[label], 3) for label in labels)]
            for window in one.scores
        ],
        "events": [{**row(one.path, event), "evidence": dict(event.evidence)} for event in one.events],
        "conditions": sorted(one.conditions),
    }


def spectrogram(path: Path, duration_s: float) -> NDArray[np.uint8]:
    """Shape (columns, bands): 0 to 255 over ``RANGE_DB``; each column the mean power of its time."""
    columns = max(1, min(COLUMNS, 1 + int((duration_s - PICTURE.frame_s) / HOP_S)))  # none without a frame
    power, counts = np.zeros((columns, PICTURE.bands)), np.zeros(columns)
    last_s = max(HOP_S, duration_s - PICTURE.frame_s)
    cut = CutWindows(WindowsConfig(window_s=PICTURE.frame_s, hop_s=HOP_S, rate_hz=PICTURE.rate_hz))
    for chunk in Recording(RecordingConfig(path=path, realtime=False, chunk_s=1.0)):
        windows = list(cut(chunk))
        if not windows:
            continue
        frames = np.nan_to_num(np.stack([window.samples for window in windows])) * hann(len(windows[0].samples))
        at_s = np.array([window.span.start_s for window in windows])
        column = np.minimum((at_s / last_s * columns).astype(int), columns - 1)
        np.add.at(power, column, np.abs(np.fft.rfft(frames, PICTURE.fft)) ** 2 @ mel_filters(PICTURE))
        np.add.at(counts, column, 1)
    decibels = 10 * np.log10(power / np.maximum(counts, 1)[:, None] + 1e-12)
    scaled = (decibels - np.percentile(decibels, 99.8) + RANGE_DB) / RANGE_DB
    pixels: NDArray[np.uint8] = (np.clip(scaled, 0, 1) * 255).astype(np.uint8)
    return pixels
