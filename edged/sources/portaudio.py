"""PortAudio: one for the whole process, and not made for threads. The only place where sounddevice is imported."""

import atexit
import importlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from edged.errors import DeviceLostError

CLOSE_LIMIT_S = 2.0
"""PortAudio's abort can hang with its server frozen; it is left behind after this."""

STEP_ASIDE_S = 1.0
"""For all microphones to be closed, where PortAudio is to be started anew."""
RENEW_EVERY_S = (30.0, 3600.0)
"""No more often are they asked to, as each loses a moment of sound; at most so rarely, where one of them hangs."""

_guard = threading.Lock()
_closed = threading.Condition(_guard)
_streams: list[Any] = []
"""What is open in this process, closing included."""
_wanted = threading.Event()
"""PortAudio is to be started anew, though a microphone is open."""
_asked_s, _pause_s = float("-inf"), RENEW_EVERY_S[0]


def load() -> ModuleType:
    """sounddevice, or DeviceLostError with what to install."""
    try:
        sounddevice = importlib.import_module("sounddevice")
    except OSError as error:
        raise DeviceLostError(f"PortAudio is missing ({error}); `apt install libportaudio2`") from None
    except Exception as error:  # its own, which cannot be named: it starts PortAudio while it is imported
        raise DeviceLostError(f"PortAudio does not start: {error}") from None
    atexit.unregister(sounddevice._exit_handler)  # noqa: SLF001  # hangs with the sound server frozen
    return sounddevice


@contextmanager
def alone() -> Iterator[ModuleType]:
    """sounddevice, newly started, to ourselves: no two threads may open, close and list at once.

    DeviceLostError where another hangs in it.
    """
    if not _guard.acquire(timeout=CLOSE_LIMIT_S):
        raise DeviceLostError("the sound system does not return from opening or closing a microphone")
    try:
        sound = load()
        _renew(sound)
        yield sound
    finally:
        _guard.release()


def _renew(sound: ModuleType) -> None:
    """Start PortAudio anew: it lists devices once, and does not see what was plugged in since.

    Not while another microphone is open, whose stream would be pulled from under it; where that is asked to be closed,
    it is waited for.
    """
    global _pause_s  # noqa: PLW0603  # one PortAudio a process
    if _wanted.is_set():
        done = _closed.wait_for(lambda: not _streams, STEP_ASIDE_S)
        _pause_s = RENEW_EVERY_S[0] if done else min(2 * _pause_s, RENEW_EVERY_S[1])
        _wanted.clear()
    if _streams:
        return
    try:
        while sound._initialized:  # noqa: SLF001  # sounddevice documents these for just this
            sound._terminate()  # noqa: SLF001
        sound._initialize()  # noqa: SLF001
    except sound.PortAudioError as error:
        raise DeviceLostError(f"PortAudio does not start: {error}") from None


def can_renew() -> bool:
    """Whether the list of devices may be out of date, and those who hear may be asked to make room for a new one."""
    return bool(_streams) and time.monotonic() - _asked_s >= _pause_s


def ask_to_renew() -> None:
    """Have every open microphone closed and opened again, with a new list of devices."""
    global _asked_s  # noqa: PLW0603  # one PortAudio a process
    _asked_s = time.monotonic()
    _wanted.set()


def is_to_renew() -> bool:
    """Whether who reads a stream is to close it and open it again."""
    return _wanted.is_set()


def open_stream(sound: ModuleType, *options: Any) -> Any:
    """A running input stream; sounddevice's PortAudioError where there can be none."""
    stream = sound.InputStream(*options)
    try:
        stream.start()
    except sound.PortAudioError:
        stream.close(ignore_errors=True)
        raise
    _streams.append(stream)
    return stream


def close(stream: Any) -> None:
    """Close a stream without trusting it to return."""

    def abort_and_close() -> None:
        with _guard:
            stream.abort(ignore_errors=True)
            stream.close(ignore_errors=True)
            _streams.remove(stream)
            _closed.notify_all()

    thread = threading.Thread(target=abort_and_close, name="close-microphone", daemon=True)
    thread.start()
    thread.join(CLOSE_LIMIT_S)
