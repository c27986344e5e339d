"""Firmware: what a Raspberry Pi's firmware does against heat and a weak power supply, as far as it tells.

It is read from ``get_throttled`` in sysfs, else asked of ``vcgencmd``, and under-voltage of hwmon's ``rpi_volt`` too.
Newer kernels clear the firmware's memory every two seconds, so what was seen once is remembered here as well. (There
the first read of a boot leaves a warning in the kernel's log, ``deprecated, use hwmon``: that has under-voltage alone.)
"""

import re
import subprocess
from enum import IntFlag
from pathlib import Path
from typing import NamedTuple

from edged.guards.question import Question
from edged.runtime.machine import ROOT, read_text

SYSFS = "sys/devices/platform/soc*/*firmware/get_throttled"
ASK_EVERY_S = 5.0
LIMIT_S = 2.0
"""vcgencmd is ended then."""
EVER = 16
"""Bits from here on say what has been since the boot."""


class Measure(IntFlag):
    """What the firmware can do or see, by its bits."""

    UNDER_VOLTAGE = 1
    CAPPED = 2
    """The frequency has a lower ceiling."""
    THROTTLED = 4
    """The CPU is slowed down."""
    SOFT_LIMIT = 8
    """The temperature is past the soft limit (Pi 3 B+)."""


SLOWED = Measure.CAPPED | Measure.THROTTLED | Measure.SOFT_LIMIT


class Told(NamedTuple):
    """What the firmware tells."""

    now: Measure
    ever: Measure
    """Since the boot, or since edged started where the kernel forgets it."""


def parse(text: str) -> Told | None:
    """``50005``, ``0x50005`` or ``throttled=0x50005``; None where it is nothing like that."""
    found = re.fullmatch(r"(?:throttled=)?(?:0x)?([0-9a-fA-F]{1,8})", text.strip())
    if found is None:
        return None
    bits = int(found[1], 16)
    known = int(SLOWED | Measure.UNDER_VOLTAGE)
    return Told(Measure(bits & known), Measure((bits | bits >> EVER) & known))


class Firmware:
    """Asks it."""

    def __init__(self, root: Path = ROOT, vcgencmd: str | None = None) -> None:
        """``vcgencmd``: the path of that program, where this box has it."""
        self._root, self._ever = root, Measure(0)
        self._question = Question("vcgencmd", lambda: ask(vcgencmd), ASK_EVERY_S) if vcgencmd else None

    def look(self, now_s: float) -> Told | None:
        """What it tells; None where there is no such firmware."""
        told, alarm = self._told(now_s), self._alarm()
        if told is None and alarm is None:
            return None
        now = (told.now if told else Measure(0)) | (Measure.UNDER_VOLTAGE if alarm else Measure(0))
        self._ever |= now | (told.ever if told else Measure(0))
        return Told(now, self._ever)

    def _told(self, now_s: float) -> Told | None:
        for path in self._root.glob(SYSFS):
            if told := parse(read_text(path)):
                return told
        if self._question is None:
            return None
        self._question.ask(now_s)
        return parse(self._question.answer or "")

    def _alarm(self) -> bool | None:
        """Under-voltage by hwmon; None where it has no such sensor."""
        for sensor in self._root.glob("sys/class/hwmon/hwmon*"):
            if read_text(sensor / "name") == "rpi_volt":
                return read_text(sensor / "in0_lcrit_alarm") == "1"
        return None


def ask(vcgencmd: str) -> str:
    """What the program answers; raises where it does not, in time."""
    return subprocess.run(  # noqa: S603  # a system's own program, by its path
        [vcgencmd, "get_throttled"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LIMIT_S,
        check=True,
        encoding="ascii",
        errors="replace",
    ).stdout
