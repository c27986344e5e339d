"""Written: how much was written in the last day to the disk that the outbox is on. SD cards wear out.

By all programs, as the kernel counts for that disk. What it counts for a process (``/proc/self/io``) is no use: it goes
by whole folios, so that Linux 6.18 said 2 MB for 4 KiB in a file on ext4.
"""

from collections import deque

HOUR_S = 3600.0


class Written:
    """Sums by the hour; fed with a figure that only grows. Where it goes back there is another disk: it begins anew."""

    def __init__(self) -> None:
        self._hours: deque[tuple[int, int]] = deque(maxlen=25)
        """Which hour since the boot, and what had been written at its beginning."""

    def last_day(self, total_bytes: int, monotonic_s: float) -> int:
        """Bytes of the last 24 hours (of the last 24 to 25, by the full hour), as far as it was watched."""
        hour = int(monotonic_s // HOUR_S)
        if self._hours and total_bytes < self._hours[-1][1]:
            self._hours.clear()
        if not self._hours or self._hours[-1][0] != hour:
            self._hours.append((hour, total_bytes))
        while self._hours[0][0] < hour - 24:
            self._hours.popleft()
        return total_bytes - self._hours[0][1]
