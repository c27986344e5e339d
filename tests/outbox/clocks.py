"""A clock that a test sets."""

from edged.outbox.clock import Clock


class Hands:
    """What the clock shows; ``clock`` reads it."""

    def __init__(self, boot_id: str = "boot-1", unix_s: float = 1_700_000_000.0, *, synchronised: bool | None = True):
        self.boot_id, self.unix_s, self.monotonic_s, self.synchronised = boot_id, unix_s, 100.0, synchronised

    def pass_s(self, seconds: float) -> None:
        self.unix_s += seconds
        self.monotonic_s += seconds

    def clock(self) -> Clock:
        return Clock(lambda: self.synchronised, self.boot_id, lambda: self.unix_s, lambda: self.monotonic_s)
