"""What listens where systemd would: it notes every word that is said to it."""

import os
import secrets
import socket
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple


class Word(NamedTuple):
    """``READY=1``, when it came."""

    text: str
    at_s: float


class ServiceManager:
    """A datagram socket, in ``folder`` or (None) in Linux's abstract name space, and the thread that reads it."""

    def __init__(self, folder: Path | None = None) -> None:
        self.address = str(folder / "notify") if folder else f"@edged-{os.getpid()}-{secrets.token_hex(4)}"
        self.words: list[Word] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address.replace("@", "\0", 1) if folder is None else self.address)
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def env(self, watchdog_s: float | None = None) -> dict[str, str]:
        """What systemd puts into a service's environment."""
        watchdog = {} if watchdog_s is None else {"WATCHDOG_USEC": f"{watchdog_s * 1e6:.0f}"}
        return {"NOTIFY_SOCKET": self.address, **watchdog}

    def said(self, beginning: str) -> list[Word]:
        """The words that begin so."""
        return [word for word in tuple(self.words) if word.text.startswith(beginning)]

    def wait_for(self, condition: Any, timeout_s: float = 20.0) -> None:
        """Until ``condition(self)`` holds."""
        with self._changed:
            held = self._changed.wait_for(lambda: condition(self), timeout_s)
        assert held, [word.text for word in self.words]

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._socket.close()

    def _read(self) -> None:
        while datagram := self._socket.recv(10_000):
            with self._changed:
                self.words += [Word(line, time.monotonic()) for line in datagram.decode().split("\n")]
                self._changed.notify_all()
