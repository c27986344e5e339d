"""Complaints: what whoever watches lines is to know besides, on standard error, so that lines stay what boxes said."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from edged.cli.terminal import complain

if TYPE_CHECKING:
    from edged.sinks.mqtt.reader import Heard, Reader

PATIENCE_S = 3.0
"""A box that is there has said something by then: its state is retained."""


class Complaints:
    """Says when the connection is lost and found, when messages were dropped, and once when nothing comes at all."""

    def __init__(self, reader: "Reader", silence: str, clock: Callable[[], float] = time.monotonic) -> None:
        """``silence``: what there is to say as long as nothing has come."""
        self._reader, self._silence, self._clock = reader, silence, clock
        self._link, self._until_s, self._told = reader.link, clock() + PATIENCE_S, False

    def look(self, heard: "Heard | None", *, last: bool = False) -> None:
        """To be called with each message, and now and then without; ``last``: there will be no more."""
        link, before = self._reader.link, self._link
        if link.connected != before.connected:
            lost = f"connection to {link.broker} lost: {link.problem}; trying again"
            complain(f"connected to {link.broker} again" if link.connected else lost)
        if link.dropped > before.dropped:
            complain(f"{link.dropped - before.dropped} messages dropped: they came faster than they could be written")
        self._link, self._told = link, self._told or heard is not None
        if not self._told and link.connected and (last or self._clock() >= self._until_s):
            self._told = True
            complain(f"{self._silence} at {link.broker}" + ("" if last else "; waiting"))
