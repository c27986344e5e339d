"""Card: how worn the SD card or eMMC is, and how long it may last when it is written to as it is now.

An eMMC tells its wear itself (JESD84-B50, fields 267 to 269). An SD card does not: its life is estimated from what is
written to it and from what the configuration says that it bears.
"""

import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from edged.config import Section
from edged.guards.guard import Seen, size
from edged.runtime.finding import Finding, Level
from edged.runtime.machine import ROOT, SECTOR_BYTES, read_int, read_text, written_bytes

HOUR_S, DAY_S = 3600.0, 86400.0
LEAST_HOURS = 6
"""What a box writes when it starts says little of what it will write."""
NEARLY_WORN, WORN = 0x0A, 0x0B
"""Of an eMMC's life, in steps of 10 %: 90 to 100 % is used, and more than that."""
SAVE = "see machine.card's written_bytes_per_day, and what writes beside edged (logs, swap)"
REPLACE = "exchange it soon; save the gallery before with `edged people export`"


class CardConfig(Section):
    """When the SD card is about to wear out. An estimate, which depends on what the card bears."""

    full_writes: float = Field(500.0, gt=0, le=1_000_000)
    """How often all of it may be written; see its data sheet (endurance in TBW, divided by its size)."""
    amplification: float = Field(4.0, ge=1, le=1000)
    """How much the card writes inside for each byte that is written to it; small writes cost more than their size."""
    least_years: float = Field(1.0, ge=0, le=100)
    """A card that would not last for so long makes the box degraded."""


class Wear(NamedTuple):
    """What is known of one card."""

    name: str
    size_bytes: int
    written_bytes: int
    """Since the boot."""
    life: int
    """Of an eMMC: the worse of its two kinds of cells; 0: it does not tell."""
    reserve: int
    """Of an eMMC: 1 normal, 2 is 80 % of its reserve gone, 3 is 90 %; 0: it does not tell."""


def years_left(size_bytes: int, bytes_per_day: float, config: CardConfig) -> float:
    """From new, when it is written to at that rate; infinite where nothing is written."""
    bears = size_bytes * config.full_writes / config.amplification
    return bears / bytes_per_day / 365.25 if bytes_per_day > 0 else float("inf")


def judge(wear: Wear, bytes_per_day: float | None, config: CardConfig) -> Finding:
    """The rule."""
    if wear.life >= WORN or wear.reserve >= 3:
        return Finding(Level.WARNING, "card", f"{wear.name}: is worn out, by its own word", REPLACE)
    if wear.life >= NEARLY_WORN or wear.reserve == 2:
        return Finding(Level.WARNING, "card", f"{wear.name}: is nearly worn out, by its own word", REPLACE)
    if bytes_per_day is not None and years_left(wear.size_bytes, bytes_per_day, config) < config.least_years:
        often = f"{size(round(bytes_per_day))} a day are written to it"
        found = f"{wear.name}: may wear out in less than {config.least_years:g} years (estimated): {often}"
        return Finding(Level.WARNING, "card", found, f"a larger or more durable card; {SAVE}")
    return Finding(Level.OK, "card", "")


def cards(root: Path) -> Iterator[Wear]:
    """Read them. What is written is that of all programs."""
    for device in sorted((root / "sys/block").glob("mmcblk*")):
        sectors, bytes_written = read_int(device / "size"), written_bytes(device)
        if re.fullmatch(r"mmcblk\d+", device.name) and sectors and bytes_written is not None:
            lives = [hexadecimal(word) for word in read_text(device / "device/life_time").split()]
            reserve = hexadecimal(read_text(device / "device/pre_eol_info"))
            yield Wear(device.name, sectors * SECTOR_BYTES, bytes_written, max(lives, default=0), reserve)


def hexadecimal(text: str) -> int:
    """``0x0a`` -> 10; what is no such number is 0."""
    return int(text, 16) if re.fullmatch(r"0x[0-9a-fA-F]{1,2}", text) else 0


class Daily:
    """How much is written a day, by the last 24 hours."""

    def __init__(self) -> None:
        self._hours: deque[tuple[float, int]] = deque(maxlen=25)

    def rate(self, written_bytes: int, now_s: float) -> float | None:
        """Bytes a day; None until there are six hours of it. ``written_bytes`` only grows."""
        if not self._hours or now_s - self._hours[-1][0] >= HOUR_S:
            self._hours.append((now_s, written_bytes))
        began_s, before = self._hours[0]
        if now_s - began_s < LEAST_HOURS * HOUR_S:
            return None
        return (written_bytes - before) / (now_s - began_s) * DAY_S


class Card:
    """Watches the card of a box that has one; of several, the first."""

    name = "card"

    def __init__(self, config: CardConfig, root: Path = ROOT) -> None:
        self._config, self._root, self._daily = config, root, Daily()

    def use(self, config: CardConfig) -> None:
        """From now on watch by these numbers; what was measured stays."""
        self._config = config

    def look(self, now_s: float) -> Seen | None:
        """Figures: ``written_bytes_per_day`` and the estimated ``years``, of a new card; an eMMC's ``life_pct``."""
        wear = next(cards(self._root), None)
        if wear is None:
            return None
        rate = self._daily.rate(wear.written_bytes, now_s)
        figures: dict[str, float] = {"life_pct": wear.life * 10} if wear.life else {}
        if rate:
            years = years_left(wear.size_bytes, rate, self._config)
            figures |= {"written_bytes_per_day": round(rate), "years": round(min(years, 999.0), 1)}
        return Seen(judge(wear, rate, self._config), figures)
