"""Server: the Unix socket at which a running edged is asked."""

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress

from edged.control.config import ControlConfig, server_path
from edged.control.lines import has_closed, read_line, write_line
from edged.control.peers import group_id, may_ask, peer_of
from edged.control.protocol import (
    REQUESTS,
    Answer,
    Arguments,
    Asker,
    ControlError,
    Handlers,
    Peer,
    Result,
    decode_request,
    encode_answer,
    encode_error,
    find,
)
from edged.control.socket_file import listen
from edged.errors import EdgedError

_PAUSE_S = 1.0
"""Between tries to accept where the process has no file descriptor left."""

log = logging.getLogger(__name__)


class Server:
    """Answers each request by the handler of its name, on a thread of its own."""

    def __init__(self, config: ControlConfig, handlers: Handlers) -> None:
        """``handlers`` may get more while it runs; the names there are, are told to whoever asks for ``requests``."""
        self.path = server_path(config, os.environ, os.getuid())
        self._config, self._handlers = config, handlers
        self._group = group_id(config.group)
        self._stream: socket.socket | None = None
        self._lock = -1
        self._stopping = threading.Event()
        self._busy: dict[threading.Thread, socket.socket] = {}
        self._thread = threading.Thread(target=self._accept, name="control", daemon=True)

    def start(self) -> None:
        """Listen from now on; ControlError where the socket cannot be made or another edged has it."""
        self._stream, self._lock = listen(self.path, self._group)
        self._thread.start()
        log.info("listening", extra={"socket": str(self.path)})

    def stop(self, limit_s: float) -> None:
        """Take no more requests, cancel those that run, and wait for them ``limit_s`` at most."""
        if self._stopping.is_set() or self._stream is None:
            return
        until_s = time.monotonic() + limit_s
        self._stopping.set()
        self._stream.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self._thread.join(limit_s)
        for thread, stream in list(self._busy.items()):
            with suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)
            thread.join(max(until_s - time.monotonic(), 0.0))
        self.path.unlink(missing_ok=True)
        self._stream.close()
        os.close(self._lock)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                stream = self._stream.accept()[0] if self._stream else None
            except OSError as error:
                if not self._stopping.is_set():
                    log.warning("cannot accept", extra={"reason": str(error)})
                    self._stopping.wait(_PAUSE_S)
                continue
            if stream is not None:
                self._welcome(stream)

    def _welcome(self, stream: socket.socket) -> None:
        if len(self._busy) >= self._config.clients:
            busy = f"{len(self._busy)} requests are being answered, no more at a time; try again"
            self._refuse(stream, ControlError(busy))
            stream.close()
            return
        thread = threading.Thread(target=self._serve, args=(stream,), name="control-client", daemon=True)
        self._busy[thread] = stream
        thread.start()

    def _serve(self, stream: socket.socket) -> None:
        try:
            with closing(stream):
                self._answer(stream, peer_of(stream))
        finally:
            del self._busy[threading.current_thread()]

    def _answer(self, stream: socket.socket, peer: Peer) -> None:
        try:
            if not may_ask(peer, os.getuid(), self._group):
                raise ControlError(f"{peer.by}: may not; be root or a member of group {self._config.group}")
            if line := read_line(stream, bytearray(), self._config.request_s):
                self._do(line, peer, stream)
        except EdgedError as error:
            self._refuse(stream, error)
        except Exception as fault:  # a handler's bug costs the request, not the box
            log.exception("a request failed")
            self._refuse(stream, ControlError(f"edged has a fault: {fault!r}; its log says more"))

    def _do(self, line: bytes, peer: Peer, stream: socket.socket) -> None:
        do, arguments = decode_request(line)
        answers = (self._requests if do == REQUESTS else find(self._handlers, do))(arguments, peer)
        try:
            for answer in answers:
                write_line(stream, encode_answer(answer), self._config.request_s)
                if isinstance(answer, Result):
                    return
                if has_closed(stream):
                    log.info("cancelled", extra={"request": do, "by": peer.by})
                    return
        finally:
            if close := getattr(answers, "close", None):
                close()

    def _requests(self, _arguments: Arguments, _asker: Asker) -> Iterator[Answer]:
        yield Result(sorted(self._handlers))

    def _refuse(self, stream: socket.socket, error: EdgedError) -> None:
        with suppress(ControlError):  # nobody may be left to tell
            write_line(stream, encode_error(error), self._config.request_s)
