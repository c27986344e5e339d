"""Journal: one JSON line an event, so that edged is useful with no broker at all."""

import logging
from typing import TextIO

from edged.config import Section
from edged.messages.wire import EventMessage

log = logging.getLogger(__name__)


class JournalConfig(Section):
    """Events on standard output."""

    enabled: bool = True
    """One JSON line an event."""


class Journal:
    """Writes to a stream; a stream whose reader has gone costs one warning, not the box."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO | None = stream

    def __call__(self, message: EventMessage) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(message.model_dump_json() + "\n")
            self._stream.flush()
        except OSError as error:
            self._stream = None
            log.warning("journal has no reader; no more lines are written", extra={"reason": str(error)})
