"""A real box and a real broker, as processes."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

EDGED = (sys.executable, "-m", "edged")
LIMIT_S = 30.0
"""Nothing that is started here takes longer to come up."""


def environment() -> dict[str, str]:
    """Ours, without what the harness or a person's box would add to it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH" and not name.startswith("EDGED_")}


def free_port() -> int:
    """A loopback port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(command: Sequence[str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Started, and stopped by its pid; what it says goes to ``log``."""
    with (
        log.open("wb") as said,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=environment()) as it,
    ):
        try:
            yield it
        finally:
            it.send_signal(signal.SIGTERM)
            try:
                it.wait(10.0)
            except subprocess.TimeoutExpired:
                it.kill()


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    """A mosquitto of our own on loopback; its port."""
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n", encoding="utf-8")
    with process(("mosquitto", "-c", str(config)), folder / "mosquitto.log"):
        wait_for_port(port)
        yield port


def wait_for_port(port: int) -> None:
    """TimeoutError when nobody listens there in time."""
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        time.sleep(0.02)
    raise TimeoutError(f"nobody listens on port {port}")


def write_config(folder: Path, recordings: Mapping[str, Path], port: int) -> Path:
    """A box that listens to these recordings at their own pace, each by a pipeline of its own."""
    settings: dict[str, Any] = {
        "device": "bench",
        "sources": {
            name: {"type": "recording", "path": str(file), "loop": True, "chunk_s": 0.05}
            for name, file in recordings.items()
        },
        "pipelines": {name: {"kind": "drones", "source": name} for name in recordings},
        "mqtt": {"host": "127.0.0.1", "port": port},
    }
    path = folder / "edged.yaml"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


@dataclass(frozen=True, slots=True)
class Running:
    """A box that is ready."""

    pid: int
    ready_s: float
    """From the start of the process to its ``ready``."""


@contextmanager
def running(config: Path) -> Iterator[Running]:
    """``edged run``, once it has said that it is ready."""
    log, began_s = config.with_suffix(".log"), time.perf_counter()
    with process((*EDGED, "run", "-c", str(config)), log) as started:
        wait_until_ready(started, log)
        yield Running(started.pid, time.perf_counter() - began_s)


def wait_until_ready(started: "subprocess.Popen[bytes]", log: Path) -> None:
    """RuntimeError with what it said when it ends or is not ready in time."""
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until and started.poll() is None:
        if b" ready" in log.read_bytes():
            return
        time.sleep(0.002)
    raise RuntimeError(f"edged run is not ready:\n{log.read_text(errors='replace')}")


def resident_mb(pid: int) -> float:
    """Physical memory of a process, in megabytes of 10^6 bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def replay(recording: Path) -> int:
    """``edged replay`` with every default; how many events it found."""
    config = recording.with_suffix(".yaml")
    config.write_text("{}\n", encoding="utf-8")
    command = (*EDGED, "replay", str(recording), "-c", str(config))
    done = subprocess.run(command, stdout=subprocess.PIPE, env=environment(), check=True)
    return len(done.stdout.splitlines())
