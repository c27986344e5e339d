"""The dashboard and the alerts that come with edged ask for metrics that a box has, and promtool takes them."""

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.metrics.full_box import promtool, sample_names, scrape, served

CONFIG = Path(__file__).parents[2] / "config"
OURS = r"\b((?:edged|process)_[a-z0-9_]+|up)\s*[{\[]"
LABEL = r'([a-z_]+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"'
OF_PROMETHEUS = {"job", "instance"}
"""Labels that it adds, and ``up``, which it makes."""


@pytest.fixture(scope="module")
def page():
    with served() as (_, url):
        return scrape(url)


def dashboard():
    return json.loads((CONFIG / "grafana.json").read_text())


def rules():
    return [rule for group in yaml.safe_load((CONFIG / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]


def expressions():
    board = dashboard()
    yield from (target["expr"] for panel in board["panels"] for target in panel["targets"])
    yield from (
        re.sub(r"label_values\((\w+)(\{.*\})?, \w+\)", r"\1{}", one["definition"])
        for one in board["templating"]["list"]
        if one["type"] == "query"
    )
    yield from (rule["expr"] for rule in rules())


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_every_metric_that_is_asked_for_exists(page, expression):
    """By its full name, and with the labels that are asked for."""
    asked = re.findall(OURS, expression)
    assert asked
    for name in asked:
        lines = [line for line in page.splitlines() if line.startswith((f"{name}{{", f"{name} "))]
        assert lines or name == "up", name
    for name, labels in re.findall(r"\b(edged_[a-z0-9_]+)\{([^}]*)\}", expression):
        for label, how, value in re.findall(LABEL, labels):
            if label not in OF_PROMETHEUS and how in {"=", "=~"}:
                found = re.findall(rf'^{name}\{{[^}}]*\b{label}="([^"]*)"', page, re.MULTILINE)
                wanted = value.replace("\\\\", "\\") if how == "=~" else re.escape(value)
                assert any(re.fullmatch(wanted, one) for one in found), f"{name}: {label}{how}{value}"


def test_the_dashboard_is_one_that_grafana_takes():
    """A known version of the schema, its source of data a variable, panels with ids that do not overlap."""
    board = dashboard()
    assert board["schemaVersion"] == 38
    variables = {one["name"]: one["type"] for one in board["templating"]["list"]}
    assert variables == {"datasource": "datasource", "job": "query", "instance": "query"}
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    places = [
        (x, y)
        for panel in board["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(places)) == len(places)
    assert max(x for x, _ in places) < 24
    sources = {target["datasource"]["uid"] for panel in board["panels"] for target in panel["targets"]}
    assert sources == {"${datasource}"}


def test_the_dashboard_shows_what_an_operator_asks():
    """States, events, latency, the outbox, temperature, drops and memory, each explained."""
    asked = " ".join(expressions())
    for name in (
        "edged_part_state",
        "edged_event_messages_total",
        "edged_step_latency_seconds_bucket",
        "edged_outbox_waiting",
        "edged_outbox_dropped_total",
        "edged_cpu_temperature_celsius",
        "edged_dropped_total",
        "process_resident_memory_bytes",
    ):
        assert name in asked
    assert all(panel["title"] and panel["description"] for panel in dashboard()["panels"])


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_every_alert_tells_what_to_do(rule):
    """A severity, a summary that names the box, a description with a sentence or more."""
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert "{{ $labels.instance }}" in rule["annotations"]["summary"]
    assert len(rule["annotations"]["description"]) > 80


def test_promtool_takes_the_alerts():
    """Each rule, and its templates."""
    done = promtool("check", "rules", CONFIG / "alerts.yaml")
    assert done.returncode == 0, done.stderr
    assert f"{len(rules())} rules found" in done.stdout


def test_alerts_fire_when_they_should_and_not_before(tmp_path):
    """Prometheus's own unit tests: time series of a box that suffers each fault, and of one that is well."""
    for path in (CONFIG / "alerts.yaml", Path(__file__).parent / "alerts_test.yaml"):
        (tmp_path / path.name).write_text(path.read_text())
    done = promtool("test", "rules", "alerts_test.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_test_of_its_own():
    """One that fires."""
    tests = yaml.safe_load((Path(__file__).parent / "alerts_test.yaml").read_text())["tests"]
    fired = {one["alertname"] for test in tests for one in test["alert_rule_test"] if one["exp_alerts"]}
    assert fired == {rule["alert"] for rule in rules()}


def test_the_page_has_more_than_the_alerts_ask(page):
    """The check above can fail: a metric that nobody serves is not there."""
    assert "edged_part_state" in sample_names(page)
    assert "edged_part_states" not in sample_names(page)
