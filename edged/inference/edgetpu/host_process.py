"""HostProcess: starts the Edge TPU host, hands it models, and ends it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edged.errors import DeviceLostError
from edged.inference.edgetpu import host
from edged.inference.edgetpu.channel import Channel
from edged.inference.edgetpu.host import MESSAGE_BYTES
from edged.inference.files.card import Card

DIE_LIMIT_S = 2.0
"""A process that sleeps in the kernel's USB code does not die before that returns; its lock then tells who it is."""
LAST_WORDS_BYTES = 65536
"""So much of what the host wrote to standard error is kept."""
KEPT = ("PATH", "LD_LIBRARY_PATH", "HOME", "LANG", "TMPDIR")
"""Of our environment; PYTHONPATH and the like belong to our interpreter, not to the host's."""


class RefusedError(DeviceLostError):
    """The host is well, but cannot do what it was asked."""


class HostProcess:
    """The process. Whatever it does not do in time is a DeviceLostError that says what and why."""

    def __init__(self, python: Path | None, lock_fd: int) -> None:
        """Start it with ``python`` (None: ours); it keeps ``lock_fd``, the device's lock, for as long as it lives."""
        self._said_fd = os.memfd_create("edged-host-stderr", os.MFD_CLOEXEC)
        os.set_blocking(self._said_fd, False)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {name: os.environ[name] for name in KEPT if name in os.environ} | {"OPENBLAS_NUM_THREADS": "1"}
        command = [str(python or sys.executable), "-I", host.__file__, str(theirs.fileno())]
        try:
            with open(f"/proc/self/fd/{self._said_fd}", "ab") as said:  # noqa: PTH123  # O_APPEND: it may be cut
                self._process = subprocess.Popen(  # noqa: S603  # the interpreter is the operator's
                    command,
                    pass_fds=(theirs.fileno(), lock_fd),
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    start_new_session=True,
                )
        except OSError as error:
            self._control.close()
            os.close(self._said_fd)
            raise DeviceLostError(f"accelerator.edgetpu.python: {command[0]}: {error.strerror}") from None
        finally:
            theirs.close()
            os.close(lock_fd)

    def open(self, device: str, library: Path | None, options: Mapping[str, str], limit_s: float) -> dict[str, Any]:
        """Load the library. Returns what the host found: runtime, skipped, versions, library."""
        order = {"device": device, "library": str(library) if library else None, "options": dict(options)}
        return self._order("open", order, [], limit_s)

    def load(self, device: str, key: str, card: Card, content: bytes, limit_s: float) -> Channel:
        """Load a model from its verified ``content``; RefusedError where the device or the runtime will not have it."""
        channel = Channel(key, card)
        content_fd = os.memfd_create(card.name, os.MFD_CLOEXEC)
        try:
            with os.fdopen(os.dup(content_fd), "wb") as file:
                file.write(content)
            order = {"name": key, "device": device, **channel.tensors}
            self._order("load", order, [content_fd, *channel.fds], limit_s)
        except DeviceLostError:
            channel.close()
            raise
        finally:
            os.close(content_fd)
            channel.handed_over()
        return channel

    def kill(self) -> None:
        """End it now. Whoever waits for a reply gets a DeviceLostError."""
        self._process.kill()

    def close(self, limit_s: float = 0.0) -> None:
        """Let it go by itself within ``limit_s``, else kill it; and leave nothing behind."""
        self._control.close()
        for wait_s in (limit_s, DIE_LIMIT_S):
            try:
                self._process.wait(wait_s)
                break
            except subprocess.TimeoutExpired:
                self._process.kill()
        os.close(self._said_fd)

    def why_gone(self) -> str:
        """How the process ended, with its last words."""
        try:
            code = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "the host process does not answer"
        how = f"crashed ({signal.Signals(-code).name})" if code < 0 else f"ended with status {code}"
        fit = "; libedgetpu and runtime may not fit: `edged doctor --accelerator`" if code in {-11, -6, -7, -4} else ""
        return f"the host process {how}{fit}{self.last_words()}"

    def last_words(self) -> str:
        """The last line of note on its standard error, after a colon; what is too much there is cut off."""
        size = os.fstat(self._said_fd).st_size
        said = os.pread(self._said_fd, 2000, max(0, size - 2000)).decode(errors="replace").splitlines()
        if size > LAST_WORDS_BYTES:
            os.ftruncate(self._said_fd, 0)
        lines = [line.strip() for line in said if line.strip() and not line.startswith("INFO: ")]
        return f": {lines[-1]}" if lines else ""

    def _order(self, name: str, order: Mapping[str, Any], fds: list[int], limit_s: float) -> dict[str, Any]:
        try:
            self._control.settimeout(limit_s)
            socket.send_fds(self._control, [json.dumps({"order": name, **order}).encode()], fds)
            reply = self._control.recv(MESSAGE_BYTES)
        except TimeoutError:
            raise DeviceLostError(f"hangs in {name}: no reply within {limit_s:g} s{self.last_words()}") from None
        except OSError:
            reply = b""
        if not reply:
            raise DeviceLostError(f"{self.why_gone()} in {name}")
        answer: dict[str, Any] = json.loads(reply)
        if "error" in answer:
            raise RefusedError(f"{answer['error']}{self.last_words()}")
        return answer
