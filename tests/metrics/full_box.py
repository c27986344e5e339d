"""A box with every kind of part, for tests: its health says and counts what real parts say and count."""

import os
import shutil
import subprocess
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from edged.messages.event import Phase
from edged.messages.health import State
from edged.messages.wire import event_message
from edged.metrics.config import PrometheusConfig
from edged.metrics.metrics import Metrics
from edged.outbox import Outbox
from edged.report import health_message
from edged.runtime.event_counts import EventCounts
from edged.runtime.health import Health
from tests.broker import free_port
from tests.events import an_event

COUNTED = {
    "sources.microphone": ("dropped", "gaps", "lost"),
    "sources.camera": ("skipped", "lost"),
    "pipelines.drones": ("items", "faults", "restarts", "held_cooldown", "held_quiet"),
    "models.drone_sound": ("answers_edgetpu", "answers_cpu", "late"),
    "accelerators.usb-0": ("opened", "lost"),
    "outbox": ("dropped",),
    "sinks.mqtt": ("disconnected", "refused", "unsaid"),
    "clips": ("written", "dropped", "deleted_old"),
    "commands": ("answered", "refused", "flooded"),
}
SHOWN = {
    "outbox": ("waiting", "disk_written_bytes_24h"),
    "sinks.mqtt": ("mqtt_version",),
    "clips": ("kept", "kept_bytes"),
    "models.shadow": ("windows", "agreement", "score_difference"),
    "machine.load": ("level",),
    "machine.card": ("life_pct",),
}


def full_box():
    health = Health()
    for name, counters in COUNTED.items():
        health.part(name).set(State.OK)
        for number, counter in enumerate(counters, 1):
            health.part(name).count(counter, number)
    for name, figures in SHOWN.items():
        health.part(name, needed=name != "models.shadow").set(State.OK)
        for figure in figures:
            health.part(name).show(figure, 50)
    for step in ("queue", "cut_windows", "classify_sound"):
        health.part("pipelines.drones").took(step, 0.004)
    health.part("outbox").took("accepted", 0.02)
    health.part("sinks.mqtt").took("puback", 0.003)
    EventCounts(health)(event_message(an_event(Phase.START), 1, 0.0))
    health.part("sources.camera").set(State.FAILING, "gone")
    return health


@contextmanager
def served(health=None, tell=None):
    """The metrics of a box, and the function that scrapes them."""
    health, outbox = health or full_box(), Outbox()
    config = PrometheusConfig(enabled=True, port=free_port())
    sure = {"cpu_temperature_c": 48.2, "clock_synchronised": True}  # not every machine tells
    metrics = Metrics(config, health, tell or (lambda: health_message(health, outbox, 61.5).model_copy(update=sure)))
    metrics.start()
    try:
        yield metrics, f"http://127.0.0.1:{config.port}/metrics"
    finally:
        metrics.stop()
        outbox.close()


def scrape(url, accept="text/plain"):
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode()


def families(text):
    return {family.name: family for family in text_string_to_metric_families(text)}


def sample_names(text):
    """As they stand in expressions: with ``_total``, ``_bucket``, ``_info``."""
    return {line.partition("{")[0].partition(" ")[0] for line in text.splitlines() if line and line[0] != "#"}


def promtool(*arguments, **kwargs):
    """Runs it; the test is skipped where it is not installed (Debian: ``prometheus``; scripts/setup fetches it)."""
    path = os.pathsep.join((str(Path(__file__).parents[2] / ".venv" / "bin"), os.environ["PATH"]))
    if (program := shutil.which("promtool", path=path)) is None:
        pytest.skip("promtool is not here; scripts/setup fetches it")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, **kwargs)
