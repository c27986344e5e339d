"""Power: whether the supply gives enough."""

from edged.guards.firmware import Firmware, Measure, Told
from edged.guards.guard import Seen
from edged.runtime.finding import Finding, Level

REMEDY = "a stronger power supply, a shorter or thicker cable, or fewer USB devices"


def judge(told: Told) -> Finding:
    """The rule."""
    if told.now & Measure.UNDER_VOLTAGE:
        return Finding(Level.WARNING, "power", "the power supply gives too little", REMEDY)
    if told.ever & Measure.UNDER_VOLTAGE:
        return Finding(Level.OK, "power", "the power supply has given too little since the boot", REMEDY)
    return Finding(Level.OK, "power", "")


class Power:
    """Watches the supply of a Raspberry Pi."""

    name = "power"

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware

    def look(self, now_s: float) -> Seen | None:
        """None where nothing tells."""
        told = self._firmware.look(now_s)
        return Seen(judge(told)) if told is not None else None
