"""Asks a running edged."""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path

from edged.control.config import ControlConfig, client_paths
from edged.control.lines import read_line, write_line
from edged.control.protocol import REQUESTS, Answer, Arguments, ControlError, Result, decode_answer, encode_request

LIMIT_S = 60.0
"""A running edged says something at least this often."""


def running(config: ControlConfig, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The socket of a running edged; None where none runs, ControlError where one runs that we may not ask."""
    for path in client_paths(config, environment, os.getuid()):
        try:
            _connect(path).close()
        except ControlError as error:
            if isinstance(error.__cause__, FileNotFoundError | ConnectionRefusedError | NotADirectoryError):
                continue
            if isinstance(error.__cause__, PermissionError):
                raise ControlError(f"{error}; be root or a member of group {config.group}") from None
            raise
        return path
    return None


def serves(path: Path, do: str, limit_s: float = LIMIT_S) -> bool:
    """Whether the edged at ``path`` answers requests of that name: one without faces knows nobody.

    True where it does not say: whoever asks then hears why.
    """
    try:
        return any(do in answer.value for answer in ask(path, REQUESTS, {}, limit_s))
    except ControlError:
        return True


def ask(path: Path, do: str, arguments: Arguments, limit_s: float = LIMIT_S) -> Iterator[Answer]:
    """What comes back, the result last; closing the iterator cancels. ControlError with what went wrong."""
    request, rest = encode_request(do, arguments), bytearray()
    with closing(_connect(path)) as stream:
        with suppress(ControlError):  # where it hangs up early it has said why
            write_line(stream, request, limit_s)
        while line := read_line(stream, rest, limit_s):
            answer = decode_answer(line)
            yield answer
            if isinstance(answer, Result):
                return
    raise ControlError(f"{path}: {do}: edged closed the connection before it had answered")


def _connect(path: Path) -> socket.socket:
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        stream.connect(str(path))
    except OSError as error:
        stream.close()
        raise ControlError(f"{path}: cannot be reached: {error.strerror or error}") from error
    return stream
