"""The request ``status``: what a running edged is doing, in one answer."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence

from edged.control.protocol import Answer, Arguments, Asker, Handler, Result
from edged.messages.wire import Message
from edged.runtime.machine import resident_bytes

NAME = "status"


def status(
    info: Callable[[], Message],
    health: Callable[[], Message],
    warnings: Callable[[], Sequence[str]],
    events: Callable[[], Sequence[Message]],
) -> dict[str, Handler]:
    """The handler by its name. It is told what the box is, how it is, its last warnings and the events that are on.

    The answer has ``info``, ``health`` and ``events`` as on the wire, ``warnings`` (lines, the newest last), ``pid``,
    ``resident_bytes``, ``threads`` and ``open_files``.
    """

    def answer(_arguments: Arguments, _asker: Asker) -> Iterator[Answer]:
        yield Result(
            {
                "info": info().model_dump(mode="json"),
                "health": health().model_dump(mode="json"),
                "events": [event.model_dump(mode="json") for event in events()],
                "warnings": list(warnings()),
                "pid": os.getpid(),
                "resident_bytes": resident_bytes(),
                "threads": threading.active_count(),
                "open_files": len(os.listdir("/proc/self/fd")),  # noqa: PTH208  # names alone
            }
        )

    return {NAME: answer}
