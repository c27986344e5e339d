"""Recording: a sound file as a source, as fast as it can be read or at its own pace.

WAV, FLAC, OGG and MP3 through libsndfile; whatever else ffmpeg reads, where ffmpeg is there.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
from numpy.typing import NDArray
from pydantic import Field

from edged.config import Section
from edged.errors import RecordingError
from edged.messages.sound import Chunk
from edged.sources.files import must_be_readable, shown
from edged.sources.input_check import InputCheckConfig
from edged.sources.mono import Mono

Frames = NDArray[np.float32]
RATES_HZ = (1000, 768_000)
MAX_CHANNELS = 64
MAX_BLOCK = 2**20
"""Most numbers read at a time, all channels together: memory stays bounded whatever the header says."""


class RecordingConfig(Section):
    """A sound file in place of a microphone."""

    type: Literal["recording"] = "recording"
    path: Path
    """The file."""
    realtime: bool = True
    """At its own pace; false: as fast as it can be read, and a box that cannot keep up drops sound."""
    loop: bool = False
    """Begin again at its end, for ever."""
    chunk_s: float = Field(0.1, gt=0, le=1)
    """Sound handed over at a time."""
    calibration_db: float | None = Field(None, ge=40, le=200)
    """Sound pressure level (dB re 20 µPa) of a sound of 0 dBFS; null: unknown, levels are in dBFS only."""
    check: InputCheckConfig = InputCheckConfig()


def duration_s(path: Path) -> float | None:
    """Length of the file in seconds as its header has it; None where only reading it would tell."""
    try:
        info = soundfile.info(os.fsencode(path))
    except (soundfile.LibsndfileError, OSError, TypeError):
        return None
    return info.frames / info.samplerate if 0 < info.frames < 2**48 and info.samplerate > 0 else None


def read_frames(path: Path, chunk_s: float) -> Generator[tuple[Frames, int], None, None]:
    """Blocks of (frames, rate): float32 of shape (n, channels). RecordingError where the file cannot be read (on)."""
    must_be_readable(path)
    try:
        file = soundfile.SoundFile(os.fsencode(path))  # bytes: a name need not be UTF-8
    except (soundfile.LibsndfileError, OSError, TypeError) as error:  # TypeError: it asks for the format of *.raw
        yield from _read_with_ffmpeg(path, chunk_s, _reason(error))
        return
    with file:
        if not RATES_HZ[0] <= file.samplerate <= RATES_HZ[1] or file.channels > MAX_CHANNELS:
            limits = f"must be {RATES_HZ[0]} to {RATES_HZ[1]} Hz and at most {MAX_CHANNELS} channels"
            raise RecordingError(f"{shown(path)}: {file.samplerate} Hz, {file.channels} channels; {limits}")
        yield from _read_with_libsndfile(file, path, chunk_s)


def _read_with_libsndfile(
    file: soundfile.SoundFile, path: Path, chunk_s: float
) -> Generator[tuple[Frames, int], None, None]:
    size, read = max(1, min(round(chunk_s * file.samplerate), MAX_BLOCK // file.channels)), 0
    while True:
        try:
            frames = file.read(size, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise _damaged(path, read / file.samplerate, _reason(error)) from None
        if not len(frames):
            break
        read += len(frames)
        yield frames, file.samplerate
    if not read:
        raise RecordingError(f"{shown(path)}: holds no sound")


def _read_with_ffmpeg(path: Path, chunk_s: float, reason: str) -> Generator[tuple[Frames, int], None, None]:
    ffmpeg, rate_hz = shutil.which("ffmpeg"), 16000
    if ffmpeg is None:
        raise RecordingError(f"{shown(path)}: libsndfile cannot read it ({reason}), and ffmpeg is not installed")
    command = [ffmpeg, "-nostdin", "-v", "error", "-protocol_whitelist", "file,pipe", "-i", f"file:{path}"]
    command += ["-map", "0:a:0", "-ac", "1", "-ar", str(rate_hz), "-f", "f32le", "-"]
    size, read = round(chunk_s * rate_hz) * 4, 0
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said) as process,  # noqa: S603  # no shell
    ):
        try:
            while block := process.stdout.read(size) if process.stdout else b"":
                read += len(block) // 4
                yield np.frombuffer(block[: len(block) // 4 * 4], "<f4").reshape(-1, 1), rate_hz
            failed = process.wait() != 0
        finally:
            process.kill()
        said.seek(0)
        complaint = said.read(4000).decode(errors="replace").strip().splitlines()[:1] or [reason]
    if not read:
        raise RecordingError(f"{shown(path)}: is no sound that libsndfile or ffmpeg can read ({complaint[0]})")
    if failed:
        raise _damaged(path, read / rate_hz, complaint[0])


def _damaged(path: Path, after_s: float, reason: str) -> RecordingError:
    return RecordingError(f"{shown(path)}: damaged after {after_s:.1f} s: {reason}; what came before was read")


def _reason(error: Exception) -> str:
    return str(error).rpartition(": ")[2].rstrip(".") or type(error).__name__


class Recording:
    """A file, resampled to mono at ``rate_hz``."""

    def __init__(self, config: RecordingConfig, rate_hz: int = 16000) -> None:
        self._config, self._rate_hz = config, rate_hz

    def stream(self) -> Generator[Chunk, None, None]:
        """The file's sound, chunk by chunk; RecordingError where it cannot be read (any further)."""
        began_s, mono = time.monotonic(), None
        while True:
            for frames, rate_hz in read_frames(self._config.path, self._config.chunk_s):
                mono = mono or Mono(rate_hz, self._rate_hz, time.time())
                chunk = mono(frames)
                if self._config.realtime:
                    time.sleep(max(0.0, began_s + chunk.span.end_s - time.monotonic()))
                yield chunk
            if not self._config.loop:
                break
        if mono is not None:
            yield mono(np.zeros((0, 1), np.float32), last=True)

    def __iter__(self) -> Iterator[Chunk]:
        return self.stream()
