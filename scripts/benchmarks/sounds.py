"""What the sound measures are made with: our own rotor model and wind, so that no recording need be there."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile

from edged.messages.sound import Samples
from edged.synthesis import FlyOver, fly_over, pink

RATE_HZ = 16000
LEVEL = 0.01
"""Root mean square of the wind."""


@lru_cache(maxsize=8)
def drone(seed: int = 0) -> Samples:
    """Ten seconds in which a drone is heard all the time."""
    return fly_over(FlyOver(duration_s=10.0, quiet_s=0.0, fade_s=0.1, seed=seed))


@lru_cache(maxsize=8)
def wind(seconds: float = 10.0, seed: int = 0) -> Samples:
    """Nothing but wind and far-off traffic."""
    noise = pink(round(seconds * RATE_HZ), FlyOver(), np.random.default_rng(seed))
    return (noise * LEVEL).astype(np.float32)


def window(samples: Samples) -> Samples:
    """One second from the middle."""
    middle = len(samples) // 2
    return samples[middle : middle + RATE_HZ]


@lru_cache(maxsize=1)
def fly_overs() -> Samples:
    """Four drones that come by, one every 20 s, each heard for half of that time."""
    return np.concatenate([fly_over(FlyOver(seed=seed)) for seed in range(4)])


def write_fly_overs(path: Path, minutes: float) -> None:
    """A recording of :func:`fly_overs`, again and again."""
    passes = fly_overs()
    with soundfile.SoundFile(str(path), "w", RATE_HZ, 1, "PCM_16", format="FLAC") as file:
        for at in range(0, round(minutes * 60 * RATE_HZ), len(passes)):
            file.write(passes[: round(minutes * 60 * RATE_HZ) - at])


def write_visits(path: Path, seed: int, quiet_s: float) -> None:
    """A short recording, to be looped: a drone for two seconds, and wind for so long before and after it."""
    heard = FlyOver(duration_s=2.0 + 2 * quiet_s, quiet_s=quiet_s, fade_s=0.2, seed=seed)
    soundfile.write(str(path), fly_over(heard), RATE_HZ, "PCM_16")
