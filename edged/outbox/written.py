"""Written: how much edged has written to disks in the last day. SD cards wear out."""

from collections import deque
from pathlib import Path

HOUR_S = 3600.0


class Written:
    """Sums by the hour; fed with a figure that only grows."""

    def __init__(self) -> None:
        self._hours: deque[tuple[int, int]] = deque(maxlen=25)
        """Which hour since the boot, and what had been written at its beginning."""

    def last_day(self, total_bytes: int, monotonic_s: float) -> int:
        """Bytes of the last 24 hours (of the last 24 to 25, by the full hour)."""
        hour = int(monotonic_s // HOUR_S)
        if not self._hours or self._hours[-1][0] != hour:
            self._hours.append((hour, total_bytes if self._hours else 0))
        while self._hours[0][0] < hour - 24:
            self._hours.popleft()
        return total_bytes - self._hours[0][1]


def written_bytes(path: Path = Path("/proc/self/io")) -> int:
    """What this process has caused to be written to block devices, by the kernel's word; 0 where it has none."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("write_bytes:")), 0)
