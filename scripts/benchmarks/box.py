"""A real box and a real broker, as processes."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
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
    with log.open("wb") as said, subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=environment()) as it:
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


def write_config(path: Path, recordings: Mapping[str, Path], port: int) -> Path:
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
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


@contextmanager
def box(config: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """``edged run``, once it has said that it is ready."""
    log = config.with_suffix(".log")
    with process((*EDGED, "run", "-c", str(config)), log) as running:
        wait_until_ready(running, log)
        yield running


def wait_until_ready(running: "subprocess.Popen[bytes]", log: Path) -> None:
    """RuntimeError with what it said when it ends or is not ready in time."""
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until and running.poll() is None:
        if b" ready" in log.read_bytes():
            return
        time.sleep(0.002)
    raise RuntimeError(f"edged run is not ready:\n{log.read_text(errors='replace')}")
