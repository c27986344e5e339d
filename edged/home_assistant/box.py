"""Box: what there is to announce, in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BoxLevel:
    """How loud it is, as ``level/<pipeline>`` tells it."""

    interval_s: float
    """How often."""
    calibrated: bool
    """Whether it is told as sound pressure, too."""


@dataclass(frozen=True, slots=True)
class BoxPipeline:
    """One pipeline."""

    kind: str
    """``drones`` or ``faces``; of another kind only what every pipeline has is shown."""
    source: str
    enabled: bool
    level: BoxLevel | None = None
    """None: it does not tell how loud it is."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box as Home Assistant shall see it."""

    device: str
    """The name in topics."""
    name: str
    """For people."""
    area: str | None
    """Where it stands: proposed as the area when Home Assistant first sees the box."""
    version: str
    root: str
    """What the box's topics begin with."""
    health_interval_s: float
    pipelines: Mapping[str, BoxPipeline]
    confirmations: tuple[str, ...]
    """Rules on which several pipelines agree."""
    sources: Mapping[str, str]
    """Type by name."""
    accelerators: tuple[str, ...]
    """As in ``availability/…``: ``usb-0``."""
    commands: frozenset[str]
    """Those that are allowed over MQTT."""

    def topic(self, below: str) -> str:
        """The whole topic of ``below``."""
        return f"{self.root}/{below}"
