"""What there is to learn from: every recording with its kind, source and group, as 16 kHz mono samples."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edged.evaluation.windows import LabelledWindow, read_sound, read_windows

KINDS = ("background", "drone", "helicopter")
"""The classes, in the order of the model's logits."""
_HELICOPTER_LABELS = {"esc_40", "helicopter"}
_JOIN_SAMPLES = 160


@dataclass(frozen=True, slots=True)
class Recording:
    """Something recorded in one go."""

    name: str
    group: str
    """Recordings of one group share sound, so they stay on one side of every split."""
    kind: str
    """One of :data:`KINDS`."""
    source: str
    """``indoor``, ``outdoor``, ``esc10`` or ``motor``."""
    label: str
    samples: NDArray[np.float32]
    """Shape (n,), n >= 1, 16 kHz. The indoor windows are joined by short cross-fades: they have gaps between them."""
    windows: tuple[LabelledWindow, ...] = ()
    """The windows as they are, where the data set has windows."""


def load(data: Path) -> list[Recording]:
    """Every recording of ``../shared/data`` that may be trained on, in a fixed order."""
    indoor = [*load_indoor(data)]
    return [*indoor, *load_outdoor(data), *load_esc10(data)]


def load_indoor(data: Path) -> Iterator[Recording]:
    """DroneAudioDataset. A mixture shares a group with the ESC-50 clip that is in it."""
    noise_of = _noise_in_mixtures(data)
    for name, windows in groupby(read_windows(data / "drone"), key=lambda window: window.recording):
        of_recording = tuple(windows)
        label = of_recording[0].label
        kind = "drone" if of_recording[0].is_drone else _kind(label)
        joined = join(window.samples[: window.valid_samples] for window in of_recording)
        yield Recording(name, noise_of.get(name, name), kind, "indoor", label, joined, of_recording)


def load_outdoor(data: Path, source: str = "ddt") -> Iterator[Recording]:
    """The 10 s outdoor clips; ``source="grigoriev"`` gives the motors instead, which are for checks only."""
    with (data / "splits" / "outdoor_drone_audio.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] == source]
    for row in rows:
        kind = row["cls"] if row["cls"] in KINDS else ("drone" if row["label"] == "1" else "background")
        place = "outdoor" if source == "ddt" else "motor"
        name = Path(row["file"]).stem
        yield Recording(name, row["group"], kind, place, row["cls"], read_sound(data / row["file"]))


def load_esc10(data: Path) -> Iterator[Recording]:
    """ESC-10: whole clips of which the indoor set has parts, so they share its groups (by Freesound's number)."""
    for path in sorted((data / "karoldvl__ESC-10").glob("*/*.ogg")):
        number = "esc" + path.stem.split("-")[1]
        label = path.parent.name.split("_", 1)[1]
        yield Recording(path.stem, number, _kind(label), "esc10", label, read_sound(path))


def join(parts: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Parts one after another, each cross-faded into the next over 10 ms, so that no click tells where they meet."""
    pieces = [part for part in parts if part.size]
    whole = pieces[0]
    for part in pieces[1:]:
        n = min(_JOIN_SAMPLES, whole.size, part.size)
        ramp = np.linspace(0.0, 1.0, n, dtype=np.float32)
        seam = whole[whole.size - n :] * np.sqrt(1 - ramp) + part[:n] * np.sqrt(ramp)
        whole = np.concatenate([whole[: whole.size - n], seam, part[n:]])
    return whole


def _kind(label: str) -> str:
    return "helicopter" if label in _HELICOPTER_LABELS else "background"


def _noise_in_mixtures(data: Path) -> dict[str, str]:
    with (data / "splits" / "sara_mixed_noise_map.csv").open(encoding="utf-8", newline="") as file:
        return {row["mixed_clip"]: "esc" + row["esc50_noise_clip"].split("-")[1] for row in csv.DictReader(file)}
