"""Memory: how much edged takes, whether that grows for ever, and whether the kernel had to kill for it."""

import re
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from edged.config import Section
from edged.guards.growth import Growth
from edged.guards.guard import Seen, size
from edged.runtime import machine
from edged.runtime.finding import Finding, Level

KILLED_S = 3600.0
"""For so long it is told that the kernel killed something."""
REMEDY = "fewer pipelines or models, or a box with more memory"


class MemoryConfig(Section):
    """When edged takes too much memory."""

    max_bytes: int = Field(512 * 2**20, ge=2**20, le=2**40)
    """More physical memory than that, of edged without its helpers, makes the box degraded."""
    limit_share: float = Field(0.9, gt=0, le=1)
    """So does more than this share of what the service may have with all its helpers (systemd's `MemoryMax`)."""
    leak_bytes_per_h: int = Field(3_000_000, ge=1, le=2**40)
    """So does memory that grows steadily by that much for six hours: a leak, probably."""


class Group(NamedTuple):
    """The memory of the service, edged and its helpers."""

    used_bytes: int
    """Without files that can be read again."""
    limit_bytes: int | None
    kills: int
    """Processes that the kernel killed for want of memory, since the service started."""


class Taken(NamedTuple):
    """What is known of edged's memory at one moment."""

    resident_bytes: int
    group: Group | None
    grows_bytes_per_h: float
    """Steadily; 0: it does not."""
    grows_for_h: float
    killed_ago_s: float | None


def judge(taken: Taken, config: MemoryConfig) -> Finding:
    """The rule: the worst first."""
    group, grows = taken.group, taken.grows_bytes_per_h
    if taken.killed_ago_s is not None and taken.killed_ago_s < KILLED_S:
        return _warning("the kernel killed a process of edged for want of memory within the last hour")
    if group and group.limit_bytes and group.used_bytes > config.limit_share * group.limit_bytes:
        share = config.limit_share * 100
        return _warning(f"edged and its helpers take more than {share:.0f} % of the {size(group.limit_bytes)} allowed")
    if taken.resident_bytes > config.max_bytes:
        return _warning(f"edged takes more than {size(config.max_bytes)}")
    if grows >= config.leak_bytes_per_h:
        found = f"grows by {grows / 1e6:.0f} MB an hour for {taken.grows_for_h:.0f} h: a leak?"
        return _warning(found, "restart edged, and report it with `edged support-bundle`")
    return Finding(Level.OK, "memory", "")


def group_of(root: Path) -> Group | None:
    """Read it; None where the kernel does not count memory by service, as on Raspberry Pi OS unless told to."""
    folder = machine.own_cgroup(root)
    used = machine.read_int(folder / "memory.current") if folder else None
    if folder is None or used is None:
        return None
    files = re.search(r"^inactive_file ([0-9]{1,20})$", machine.read_text(folder / "memory.stat"), re.MULTILINE)
    kills = re.search(r"^oom_kill ([0-9]{1,20})$", machine.read_text(folder / "memory.events"), re.MULTILINE)
    free_again = int(files[1]) if files else 0
    limit = machine.read_int(folder / "memory.max")
    return Group(max(0, used - free_again), limit, int(kills[1]) if kills else 0)


class Memory:
    """Watches edged's memory."""

    name = "memory"

    def __init__(self, config: MemoryConfig, root: Path = machine.ROOT) -> None:
        self._config, self._root = config, root
        self._growth = Growth()
        self._kills: int | None = None
        self._killed_s: float | None = None

    def look(self, now_s: float) -> Seen | None:
        """Figures: ``resident_bytes``, ``grows_bytes_per_h``, and the service's ``used_bytes`` and ``kills``."""
        resident, group = machine.resident_bytes(self._root), group_of(self._root)
        if not resident:
            return None
        self._growth.add(resident, now_s)
        self._note_kills(group, now_s)
        killed_ago_s = None if self._killed_s is None else now_s - self._killed_s
        taken = Taken(resident, group, self._growth.per_hour, self._growth.hours, killed_ago_s)
        figures = {"resident_bytes": resident, "grows_bytes_per_h": round(taken.grows_bytes_per_h)}
        if group:
            figures |= {"used_bytes": group.used_bytes, "kills": group.kills}
        return Seen(judge(taken, self._config), figures)

    def use(self, config: MemoryConfig) -> None:
        """From now on watch by these numbers; what was measured stays."""
        self._config = config

    def _note_kills(self, group: Group | None, now_s: float) -> None:
        """What was counted before the first look belongs to a run before this one."""
        kills = group.kills if group else 0
        if self._kills is not None and kills > self._kills:
            self._killed_s = now_s
        self._kills = kills


def _warning(found: str, remedy: str = REMEDY) -> Finding:
    return Finding(Level.WARNING, "memory", found, remedy)
