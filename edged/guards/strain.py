"""Strain: the rule by which the box does too much: heat, its firmware, and what its queues must drop."""

from dataclasses import dataclass

from edged.guards.firmware import Measure, Told
from edged.guards.heat import HeatConfig, warmth
from edged.guards.load_config import LoadConfig
from edged.runtime.load import Load


@dataclass(frozen=True, slots=True)
class Readings:
    """All that is looked at."""

    temperature_c: float | None
    told: Told | None
    """What the firmware tells."""
    pressure_pct: float | None
    """Share of the last minute in which something waited for a CPU."""
    load_per_cpu: float | None
    dropped: bool
    """Sound was, of late."""
    skipped: bool
    """Frames were, of late: no fault by itself, as a camera may be faster than what looks through it."""


def strain(read: Readings, heat: HeatConfig, config: LoadConfig) -> tuple[Load, str]:
    """How it is, and why it is too much, in words."""
    warm = warmth(read.temperature_c, heat)
    reasons = [f"the CPU is at {read.temperature_c:.0f} °C"] if warm is Load.TOO_MUCH else []
    if read.told and read.told.now & Measure.UNDER_VOLTAGE:
        reasons.append("the power supply gives too little")
    elif read.told and read.told.now:
        reasons.append("the firmware slows the CPU down")
    if read.dropped:
        reasons.append("sound was dropped")
    elif read.skipped and is_short(read, config):
        reasons.append("the CPU is short")
    return (Load.TOO_MUCH, " and ".join(reasons)) if reasons else (warm, "")


def is_short(read: Readings, config: LoadConfig) -> bool:
    """Whether there is too little CPU for all that wants it; by the load average where there is no pressure told."""
    if read.pressure_pct is not None:
        return read.pressure_pct >= config.pressure_pct
    return read.load_per_cpu is not None and read.load_per_cpu >= config.load_per_cpu
