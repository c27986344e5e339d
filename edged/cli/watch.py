"""``edged watch``: boxes as they are, from what they publish."""

import argparse
import logging
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from edged.cli.arguments import add_config
from edged.cli.terminal import keys
from edged.cli.watch_complaints import Complaints
from edged.errors import ConfigError

if TYPE_CHECKING:
    from edged.settings import Settings
    from edged.sinks.mqtt import MqttConfig
    from edged.sinks.mqtt.reader import Heard, Reader
    from edged.watching.boxes import Boxes

TOPICS = ("state", "info", "health", "availability/+", "event/+", "active/+", "level/+", "gap")
"""What is shown; pictures and commands are none of it."""
PICTURES_PER_S = 4
TICK_S = 1.0
SETTLED_S = 0.2
"""After so long without a message, what a box said in several is one piece of news."""


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    parser = commands.add_parser(
        "watch",
        help="watch boxes over the broker",
        description="Show how boxes are and what they see and hear, live, from their topics alone. Broker and base "
        "topic are the configuration's; with --host, user and TLS are those named here. Where standard output is no "
        "terminal: one line an event and a change. Reconnects by itself; a first connection that fails is exit 1. "
        "Ctrl-C ends it, and q on a terminal.",
    )
    parser.add_argument("--host", help="the broker's name or address")
    parser.add_argument("--port", type=int, help="its port; default: 1883, with --ca-file 8883")
    parser.add_argument("--username", metavar="NAME", help="user at the broker")
    parser.add_argument("--password-file", metavar="FILE", help="holds the password and nothing else")
    parser.add_argument("--ca-file", metavar="FILE", help="use TLS and trust these certificates")
    parser.add_argument("--base-topic", metavar="TOPIC", help="topics begin with this; default: edged")
    parser.add_argument("--device", metavar="NAME", help="only this box")
    parser.add_argument("--json", action="store_true", help="every message as one line of JSON")
    parser.add_argument("--for", type=float, dest="for_s", metavar="S", help="end after so many seconds")
    add_config(parser)


def run(options: argparse.Namespace) -> int:
    """Watch until Ctrl-C, or until whoever reads our lines has enough."""
    from edged.settings import read_settings
    from edged.sinks.mqtt.reader import Reader
    from edged.watching.boxes import Boxes

    logging.getLogger("edged").addHandler(logging.NullHandler())  # nothing may write across the picture
    settings = read_settings(options.config)
    config = broker_config(settings, options)
    root = f"{config.base_topic}/{_device(options.device)}"
    reader = Reader(config, [f"{root}/#"] if options.json else [f"{root}/{topic}" for topic in TOPICS])
    boxes = Boxes(config.base_topic, settings.health.interval_s, options.device)
    until_s = time.monotonic() + options.for_s if options.for_s is not None else float("inf")
    try:
        reader.open()
        show = _stream if options.json else _draw if _can_draw() else _tell
        show(reader, boxes, until_s)
    finally:
        reader.close()
    return 0


def broker_config(settings: "Settings", options: argparse.Namespace) -> "MqttConfig":
    """The configuration's, or what the options make of it; ConfigError where they cannot be used.

    What the configuration says of user and TLS is for its own broker: a password goes to no other.
    """
    from pydantic import ValidationError

    from edged.config.explain import Explain
    from edged.sinks.mqtt import MqttConfig

    names = ("host", "port", "username", "password_file", "base_topic")
    told = {name: value for name in names if (value := getattr(options, name)) is not None}
    known: dict[str, Any] = {"base_topic": settings.mqtt.base_topic} if options.host else settings.mqtt.model_dump()
    if options.ca_file:
        _look_at_file("--ca-file", options.ca_file)
        known["tls"] = {**known.get("tls", {}), "enabled": True, "ca_file": options.ca_file}
        known.setdefault("port", 8883)
    try:
        return MqttConfig.model_validate({**known, **told})
    except ValidationError as error:
        key, problem = Explain(MqttConfig)(error.errors(include_url=False)[0])
        option = f"--{str(key[-1]).replace('_', '-')}: " if key else ""
        raise ConfigError(f"{option}{problem}") from None


def _look_at_file(option: str, path: str) -> None:
    """ConfigError where it cannot be read."""
    try:
        with open(path, "rb"):  # noqa: PTH123  (a Path of "" would be the current folder)
            pass
    except OSError as error:
        raise ConfigError(f"{option} {path}: cannot be read: {error.strerror}") from None


def _device(name: str | None) -> str:
    """What stands for the boxes in a filter."""
    if name is not None and (not name or set(name) & set("+#/")):
        raise ConfigError(f"--device: {name!r}, must be a box's name as it stands in topics")
    return "+" if name is None else name


def _can_draw() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in {"dumb", "unknown"}


def _take(reader: "Reader", limit_s: float, until_s: float) -> "Heard | None":
    return reader.take(max(0.0, min(limit_s, until_s - time.monotonic())))


def _stream(reader: "Reader", boxes: "Boxes", until_s: float) -> None:
    """Every message, as JSON."""
    from edged.watching.json_lines import json_line

    complaints = Complaints(reader, boxes.silence)
    while time.monotonic() < until_s:
        heard = _take(reader, TICK_S, until_s)
        if heard and (address := boxes.address(heard.topic)):
            _write(json_line(heard, address))
        complaints.look(heard)
    complaints.look(None, last=True)


def _tell(reader: "Reader", boxes: "Boxes", until_s: float) -> None:
    """Plain lines."""
    from edged.watching.lines import Changes, news_line

    complaints, changes = Complaints(reader, boxes.silence), Changes(boxes)
    next_s = time.monotonic() + TICK_S
    while (began_s := time.monotonic()) < until_s:
        heard = _take(reader, SETTLED_S, until_s)
        if heard and (news := boxes.take(heard.topic, heard.payload, heard.at_s, retained=heard.retained)):
            _write(news_line(news, heard.at_s))
        if not heard or began_s > next_s:
            next_s = began_s + TICK_S
            now_s, link = time.time(), reader.link
            for line in changes.lines(now_s, now_s if link.connected else link.since_s):
                _write(line)
        complaints.look(heard)
    complaints.look(None, last=True)


def _draw(reader: "Reader", boxes: "Boxes", until_s: float) -> None:
    """A picture that fills the terminal, until it is left."""
    from rich.console import Console
    from rich.live import Live

    from edged.watching.view import view

    console = Console(highlight=False)
    with keys() as pressed, Live(console=console, screen=True, auto_refresh=False) as live:
        while time.monotonic() < until_s and "q" not in pressed():
            picture = view(boxes, reader.link, time.time(), *console.size)
            live.update(picture, refresh=True)
            next_s = time.monotonic() + 1 / PICTURES_PER_S
            while heard := _take(reader, next_s - time.monotonic(), until_s):
                boxes.take(heard.topic, heard.payload, heard.at_s, retained=heard.retained)
                if time.monotonic() > next_s:
                    break


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
