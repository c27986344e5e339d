"""Metrics: what a scrape of a real server gives, and what becomes of one that cannot be had."""

import http.client
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics

from edged.messages.health import State
from edged.metrics import server
from edged.metrics.config import PrometheusConfig
from edged.metrics.metrics import Metrics
from edged.outbox import Outbox
from edged.report import health_message
from edged.runtime.health import Health
from tests.broker import free_port
from tests.metrics.full_box import COUNTED, SHOWN, families, full_box, promtool, sample_names, scrape, served


@pytest.fixture(scope="module")
def page():
    with served() as (_, url):
        return scrape(url)


def values(text, name):
    """By labels."""
    family = next(family for family in families(text).values() if any(sample.name == name for sample in family.samples))
    return {tuple(sorted(sample.labels.values())): sample.value for sample in family.samples if sample.name == name}


def test_every_counter_and_figure_of_every_part_is_there(page):
    """With the part's name and its value; none is lost on the way."""
    parts = {sample.labels.get("part") for family in families(page).values() for sample in family.samples}
    assert parts >= {*COUNTED, *SHOWN}
    assert values(page, "edged_items_total") == {("pipelines.drones",): 1}
    assert values(page, "edged_held_back_total") == {
        ("cooldown", "pipelines.drones"): 4,
        ("pipelines.drones", "quiet"): 5,
    }
    assert values(page, "edged_event_messages_total") == {("pipelines.drones", "start"): 1}
    assert values(page, "edged_agreement") == {("models.shadow",): 50}
    assert values(page, "edged_life_ratio") == {("machine.card",): 0.5}


def test_each_part_is_in_one_state(page):
    """1 for it and 0 for the others, so that an alert can ask for one by its name."""
    states = values(page, "edged_part_state")
    assert states["failing", "sources.camera", "true"] == 1
    assert states["ok", "sources.camera", "true"] == 0
    assert states["false", "models.shadow", "ok"] == 1
    assert sum(states.values()) == len(states) / len(State)
    assert values(page, "edged_state")["failing",] == 1


def test_the_box_tells_its_own_figures(page):
    """The outbox's from the start, though nothing was dropped; the process's by their usual names."""
    assert values(page, "edged_outbox_waiting") == {(): 0}
    assert values(page, "edged_outbox_dropped_total") == {(): 0}
    assert values(page, "edged_uptime_seconds") == {(): 61.5}
    assert values(page, "edged_disk_free_bytes")[()] > 0
    assert values(page, "process_resident_memory_bytes")[()] > 1e6
    assert 'edged_dropped_total{part="outbox"}' not in page


def test_latency_is_a_histogram_of_seconds(page):
    """By part and step; 4 ms are in the bucket of 5 ms, and the infinite one has all."""
    buckets = values(page, "edged_step_latency_seconds_bucket")
    assert buckets["0.0025", "classify_sound", "pipelines.drones"] == 0
    assert buckets["0.005", "classify_sound", "pipelines.drones"] == 1
    assert buckets["+Inf", "classify_sound", "pipelines.drones"] == 1
    assert values(page, "edged_step_latency_seconds_count")["pipelines.drones", "queue"] == 1


def test_promtool_finds_nothing_to_mend(page):
    """Names, units, types and help texts are as Prometheus's own linter wants them."""
    done = promtool("check", "metrics", input=page)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_openmetrics_is_spoken_too():
    """To a scraper that asks for it, by the strict parser's rules."""
    with served() as (_, url):
        text = scrape(url, "application/openmetrics-text; version=1.0.0")
    assert {"edged_build", "edged_part_state", "edged_step_latency_seconds"} <= {it.name for it in open_metrics(text)}
    assert text.endswith("# EOF\n")


def test_nothing_but_the_metrics_is_served():
    """Any other path is not there, any other method is not known."""
    with served() as (metrics, url):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            scrape(url.replace("/metrics", "/"))
        connection = http.client.HTTPConnection("127.0.0.1", metrics.port, timeout=10)
        connection.request("POST", "/metrics", b"x")
        assert connection.getresponse().status == 501
        connection.close()


def test_no_label_tells_who_was_seen():
    """Events are counted by pipeline and phase alone."""
    with served() as (_, url):
        assert not re.search("person:|label=|subject=", scrape(url))


def test_an_address_that_is_taken_is_said_once_and_tried_again(caplog):
    """The box goes on and is as well as before; once the port is free, the metrics are there."""
    now_s, health = [0.0], Health()
    health.part("sources.microphone").set(State.OK)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        config = PrometheusConfig(enabled=True, port=other.getsockname()[1])
        metrics = Metrics(config, health, lambda: None, lambda: now_s[0])
        metrics.start()
        known = health.parts()["metrics"]
        assert known.state is State.DEGRADED
        assert known.reasons == (f"no metrics at 127.0.0.1:{config.port}: Address already in use",)
        assert "metrics.prometheus" in known.remedies[0]
        assert health.state() is State.OK
        for now_s[0] in (0.0, 10.0, 20.0):
            metrics.tick()
        assert metrics.port is None
        assert [record.message for record in caplog.records] == ["no metrics"]
    now_s[0] = 30.0
    metrics.tick()
    assert metrics.port == config.port
    assert health.parts()["metrics"].state is State.OK
    metrics.stop()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", config.port), timeout=5)


def test_where_they_are_served_can_change():
    """Elsewhere, and nowhere: the old port is given back."""
    health = Health()
    metrics = Metrics(PrometheusConfig(enabled=True, port=free_port()), health, lambda: None)
    metrics.start()
    before, other = metrics.port, free_port()
    metrics.use(PrometheusConfig(enabled=True, port=other))
    assert metrics.port == other
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", before), timeout=5)
    metrics.use(PrometheusConfig())
    assert metrics.port is None
    assert health.parts()["metrics"].state is State.OFF


def test_a_box_that_shall_not_serve_them_does_not():
    """That is the default: no port is opened, and health has no part for it."""
    health = Health()
    metrics = Metrics(PrometheusConfig(), health, lambda: None)
    metrics.start()
    metrics.tick()
    assert metrics.port is None
    metrics.stop()
    assert health.parts() == {}


def test_who_asks_slowly_keeps_nobody_away():
    """Many connections that say nothing: the oldest are closed, and a scrape is answered."""
    with served() as (metrics, url):
        idle = [socket.create_connection(("127.0.0.1", metrics.port)) for _ in range(server.MOST_CONNECTIONS + 4)]
        assert "edged_build_info" in scrape(url)
        idle[0].settimeout(5)
        assert idle[0].recv(1) == b""
        for connection in idle:
            connection.close()


def test_a_fault_in_the_numbers_is_the_scrapes_loss():
    """It is answered with an error and counted, and the next one is answered as usual."""
    health, outbox, broken = full_box(), Outbox(), [True]

    def tell():
        if broken.pop():
            raise RuntimeError("bug")
        return health_message(health, outbox, 0.0)

    with served(health, tell) as (_, url):
        with pytest.raises(urllib.error.HTTPError, match="500"):
            scrape(url)
        broken.append(False)
        assert 'edged_faults_total{part="metrics"} 1.0' in scrape(url)
    outbox.close()


def test_metrics_have_a_limit():
    """A box gone wild with names gives a bounded page."""
    health = full_box()
    for number in range(1200):
        health.part(f"sources.x{number}").count(f"odd{number}")
        health.part(f"sources.x{number}").took("step", 0.1)
    with served(health) as (_, url):
        assert len(sample_names(scrape(url))) < 1100
        assert scrape(url).count("\n") < 8000


def test_prometheus_client_is_not_loaded_before_it_is_needed():
    """A box without metrics does not pay for them in its start."""
    program = "import sys, edged.metrics.metrics; sys.exit('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
