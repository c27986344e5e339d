"""Lines over a socket, of bounded length and within bounded time."""

import select
import socket
import time

from edged.control.protocol import MOST_LINE_BYTES, ControlError

_CHUNK_BYTES = 2**16


def read_line(stream: socket.socket, rest: bytearray, limit_s: float) -> bytes:
    """The next line, without its end; b"" where the other side has closed. ``rest`` keeps what came after it.

    ControlError where it is longer than MOST_LINE_BYTES or is not whole within ``limit_s``.
    """
    until_s = time.monotonic() + limit_s
    searched = 0
    while (end := rest.find(b"\n", searched)) < 0:
        if len(rest) >= MOST_LINE_BYTES:
            raise ControlError(f"a line of more than {MOST_LINE_BYTES:,} bytes: ask for less at a time")
        searched = len(rest)
        stream.settimeout(max(until_s - time.monotonic(), 1e-3))
        try:
            chunk = stream.recv(_CHUNK_BYTES)
        except TimeoutError:
            raise ControlError(f"no whole line came within {limit_s:g} s") from None
        except OSError as error:
            raise ControlError(f"the other side has gone: {error.strerror}") from None
        if not chunk:
            return b""
        rest += chunk
    line = bytes(rest[:end])
    del rest[: end + 1]
    return line


def write_line(stream: socket.socket, line: bytes, limit_s: float) -> None:
    """Send ``line``; ControlError where the other side has gone or does not take it within ``limit_s``."""
    stream.settimeout(limit_s)
    try:
        stream.sendall(line)
    except OSError as error:
        raise ControlError(f"the other side has gone: {error.strerror or error}") from None


def has_closed(stream: socket.socket) -> bool:
    """Whether the other side has gone; one that has merely said all that it will say (`| nc -U …`) has not."""
    poll = select.poll()
    poll.register(stream, 0)  # POLLHUP and POLLERR are always told
    return bool(poll.poll(0))
