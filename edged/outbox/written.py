"""Written: how much went to the disk in the last day."""

from collections import deque

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
