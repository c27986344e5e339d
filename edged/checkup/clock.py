"""Check of the clock: events carry its time."""

import time
from collections.abc import Iterator

from edged.checkup.box import Box
from edged.runtime.finding import Finding, Level
from edged.runtime.machine import clock_synchronised

MADE_S = 1_735_689_600.0
"""2025-01-01: edged is younger than that."""


def check(box: Box) -> Iterator[Finding]:
    """Whether it is right, and whether it would be after a power cut without a network."""
    yield judged(time.time(), synchronised=clock_synchronised())
    if not any((box.root / "sys/class/rtc").glob("rtc*")):
        found = "there is no clock with a battery: after a power cut the time is wrong until the network is there"
        yield Finding(Level.OK, "clock chip", found)


def judged(unix_s: float, *, synchronised: bool | None) -> Finding:
    """By what it shows, and by the kernel's word."""
    shown = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(unix_s))
    remedy = "sudo timedatectl set-ntp true   # and `timedatectl timesync-status`"
    if unix_s < MADE_S:
        return Finding(Level.FAULT, "clock", f"{shown} cannot be: events get wrong times", remedy)
    if synchronised is None:
        return Finding(Level.OK, "clock", f"{shown}; the kernel does not say whether it is synchronised")
    if not synchronised:
        found = f"{shown}, not synchronised: events are marked so"
        return Finding(Level.WARNING, "clock", found, remedy)
    return Finding(Level.OK, "clock", f"{shown}, synchronised")
