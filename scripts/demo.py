"""The demo: a broker, the real daemon on a fly-over, and every MQTT message with what it means."""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import soundfile
from demo_wire import Wire, say
from rich.markup import escape

from edged.synthesis import FlyOver, fly_over

BIN = Path(sys.executable).parent
AMQTT = """\
listeners: {{default: {{type: tcp, bind: "127.0.0.1:{port}"}}}}
plugins: {{amqtt.plugins.authentication.AnonymousAuthPlugin: {{allow_anonymous: true}}}}
"""
GOODBYE_S = 10.0


def main() -> int:
    """Run the demo that is asked for."""
    parser = argparse.ArgumentParser(prog="scripts/demo")
    parser.add_argument("recording", nargs="?", type=Path, metavar="FILE", help="a recording of yours")
    parser.add_argument("--faces", type=Path, metavar="DIR|VIDEO", help="people, or a video of them")
    parser.add_argument("--mirror", metavar="DIR", help="with --faces: take the models from below a folder")
    options = parser.parse_args()
    try:
        if options.faces:
            import demo_faces

            return demo_faces.main(options)
        return hear(options.recording)
    except KeyboardInterrupt:
        say("\nstopped")
        return 130


def hear(recording: Path | None) -> int:
    """The demo of drones; the exit status is 0 only if a drone was heard where one was played."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edged-demo-")))
        port = start_broker(folder, stack)
        path = recording or synthesise(folder)
        say(f"[bold]Playing[/] {escape(path.name)} ({soundfile.info(str(path)).duration:.0f} s) to edged, in real time")
        events, status = play(folder, port, settings(folder, path, port), stack)
        if status:
            return status
    return conclude([event["phase"] for event in events], synthetic=recording is None)


def play(folder: Path, port: int, config: Path, stack: ExitStack) -> tuple[list[dict[str, Any]], int]:
    """Run the real daemon to the end of what it listens to; the events that went over the broker, and its exit status.

    The status is 1, too, where its goodbye did not come over the broker: then its events may not have either.
    """
    wire, log = Wire(port), folder / "edged.log"
    stack.callback(wire.close)
    daemon = subprocess.Popen(
        [BIN / "edged", "run", "-c", config], env=environment(folder), stdout=subprocess.DEVNULL, stderr=log.open("w")
    )
    stack.callback(stop, daemon)
    status = daemon.wait(timeout=3600)
    if not wire.over.wait(GOODBYE_S):
        say("[bold red]edged ended without a goodbye over the broker[/]")
        status = status or 1
    if status:
        say(f"What edged said (exit status {status}):\n{escape(log.read_text())}")
    return wire.events, status


def environment(folder: Path) -> dict[str, str]:
    """In which edged touches nothing of this machine's own box, and obeys none of its variables."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("EDGED_")}
    return {**ours, "STATE_DIRECTORY": str(folder)}


def start_broker(folder: Path, stack: ExitStack) -> int:
    """A broker that ends with ``stack``; its port."""
    port = free_port()
    stack.enter_context(Running(broker_command(folder, port), folder / "broker.log"))
    wait_for(port)
    return port


def conclude(phases: list[str], *, synthetic: bool) -> int:
    """Say what happened and what to try next."""
    heard = phases.count("start")
    say(
        f"\n[bold]{heard} drone event{'s' * (heard != 1)}[/] went over the broker"
        + ("." if heard else ": no drone heard.")
    )
    say("\nWhat to try next:")
    say("  scripts/demo FILE                          a recording of yours")
    say("  scripts/demo --faces DIR|VIDEO             people in place of drones")
    say("  .venv/bin/edged replay FILE --report r.html    the same as a page to look at")
    say("  .venv/bin/edged devices                    the microphones of this machine")
    say("  .venv/bin/edged run -c config/edged.yaml   listen to one, and publish to the broker named there")
    return 1 if synthetic and phases != ["start", *["update"] * (len(phases) - 2), "end"] else 0


def synthesise(folder: Path) -> Path:
    """A fly-over from our own rotor model."""
    config = FlyOver()
    path = folder / "fly-over.wav"
    soundfile.write(path, fly_over(config), config.rate_hz)
    return path


def settings(folder: Path, recording: Path, port: int) -> Path:
    """The daemon's configuration: defaults but for the recording in place of a microphone, and the broker."""
    path = folder / "edged.yaml"
    text = {
        "device": "demo",
        "sources": {"microphone": {"type": "recording", "path": str(recording)}},
        "mqtt": {"port": port, "host": "127.0.0.1"},
    }
    path.write_text(json.dumps(text))
    return path


def broker_command(folder: Path, port: int) -> list[str]:
    """mosquitto; where it cannot be had, amqtt from PyPI."""
    if mosquitto := shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin"):
        config = folder / "mosquitto.conf"
        config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n")
        return [mosquitto, "-c", str(config)]
    say("mosquitto is not here; taking amqtt from PyPI, in an environment of its own")
    config = folder / "amqtt.yaml"
    config.write_text(AMQTT.format(port=port))
    return [str(BIN / "uv"), "tool", "run", "-q", "--from", "amqtt>=0.11", "amqtt", "-c", str(config)]


class Running:
    """A program that runs as long as the block does."""

    def __init__(self, command: list[str], log: Path) -> None:
        self._command, self._log = command, log

    def __enter__(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=self._log.open("w"), stderr=subprocess.STDOUT)

    def __exit__(self, *_: object) -> None:
        stop(self._process)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a process by its id, for good after 10 s."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, limit_s: float = 60.0) -> None:
    """Until something listens."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"the broker does not answer on port {port} after {limit_s:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
