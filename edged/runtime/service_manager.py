"""ServiceManager: what edged tells systemd; where there is none, nothing happens.

By the protocol of sd_notify(3): with a limit of time, which systemd-python has not (a systemd that stands still must
not hold the box), and with nothing to compile on a Pi.
"""

import logging
import os
import re
import socket
import time
from collections.abc import Callable

NOTIFY_LIMIT_S = 1.0
"""For systemd to take a word; then that is lost, and edged goes on."""
START_STEP_S = 120.0
"""A step of the start, such as loading the models of one pipeline, may take so long on a tired SD card."""
MOST_STATUS = 300
"""Characters of a status."""

log = logging.getLogger(__name__)


def notify(state: str) -> bool:
    """Send ``READY=1``, ``STATUS=…``, ``WATCHDOG=1``, ``STOPPING=1``; False where no service manager listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to_systemd:
            to_systemd.settimeout(NOTIFY_LIMIT_S)
            to_systemd.sendto(state.encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)
    except OSError as error:
        log.warning("systemd does not take our word", extra={"reason": str(error)})
        return False
    return True


def watchdog_s() -> float | None:
    """How often systemd wants ``WATCHDOG=1`` at least; None where it does not watch this process."""
    text, watched = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    usec = int(text) if text.isdecimal() else 0
    return usec / 1e6 if usec and watched in {"", str(os.getpid())} else None


def reloading() -> str:
    """What is said before something is taken up anew; ``READY=1`` says that it is done."""
    return f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}"


def starting(step: str) -> str:
    """What is said before each step of the start: it may take ``START_STEP_S``, whatever the unit's limit."""
    return f"{status(f'starts: {step}')}\nEXTEND_TIMEOUT_USEC={START_STEP_S * 1e6:.0f}\nWATCHDOG=1"


def status(sentence: str) -> str:
    """``STATUS=…``: one line, whatever the sentence is made of, and not a long one."""
    text = " ".join(re.sub(r"[^\x20-\x7e\xa0-\uffff]", " ", sentence).split())
    return "STATUS=" + (text if len(text) <= MOST_STATUS else text[: MOST_STATUS - 1] + "…")


class Status:
    """The sentence that ``systemctl status`` shows; said when it is another one than before."""

    def __init__(self, say: Callable[[str], object] = notify) -> None:
        self._say, self._said = say, ""

    def tell(self, sentence: str) -> None:
        """Say it, if it is news."""
        if (text := status(sentence)) != self._said:
            self._said = text
            self._say(text)
