"""Servers: all that a box needs round it, each a real one or a stand-in that can be broken and mended."""

import os
import shutil
import signal
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests import cameras
from tests.broker import MOSQUITTO, Broker
from tests.faces import DATA
from tests.inference.edgetpu.stand_in import StandIn
from tests.virtual_microphone import VirtualMicrophone
from tests.virtual_microphone import missing as microphone_missing

STATE_MB = 16
KEPT = "persistence true\npersistence_location {folder}/\nautosave_on_changes true\nautosave_interval 1\n"
"""The broker keeps sessions on its disk, so that the subscriber has its own after a kill."""


class Disk:
    """A small disk of its own for the box's state."""

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Not one byte is left."""
        with self._filler.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)) == 4096:
                    pass
            except OSError:
                pass

    def empty(self) -> None:
        """There is room again."""
        self._filler.unlink(missing_ok=True)


class Brokers:
    """One port, one folder of sessions; a broker that lets everybody in, or one that lets in nobody."""

    def __init__(self, folder: Path) -> None:
        kept = KEPT.format(folder=folder)
        (folder / "refusing").mkdir(parents=True)
        self._open = Broker(folder, f"allow_anonymous true\n{kept}")
        self.port = self._open.port
        self._refusing = Broker(folder / "refusing", f"allow_anonymous false\n{kept}", self.port)

    def start(self) -> None:
        """Whoever comes is let in."""
        self._refusing.stop()
        self._open.start()

    def refuse(self) -> None:
        """The same broker, but nobody is let in."""
        self._open.stop()
        self._refusing.start()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """It is gone."""
        self._refusing.stop()
        self._open.stop(how)

    def signal(self, which: signal.Signals) -> None:
        """Such as SIGSTOP."""
        self._open.signal(which)


@dataclass(frozen=True, slots=True)
class Servers:
    """What this machine lacks is None and stands in ``left_out``."""

    brokers: Brokers
    microphone: VirtualMicrophone
    camera: cameras.MjpegCamera | None
    rtsp: cameras.RtspCamera | None
    accelerator: StandIn | None
    disk: Disk | None
    left_out: list[str]


def cannot_run() -> str:
    """What is missing without which there is no soak; empty where nothing is."""
    return microphone_missing() or ("" if MOSQUITTO else "mosquitto is not installed")


def start_servers(folder: Path, stack: ExitStack) -> Servers:
    """All that can be had; ``stack`` stops them."""
    left_out: list[str] = []
    disk = _disk(folder / "state", stack, left_out)
    brokers = Brokers(folder / "mosquitto")
    stack.callback(brokers.stop)
    brokers.start()
    microphone = stack.enter_context(VirtualMicrophone())
    camera, second = _cameras(stack, left_out)
    return Servers(brokers, microphone, camera, second, _accelerator(folder / "edgetpu", left_out), disk, left_out)


def _disk(folder: Path, stack: ExitStack, left_out: list[str]) -> Disk | None:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={STATE_MB}m", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        left_out.append("a full disk: only root may mount a small one")
        return None
    stack.callback(subprocess.run, ["umount", "-l", str(folder)], check=False)
    return Disk(folder)


def _cameras(stack: ExitStack, left_out: list[str]) -> tuple[cameras.MjpegCamera | None, cameras.RtspCamera | None]:
    if not DATA.is_dir():
        left_out.append("cameras: no models of faces; ../shared/data is not here")
        return None, None
    camera = stack.enter_context(cameras.MjpegCamera(fps=8))
    if lacks := cameras.missing():
        left_out.append(f"the RTSP camera: {lacks}")
        return camera, None
    return camera, stack.enter_context(cameras.RtspCamera("smpte"))


def _accelerator(folder: Path, left_out: list[str]) -> StandIn | None:
    if shutil.which("gcc") is None:
        left_out.append("the accelerator: no gcc to build its stand-in with")
        return None
    folder.mkdir()
    return StandIn(folder)
