"""PortAudio: one for the whole process, and not made for threads. The only place where sounddevice is imported."""

import atexit
import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from edged.errors import DeviceLostError

CLOSE_LIMIT_S = 2.0
"""PortAudio's abort can hang with its server frozen; it is left behind after this."""

_guard = threading.Lock()
_streams: list[Any] = []
"""What is open in this process, closing included."""


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

    Not while another microphone is open, whose stream would be pulled from under it.
    """
    if _streams:
        return
    try:
        while sound._initialized:  # noqa: SLF001  # sounddevice documents these for just this
            sound._terminate()  # noqa: SLF001
        sound._initialize()  # noqa: SLF001
    except sound.PortAudioError as error:
        raise DeviceLostError(f"PortAudio does not start: {error}") from None


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

    thread = threading.Thread(target=abort_and_close, name="close-microphone", daemon=True)
    thread.start()
    thread.join(CLOSE_LIMIT_S)
