"""Microphone: live sound through PortAudio.

Blocking reads on the capture thread, never callbacks (they need executable memory, which a hardened service has not).
What is there is asked for before it is read, so that a device that stalls without a word cannot hold the thread.
"""

import difflib
import logging
import time
from collections.abc import Collection, Generator
from dataclasses import replace
from types import ModuleType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from edged.config import Section
from edged.errors import DeviceLostError
from edged.messages.sound import Chunk
from edged.sources import look_anew, portaudio
from edged.sources.input_check import InputCheckConfig
from edged.sources.mono import Mono
from edged.sources.sample_rate import LiveChunk, clock_s

log = logging.getLogger(__name__)

POLL_S = 0.01
MOST_REFUSALS = 10
"""So often a device that was open before is asked for the same; then it may be another one of that name."""
IDLE_S = 0.5
"""Say "nothing yet" this often while the device gives nothing."""


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
    calibration_db: float | None = Field(None, ge=40, le=200)
    """Sound pressure level (dB re 20 µPa) of a sound of 0 dBFS: for a microphone of -26 dBFS at 94 dB SPL, 120; null:
    not calibrated, levels are in dBFS only."""
    check: InputCheckConfig = InputCheckConfig()


def input_devices() -> list[dict[str, Any]]:
    """The devices that can record: ``index``, ``name``, ``max_input_channels``, ``default_samplerate``."""
    sound = portaudio.load()
    try:
        return [device for device in sound.query_devices() if device["max_input_channels"] > 0]
    except sound.PortAudioError as error:
        raise DeviceLostError(f"PortAudio cannot list its devices: {error}") from None


def describe(devices: list[dict[str, Any]]) -> str:
    """One line a device, as `edged devices` prints them."""
    line = "{index:>3}  {name}  ({max_input_channels} channels, {default_samplerate:.0f} Hz)"
    return "\n".join(line.format(**device) for device in devices) or "  no device can record"


def find_device(wanted: str | int | None, devices: list[dict[str, Any]]) -> dict[str, Any]:
    """The device of that number, name or unambiguous part of a name; DeviceLostError with the list where none fits."""
    if wanted is None and devices:
        return next((device for device in devices if device["name"] == "default"), devices[0])
    fits = [device for device in devices if wanted in (device["index"], device["name"])]
    if not fits and isinstance(wanted, str):
        fits = [device for device in devices if wanted.lower() in device["name"].lower()]
    if len(fits) == 1:
        return fits[0]
    problem = f"fits {len(fits)} devices, name it in full or by number" if fits else "no such device"
    names = {device["name"].lower(): device["name"] for device in devices}
    near = difflib.get_close_matches(str(wanted).lower(), names, n=1, cutoff=0.4)
    hint = f"; did you mean {names[near[0]]!r}?" if near and not fits else ""
    name = "default" if wanted is None else repr(wanted)
    raise DeviceLostError(f"microphone {name}: {problem}{hint}\n{describe(devices)}")


def has_come(wanted: str | int | None, new: Collection[str]) -> bool:
    """Whether the microphone may be among the devices that were not there before."""
    return any(not isinstance(wanted, str) or wanted.lower() in name.lower() for name in new)


class Microphone:
    """A device, mixed to mono and resampled to ``rate_hz``."""

    def __init__(self, config: MicrophoneConfig, rate_hz: int = 16000) -> None:
        self._config, self._rate_hz = config, rate_hz
        self._known: tuple[str, int, int] | None = None  # the device that was opened last, its rate and channels
        self._refused = 0  # how often it has refused these since

    def stream(self) -> Generator[Chunk | None, None, None]:
        """Open the device and yield its sound; None while it gives nothing. DeviceLostError when it is gone.

        Where another microphone needs a new list of devices, it is closed and opened again, and a gap is marked.
        """
        sound, stream, rate_hz = self._open(self._config.device)
        mono, gap = Mono(rate_hz, self._rate_hz), False
        while True:
            try:
                yield from self._read(sound, stream, mono, rate_hz, gap=gap)
            finally:
                portaudio.close(stream)
            sound, stream, rate_hz = self._open(self._known[0] if self._known else None)  # whatever its number is now
            gap = True

    def _open(self, wanted: str | int | None) -> tuple[ModuleType, Any, int]:
        """PortAudio, the running stream, and its rate."""
        known: set[str] = set()
        try:
            with portaudio.alone() as sound:
                devices = input_devices()
                known.update(device["name"] for device in devices)
                return sound, *self._open_device(sound, find_device(wanted, devices))
        except DeviceLostError:
            if known and portaudio.can_renew() and has_come(wanted, set(look_anew.device_names()) - known):
                log.info("a microphone has come; all are opened again", extra={"device": wanted})
                portaudio.ask_to_renew()
            raise

    def _open_device(self, sound: ModuleType, device: dict[str, Any]) -> tuple[Any, int]:
        rate_hz, channels = self._format(sound, device)
        options = (rate_hz, 0, device["index"], channels, "float32", self._config.buffer_s)
        try:
            stream = portaudio.open_stream(sound, *options)
        except sound.PortAudioError as error:
            raise DeviceLostError(f"microphone {device['name']!r}: cannot be opened: {error}") from None
        log.info("microphone opened", extra={"device": device["name"], "rate_hz": rate_hz, "channels": channels})
        self._known, self._refused = (device["name"], rate_hz, channels), 0
        return stream, rate_hz

    def _format(self, sound: ModuleType, device: dict[str, Any]) -> tuple[int, int]:
        """The rate and channels to open the device with: the config's, else what fits the models best.

        A device that was open before offers the same again, or is not ready yet: a sound server that is starting may
        refuse one channel and take 32, of which the sound is on one.
        """
        if self._known and self._known[0] == device["name"] and self._refused < MOST_REFUSALS:
            self._refused += 1
            return self._known[1:]
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

    def _read(
        self, sound: ModuleType, stream: Any, mono: Mono, rate_hz: int, *, gap: bool
    ) -> Generator[Chunk | None, None, None]:
        """Its sound, until it is to be opened again."""
        size, idle_at = max(1, round(self._config.chunk_s * rate_hz)), time.monotonic() + IDLE_S
        while not portaudio.is_to_renew():
            try:
                available = stream.read_available
                if available < size:
                    time.sleep(POLL_S)
                    if time.monotonic() >= idle_at:
                        idle_at, gap = time.monotonic() + IDLE_S, True
                        yield None
                    continue
                frames, overflowed = stream.read(size)
            except sound.PortAudioError as error:
                raise DeviceLostError(f"microphone went away: {error}") from None
            yield self._chunk(mono, frames, gap=gap or overflowed, waiting_s=(available - size) / rate_hz)
            idle_at, gap = time.monotonic() + IDLE_S, False

    def _chunk(self, mono: Mono, frames: NDArray[np.float32], *, gap: bool, waiting_s: float) -> LiveChunk:
        """The chunk, dated: its last sample was taken ``waiting_s`` ago."""
        chunk, taken_s = mono(frames, gap=gap), clock_s() - waiting_s
        epoch_s = time.time() - waiting_s - chunk.span.end_s
        return LiveChunk(chunk.samples, replace(chunk.span, epoch_s=epoch_s), gap, taken_s)
