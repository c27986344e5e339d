"""Microphone: live sound through PortAudio. The only place where sounddevice is imported.

Blocking reads on the capture thread, never callbacks (they need executable memory, which a hardened service has not).
What is there is asked for before it is read, so that a device that stalls without a word cannot hold the thread.
"""

import difflib
import importlib
import threading
import time
from collections.abc import Generator
from dataclasses import replace
from types import ModuleType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from edged.config import Section
from edged.errors import DeviceLostError
from edged.messages.sound import Chunk
from edged.sources.input_check import InputCheckConfig
from edged.sources.mono import Mono

POLL_S = 0.01
IDLE_S = 0.5
"""Say "nothing yet" this often while the device gives nothing."""
CLOSE_LIMIT_S = 2.0
"""PortAudio's abort can hang with its server frozen; it is left behind after this."""


class MicrophoneConfig(Section):
    """A microphone."""

    type: Literal["microphone"] = "microphone"
    device: str | int | None = None
    """Name (or the part of it that fits only one) or number, as `edged devices` lists them; null: the default."""
    rate_hz: int | None = Field(None, ge=8000, le=384_000)
    """Sample rate to open the device at; null: the models' rate where the device offers it, else its own."""
    channels: int | None = Field(None, ge=1, le=64)
    """Channels to open, mixed to one; null: one where the device offers that, else all."""
    chunk_s: float = Field(0.05, gt=0, le=1)
    """Sound read at a time."""
    buffer_s: float = Field(0.5, gt=0, le=10)
    """Sound that the driver keeps for us while the box is busy; it does not delay what is read."""
    check: InputCheckConfig = InputCheckConfig()


def portaudio() -> ModuleType:
    """sounddevice, or DeviceLostError with what to install."""
    try:
        sounddevice = importlib.import_module("sounddevice")
    except OSError as error:
        raise DeviceLostError(f"PortAudio is missing ({error}); `apt install libportaudio2`") from None
    return sounddevice


def input_devices() -> list[dict[str, Any]]:
    """The devices that can record: ``index``, ``name``, ``max_input_channels``, ``default_samplerate``."""
    return [device for device in portaudio().query_devices() if device["max_input_channels"] > 0]


def describe(devices: list[dict[str, Any]]) -> str:
    """One line a device, as `edged devices` prints them."""
    line = "{index:>3}  {name}  ({max_input_channels} channels, {default_samplerate:.0f} Hz)"
    return "\n".join(line.format(**device) for device in devices) or "  no device can record"


def find_device(wanted: str | int | None, devices: list[dict[str, Any]]) -> dict[str, Any]:
    """The device of that number, name or unambiguous part of a name; DeviceLostError with the list where none fits."""
    if wanted is None:
        wanted = "default" if any(device["name"] == "default" for device in devices) else -1
    exact = [device for device in devices if wanted in (device["index"], device["name"])]
    part = [device for device in devices if isinstance(wanted, str) and wanted.lower() in device["name"].lower()]
    if wanted == -1 and devices:
        return devices[0]
    if exact or len(part) == 1:
        return (exact or part)[0]
    names = [device["name"] for device in devices]
    near = difflib.get_close_matches(str(wanted), names, n=1, cutoff=0.4)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    fits = f"fits {len(part)} devices" if part else "no such device"
    raise DeviceLostError(f"microphone {wanted!r}: {fits}{hint}\n{describe(devices)}")


class Microphone:
    """A device, mixed to mono and resampled to ``rate_hz``."""

    def __init__(self, config: MicrophoneConfig, rate_hz: int = 16000) -> None:
        self._config, self._rate_hz = config, rate_hz

    def stream(self) -> Generator[Chunk | None, None, None]:
        """Open the device and yield its sound; None while it gives nothing. DeviceLostError when it is gone."""
        sound = portaudio()
        renew(sound)
        device = find_device(self._config.device, input_devices())
        rate_hz, channels = self._format(sound, device)
        try:
            stream = sound.InputStream(rate_hz, 0, device["index"], channels, "float32", self._config.buffer_s)
            stream.start()
        except sound.PortAudioError as error:
            raise DeviceLostError(f"microphone {device['name']!r}: cannot be opened: {error}") from None
        try:
            yield from self._read(sound, stream, rate_hz)
        finally:
            abandon(stream)

    def _format(self, sound: ModuleType, device: dict[str, Any]) -> tuple[int, int]:
        """The rate and channels to open the device with: the config's, else what fits the models best."""
        rates = [self._config.rate_hz] if self._config.rate_hz else [self._rate_hz, int(device["default_samplerate"])]
        counts = [self._config.channels] if self._config.channels else [1, device["max_input_channels"]]
        reason = ""
        for rate_hz in rates:
            for channels in counts:
                try:
                    sound.check_input_settings(device["index"], channels, "float32", samplerate=rate_hz)
                except sound.PortAudioError as error:
                    reason = str(error)
                else:
                    return rate_hz, channels
        raise DeviceLostError(
            f"microphone {device['name']!r}: offers none of {rates} Hz with {counts} channels: {reason}"
        )

    def _read(self, sound: ModuleType, stream: Any, rate_hz: int) -> Generator[Chunk | None, None, None]:
        mono, size = Mono(rate_hz, self._rate_hz), max(1, round(self._config.chunk_s * rate_hz))
        idle_at = time.monotonic() + IDLE_S
        while True:
            try:
                available = stream.read_available
                if available < size:
                    time.sleep(POLL_S)
                    if time.monotonic() >= idle_at:
                        idle_at = time.monotonic() + IDLE_S
                        yield None
                    continue
                frames, overflowed = stream.read(size)
            except sound.PortAudioError as error:
                raise DeviceLostError(f"microphone went away: {error}") from None
            idle_at = time.monotonic() + IDLE_S
            yield self._chunk(mono, frames, overflowed=overflowed, waiting_s=(available - size) / rate_hz)

    def _chunk(self, mono: Mono, frames: NDArray[np.float32], *, overflowed: bool, waiting_s: float) -> Chunk:
        """The chunk, dated: its last sample was taken ``waiting_s`` ago."""
        chunk = mono(frames, gap=overflowed)
        epoch_s = time.time() - waiting_s - chunk.span.end_s
        return replace(chunk, span=replace(chunk.span, epoch_s=epoch_s))


def renew(sound: ModuleType) -> None:
    """Start PortAudio anew: it lists devices once, and does not see what was plugged in since."""
    sound._terminate()  # noqa: SLF001  # sounddevice documents these two for just this
    sound._initialize()  # noqa: SLF001


def abandon(stream: Any) -> None:
    """Close a stream without trusting it to return."""

    def close() -> None:
        stream.abort(ignore_errors=True)
        stream.close(ignore_errors=True)

    thread = threading.Thread(target=close, name="close-microphone", daemon=True)
    thread.start()
    thread.join(CLOSE_LIMIT_S)
