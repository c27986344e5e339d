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

import paho.mqtt.client as paho
import soundfile
from paho.mqtt.enums import CallbackAPIVersion
from rich.console import Console

from edged.synthesis import FlyOver, fly_over

CONSOLE = Console(highlight=False, soft_wrap=True)
BIN = Path(sys.executable).parent
AMQTT = """\
listeners: {{default: {{type: tcp, bind: "127.0.0.1:{port}"}}}}
plugins: {{amqtt.plugins.authentication.AnonymousAuthPlugin: {{allow_anonymous: true}}}}
"""
MEANINGS = {
    "state": "the box says it is there; the broker itself would say offline if it vanished",
    "info": "what this box is: version, models by hash, sources",
    "health": "how well each part is, every 30 s and at each change",
    "availability": "whether this source hears or sees",
    "active": "what is going on right now, for whoever subscribes late",
}


def main() -> int:
    """Run the demo that is asked for."""
    parser = argparse.ArgumentParser(prog="scripts/demo")
    parser.add_argument("recording", nargs="?", type=Path, metavar="FILE", help="a recording of yours")
    parser.add_argument("--faces", type=Path, metavar="DIR|VIDEO", help="people, or a video of them")
    parser.add_argument("--mirror", metavar="DIR", help="with --faces: take the models from below a folder")
    options = parser.parse_args()
    if options.faces:
        import demo_faces

        return demo_faces.main(options)
    return hear(options.recording)


def hear(recording: Path | None) -> int:
    """The demo of drones; the exit status is 0 only if a drone was heard where one was played."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edged-demo-")))
        port = free_port()
        stack.enter_context(Running(broker_command(folder, port), folder / "broker.log"))
        wait_for(port)
        events: list[dict[str, Any]] = []
        client = watch(port, events)
        stack.callback(client.loop_stop)
        path = recording or synthesise(folder)
        say(f"[bold]Playing[/] {path.name} ({soundfile.info(str(path)).duration:.0f} s) to edged, in real time")
        daemon = subprocess.Popen(
            [BIN / "edged", "run", "-c", settings(folder, path, port)],
            stdout=subprocess.DEVNULL,
            stderr=(folder / "edged.log").open("w"),
        )
        stack.callback(stop, daemon)
        status = daemon.wait(timeout=3600)
        time.sleep(0.5)
        if status:
            say((folder / "edged.log").read_text())
            return status
    return conclude([event["phase"] for event in events], synthetic=recording is None)


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


def watch(port: int, events: list[dict[str, Any]]) -> paho.Client:
    """Subscribe to everything and print it; the events are noted in ``events``."""

    def on_message(_client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        topic = message.topic.removeprefix("edged/demo/")
        kind, _, _ = topic.partition("/")
        if kind == "event":
            events.append(json.loads(message.payload))
        say(f"[cyan]{time.strftime('%H:%M:%S')} {topic:<24}[/] {explain(kind, bytes(message.payload))}")

    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.subscribe("edged/#", qos=1)
    client.loop_start()
    return client


def explain(kind: str, payload: bytes) -> str:
    """One line: the gist of a message and what it means."""
    if kind == "availability":
        return f"{payload.decode()}: {MEANINGS[kind]}"
    content = json.loads(payload)
    if kind == "event":
        evidence = ", ".join(f"{name} {value:g}" for name, value in content["evidence"].items() if name[:4] != "box_")
        verb = {"start": "[bold red]begins[/]", "update": "goes on", "end": "[bold green]is over[/]"}[content["phase"]]
        where = f"{content['duration_s']:.1f} s, confidence {content['confidence']:.2f}"
        late = f"{content['latency_ms']['total']:.0f} ms after it was there"
        return f"{content['label']}: {verb} ({where}; {evidence}; {late})"
    if kind == "active":
        gist = ", ".join(event["label"] for event in content["events"]) or "nothing"
    else:
        gist = content.get("state") or content["version"]
    return f"{gist}: {MEANINGS[kind]}"


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


def say(text: str) -> None:
    """To whoever watches."""
    CONSOLE.print(text)


if __name__ == "__main__":
    sys.exit(main())
