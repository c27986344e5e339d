"""Faults: what is done to the box, how it should say so, and how it is undone."""

from collections.abc import Callable
from dataclasses import dataclass

from soaking.notices import Sign, health_is_without, health_says

NAMED_S = 5.0
"""The promise: noticed and published within this time."""
CLEARED_S = 30.0
"""So long after its end a fault may be in health; back-off waits for up to 8 s, PulseAudio and pictures take theirs."""


Act = Callable[[], object]


def nothing() -> None:
    """Nothing need be done."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of misfortune."""

    name: str
    group: str
    """What it befalls: ``broker``, ``microphone``, ``camera``, ``accelerator``, ``disk``, ``settings``, ``program``."""
    inject: Act
    named: Sign
    cleared: Sign
    cure: Act = nothing

    @property
    def passes(self) -> bool:
        """Whether it is over by itself."""
        return self.cure is nothing


def in_health(name: str, group: str, inject: Act, cure: Act, pattern: str) -> Fault:
    """A fault that a reason in health shows."""
    return Fault(name, group, inject, health_says(pattern), health_is_without(pattern), cure)


@dataclass(slots=True)
class Injected:
    """A fault as it went."""

    name: str
    group: str
    at_s: float
    named_s: float | None = None
    """When the box had said so."""
    words: str = ""
    ended_s: float = 0.0
    cleared_s: float | None = None
    """When the box had said that it is over."""

    @property
    def deafens(self) -> bool:
        """Whether drones need not be heard meanwhile."""
        # what a lying accelerator says is believed until it is found out
        return self.group in {"microphone", "program"} or self.name == "accelerator lies"

    @property
    def named_after_s(self) -> float | None:
        """From its beginning."""
        return None if self.named_s is None else self.named_s - self.at_s

    @property
    def cleared_after_s(self) -> float | None:
        """From its end."""
        return None if self.cleared_s is None else max(0.0, self.cleared_s - self.ended_s)
