"""A microphone without hardware: PulseAudio with a source that reads a pipe, for PortAudio ``vmic``.

What is written to the pipe is what is recorded, sample for sample. The server can be frozen, killed and started again.
"""

import errno
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

import numpy as np
import soundfile

RATE_HZ = 16000
BLOCK_S = 0.02
START_LIMIT_S = 10.0


def missing() -> str:
    """What this machine lacks to run one; empty where nothing is missing."""
    if shutil.which("pulseaudio") is None:
        return "pulseaudio is not installed"
    if not list(Path("/usr/lib").glob("**/alsa-lib/libasound_module_pcm_pulse.so")):
        return "libasound2-plugins is not installed"
    return ""


class VirtualMicrophone:
    """A PulseAudio server of its own. ``env`` is for the process that records from ``device``."""

    device = "vmic"

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="vmic-"))  # short: a socket's path must fit into 108 bytes
        self._fifo = self.folder / "vmic.fifo"
        self._socket = self.folder / "pulse.sock"
        server: dict[str, Path | str] = {"XDG_RUNTIME_DIR": self.folder, "HOME": self.folder}
        server["PULSE_SERVER"] = f"unix:{self._socket}"
        client = self.folder / "client.conf"
        client.write_text("enable-shm = no\n")  # libpulse may hang for ever where a server that shares memory is killed
        server["PULSE_CLIENTCONFIG"] = client
        self.env = {**os.environ, **{name: str(value) for name, value in server.items()}}
        (self.folder / ".asoundrc").write_text('pcm.vmic { type pulse; device "vmic" }\n')
        self._server: subprocess.Popen[bytes] | None = None
        self._sound: bytes | None = None  # None: starved, nothing is written
        self._loop = False
        self._at = 0
        self._changed = threading.Lock()
        self._stopping = threading.Event()
        self._feeder = threading.Thread(target=self._feed, name="vmic-feeder", daemon=True)

    def __enter__(self) -> Self:
        self.restart()
        self._feeder.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._feeder.join(5)
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def play(self, sound: "np.ndarray | Path | str", *, loop: bool = False) -> float:
        """Play (n,) samples in [-1, 1] or a file, at 16 kHz, from now; then silence. Returns how long it takes."""
        samples = _read(sound) if isinstance(sound, str | Path) else np.asarray(sound)
        pcm = np.clip(np.round(samples * 32768.0), -32768, 32767).astype("<i2").tobytes()
        with self._changed:
            self._sound, self._at, self._loop = pcm, 0, loop
        return len(samples) / RATE_HZ

    def silence(self) -> None:
        """A running device that hears nothing at all: zeros."""
        self.play(np.zeros(0))

    def starve(self) -> None:
        """A stalled device: from now on nothing is written."""
        with self._changed:
            self._sound = None

    @property
    def playing(self) -> bool:
        """Whether what was last played has not been written to its end."""
        with self._changed:
            return self._sound is not None and (self._loop or self._at < len(self._sound))

    def freeze(self) -> None:
        """The server stands still, and with it all that waits for it."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """The server goes on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """The server is gone."""
        if self._server is not None:
            self._signal(signal.SIGKILL)  # ends a stopped process too
            self._server.wait(5)
            self._server = None

    def restart(self) -> None:
        """Start the server (again), and wait until it listens."""
        self.kill()
        for left_over in (self._fifo, self._socket):
            left_over.unlink(missing_ok=True)
        socket = f"module-native-protocol-unix socket={self._socket} auth-anonymous=1"
        pipe = f"module-pipe-source source_name=vmic file={self._fifo} rate={RATE_HZ} channels=1 format=s16le"
        command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
        said = self.folder / "pulseaudio.log"
        with said.open("wb") as log:
            self._server = subprocess.Popen([*command, "-L", socket, "-L", pipe], env=self.env, stdout=log, stderr=log)
        until = time.monotonic() + START_LIMIT_S
        while not (self._fifo.exists() and self._socket.exists()):
            if self._server.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"pulseaudio does not start: {said.read_text()}")
            time.sleep(0.01)

    def _signal(self, number: int) -> None:
        if self._server is not None and self._server.poll() is None:
            os.kill(self._server.pid, number)

    def _feed(self) -> None:
        """Write what is played at the pace of sound; what a frozen or dead server does not take is lost."""
        due, pipe = time.monotonic(), None
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            due = max(due + BLOCK_S, time.monotonic() - 0.5)
            block = self._next_block()
            if block is None:
                continue
            try:
                pipe = os.open(self._fifo, os.O_WRONLY | os.O_NONBLOCK) if pipe is None else pipe
                os.write(pipe, block)
            except BlockingIOError:
                pass  # full: the server is frozen
            except OSError as error:
                if error.errno not in {errno.ENXIO, errno.ENOENT, errno.EPIPE}:
                    raise
                if pipe is not None:
                    os.close(pipe)
                pipe = None
        if pipe is not None:
            os.close(pipe)

    def _next_block(self) -> bytes | None:
        size = round(BLOCK_S * RATE_HZ) * 2
        with self._changed:
            if self._sound is None:
                return None
            block = self._sound[self._at : self._at + size]
            self._at += size
            if self._loop and self._at >= len(self._sound):
                self._at = 0
        return block.ljust(size, b"\0")


def _read(path: Path | str) -> np.ndarray:
    samples, rate_hz = soundfile.read(str(path), dtype="float32", always_2d=True)
    if rate_hz != RATE_HZ:
        raise ValueError(f"{path}: {rate_hz} Hz, must be {RATE_HZ} Hz")
    return samples.mean(axis=1)
