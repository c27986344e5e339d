"""Metrics of the real program: what Prometheus would see of a box that hears a drone."""

import signal
import urllib.error

import pytest
import soundfile

from edged.synthesis import FlyOver, fly_over
from tests.broker import free_port, wait_until
from tests.metrics.full_box import families, scrape
from tests.system.programs import Running

STEPS = {
    ("sources.microphone", "queue"),
    ("pipelines.drones", "cut_windows"),
    ("pipelines.drones", "filter_harmonics"),
    ("pipelines.drones", "classify_sound"),
    ("outbox", "accepted"),
    ("outbox", "commit"),
    ("sinks.mqtt", "puback"),
    ("sinks.mqtt", "accepted_to_puback"),
}


@pytest.fixture
def box(tmp_path, broker):
    """A box that hears a drone, and where its metrics are."""
    config = FlyOver(duration_s=8, quiet_s=2)
    soundfile.write(tmp_path / "pass.wav", fly_over(config), config.rate_hz)
    port = free_port()
    source = {"type": "recording", "path": str(tmp_path / "pass.wav"), "loop": True}
    settings = {
        "device": "box",
        "sources": {"microphone": source},
        "mqtt": {"host": "127.0.0.1", "port": broker.port},
        "metrics": {"prometheus": {"enabled": True, "port": port}},
    }
    running = Running(tmp_path, settings)
    running.wait_until_ready()
    yield running, f"http://127.0.0.1:{port}/metrics"
    running.stop(signal.SIGKILL)


def test_every_step_from_the_sound_to_the_brokers_word_is_told(box, listener):
    """Latencies of capture, windows, inference, event and PUBACK; the event counted; the same in health, in short."""
    running, url = box
    listener.wait_for(lambda it: it.on("event/drones"))
    wait_until(lambda: 'step="accepted_to_puback"' in scrape(url))
    page = scrape(url)
    counts = {
        (sample.labels["part"], sample.labels["step"]): sample.value
        for sample in families(page)["edged_step_latency_seconds"].samples
        if sample.name.endswith("_count")
    }
    assert counts.keys() >= STEPS
    assert counts["pipelines.drones", "cut_windows"] > counts["outbox", "accepted"]
    assert 'edged_event_messages_total{part="pipelines.drones",phase="start"} 1.0' in page
    assert 'edged_part_state{needed="true",part="sources.microphone",state="ok"} 1.0' in page
    assert running.stop() == 0
    with pytest.raises(urllib.error.URLError, match="refused"):
        scrape(url)
    parts = listener.on("/health")[-1]["parts"]
    assert 0 < parts["pipelines.drones"]["latency_ms"]["classify_sound"]["p50_ms"] < 1000
    assert parts["pipelines.drones"]["since"].endswith("Z")
