"""The checks, in the order in which they are told. Each one's own file is imported when it is made."""

import importlib
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from edged.checkup.box import Box
    from edged.runtime.finding import Finding

LIMIT_S = 15.0
"""A check that takes longer has no answer."""


class Check(NamedTuple):
    """One check."""

    make: "Callable[[Box], Iterable[Finding]]"
    about: str
    """What it looks at."""
    limit_s: float = LIMIT_S
    needs_settings: bool = True
    """False: it says something where the configuration is faulty too."""


def _check(name: str, about: str, limit_s: float = LIMIT_S, *, needs_settings: bool = True) -> Check:
    def make(box: "Box") -> "Iterable[Finding]":
        found: Iterable[Finding] = importlib.import_module(f"edged.checkup.{name}").check(box)
        return found

    return Check(make, about, limit_s, needs_settings)


CHECKS: Mapping[str, Check] = {
    "configuration": _check("configuration", "the configuration, and what of it is unusual", needs_settings=False),
    "permissions": _check("permissions", "who may read what, and whether edged may use its devices"),
    "devices": _check("devices", "microphones, cameras and recordings"),
    "models": _check("models", "the models in use, file by file", 60.0),
    "databases": _check("databases", "gallery and outbox: whether they are whole", 60.0),
    "disk": _check("disk", "room on the disks", needs_settings=False),
    "clock": _check("clock", "the time of day", needs_settings=False),
    "network": _check("network", "whether brokers and cameras can be reached"),
    "broker": _check("broker", "what the broker lets the box do", 30.0),
    "unit": _check("unit", "the service as it is installed, what of it runs, and how well", needs_settings=False),
    "versions": _check("versions", "the programs that edged is made of", needs_settings=False),
    "accelerator": _check("accelerator", "the Edge TPU, its library and the TFLite runtimes", 60.0),
}
