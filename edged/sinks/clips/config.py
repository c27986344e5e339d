"""What is kept as evidence, where, and for how long."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, model_validator

from edged.config import SecretFile, Section
from edged.runtime.machine import state_folder


class ClipsConfig(Section):
    """The evidence of events, kept on the box and nowhere else."""

    enabled: bool = False
    """Keep the sound round each event. A microphone may hear people talk: ask them, or the law, first."""
    pictures: bool = False
    """Keep the pictures round each event of a camera too. They are always encrypted."""
    encrypt_sound: bool = True
    """Encrypt the sound too; false: for a box that hears nobody talk, as FLAC that any player plays."""
    folder: Path | None = None
    """Where; null: `clips` in the box's own folder (`$STATE_DIRECTORY`, else /var/lib/edged)."""
    key_file: SecretFile | None = None
    """File with the key, 32 random bytes as hex or base64, mode 0600; null: `key` in the folder, made at first use."""
    pre_roll_s: float = Field(3.0, ge=0, le=60)
    """Kept from before an event's start."""
    post_roll_s: float = Field(3.0, ge=0, le=60)
    """Kept from after its end."""
    max_s: float = Field(60.0, ge=1, le=300)
    """Longest clip, both of these with it; of a longer event it is the beginning. So much of each source is in RAM."""
    picture_fps: float = Field(2.0, ge=0.1, le=30)
    """Pictures kept for each second."""
    picture_side_px: int = Field(640, ge=64, le=4096)
    """Longer side of a picture at most."""
    max_bytes: int = Field(2**30, ge=2**20, le=2**44)
    """All clips together at most. When full the oldest and least confident go first, those with feedback last."""
    max_clips: int = Field(10_000, ge=1, le=100_000)
    """So many clips at most."""
    max_age_days: float = Field(30.0, gt=0, le=3650)
    """An older clip goes, by the box's clock."""
    min_free_bytes: int = Field(500_000_000, ge=0, le=2**44)
    """Clips go, or are not kept, where less than that would be left free on the disk."""
    keep_last: int = Field(10, ge=0, le=1000)
    """The newest clips of each pipeline, which stay whatever their age and confidence; 0: none is spared."""

    @model_validator(mode="after")
    def _rolls_fit(self) -> "ClipsConfig":
        if self.pre_roll_s + self.post_roll_s >= self.max_s:
            rolls = f"pre_roll_s and post_roll_s ({self.pre_roll_s:g} and {self.post_roll_s:g})"
            raise ValueError(f"max_s: {self.max_s:g}, must be more than {rolls} together")
        return self


def clips_folder(config: ClipsConfig, environment: Mapping[str, str] = os.environ) -> Path:
    """The folder that ``config`` means on this box."""
    return config.folder or state_folder(environment, os.getuid()) / "clips"
