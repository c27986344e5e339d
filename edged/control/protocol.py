"""What goes over the control socket: one JSON line asks, JSON lines answer.

    {"do": "people.show", "name": "Ana"}
    {"progress": {…}}                                    none, one or many
    {"result": …}   or   {"error": "…", "exit_code": 1}   the last line

One request a connection; whoever closes it has cancelled what they asked for.
"""

import base64
import json
import pwd
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from edged.errors import EdgedError

MOST_LINE_BYTES = 8 * 2**20
"""Longest line, either way: a picture of 1280 x 1280 pixels fits, and a list of 10,000 people."""

REQUESTS = "requests"
"""What every server answers: the names of all else that may be asked."""


class ControlError(EdgedError):
    """A request or its answer did not get through, or was refused."""


class Asker(Protocol):
    """Who asks."""

    @property
    def by(self) -> str:
        """For the audit log."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who asks at the socket, as the kernel has it."""

    uid: int
    gid: int
    pid: int

    @property
    def by(self) -> str:
        """For the audit log: ``ana (uid 1000, pid 4711)``."""
        try:
            name = pwd.getpwuid(self.uid).pw_name
        except KeyError:
            name = "?"
        return f"{name} (uid {self.uid}, pid {self.pid})"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is; may be let go by."""

    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """What was asked for; nothing comes after it."""

    value: Any


Answer = Progress | Result
Arguments = Mapping[str, Any]
Handler = Callable[[Arguments, Asker], Iterator[Answer]]
"""What answers requests of one name; EdgedError where it cannot. Its iterator is closed when the asker goes away."""
Handlers = Mapping[str, Handler]
Ask = Callable[[str, Arguments], Iterator[Answer]]
"""Asks by name: over a socket, or of handlers in this process. EdgedError as the handler raises it."""


def encode_request(do: str, arguments: Arguments) -> bytes:
    """One line; ControlError where it is too long."""
    return _encode({**arguments, "do": do})


def decode_request(line: bytes) -> tuple[str, Arguments]:
    """The name of what is asked for, and its arguments; ControlError that says what is wrong with the line."""
    request = _decode(line)
    do = request.pop("do", None)
    if not isinstance(do, str):
        raise ControlError(f"request: do: {do!r:.60}, must be the name of a command")
    return do, request


def encode_answer(answer: Answer) -> bytes:
    """One line; ControlError where it is too long."""
    return _encode({"progress" if isinstance(answer, Progress) else "result": answer.value})


def encode_error(error: EdgedError) -> bytes:
    """One line, whatever the error says."""
    return _encode({"error": str(error)[:10_000], "exit_code": error.exit_code})


def decode_answer(line: bytes) -> Answer:
    """What the other side says; raises ControlError, with the exit code, where it says that there is an error."""
    answer = _decode(line)
    if "result" in answer:
        return Result(answer["result"])
    if isinstance(answer.get("progress"), dict):
        return Progress(answer["progress"])
    error = ControlError(str(answer.get("error", f"answer: {line[:60]!r}, must have progress, result or error")))
    code = answer.get("exit_code")
    error.exit_code = code if isinstance(code, int) else error.exit_code
    raise error


def of_handlers(handlers: Handlers, asker: Asker) -> Ask:
    """Asks handlers in this process, as a server would."""
    return lambda do, arguments: find(handlers, do)(arguments, asker)


def find(handlers: Handlers, do: str) -> Handler:
    """The handler of that name; ControlError with the names there are."""
    if do not in handlers:
        raise ControlError(f"request: do: {do!r:.60}, must be one of: {', '.join(sorted(handlers))}")
    return handlers[do]


def _encode(value: Mapping[str, Any]) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_as_base64)
    line = text.encode() + b"\n"
    if len(line) > MOST_LINE_BYTES:
        raise ControlError(
            f"a line of {len(line):,} bytes, must be at most {MOST_LINE_BYTES:,}: ask for less at a time"
        )
    return line


def _as_base64(value: object) -> str:
    """Bytes, which JSON has not."""
    if not isinstance(value, bytes):
        raise TypeError(f"{type(value).__name__}: is not for JSON")
    return base64.b64encode(value).decode("ascii")


def _decode(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise ControlError(f"line {line[:60]!r}: is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ControlError(f"line {line[:60]!r}: must be a JSON object")
    return value


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number")
