"""Names: what parts count becomes metrics by Prometheus's conventions, whatever they call it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.metrics.names import help_text, label_value, metric


@pytest.mark.parametrize(
    ("counter", "name", "labels"),
    [
        ("items", "edged_items_total", {}),
        ("dropped", "edged_dropped_total", {}),
        ("held_cooldown", "edged_held_back_total", {"reason": "cooldown"}),
        ("answers_edgetpu", "edged_answers_total", {"device": "edgetpu"}),
        ("events_start", "edged_event_messages_total", {"phase": "start"}),
        ("images_sent", "edged_images_total", {"outcome": "sent"}),
        ("deleted_for_room", "edged_deleted_total", {"reason": "for_room"}),
        ("retries_total", "edged_retries_total", {}),
    ],
)
def test_counters_end_in_total_and_enumerations_become_labels(counter, name, labels):
    """One metric with a label, in place of many that could not be added up."""
    known = metric(counter, figure=False)
    assert (known.name, dict(known.labels)) == (name, labels)


@pytest.mark.parametrize(
    ("figure", "name", "scale"),
    [
        ("agreement", "edged_agreement", 1),
        ("kept_bytes", "edged_kept_bytes", 1),
        ("disk_written_bytes_24h", "edged_last_day_written_bytes", 1),
        ("life_pct", "edged_life_ratio", 0.01),
        ("delay_ms", "edged_delay_seconds", 0.001),
        ("heat_c", "edged_heat_celsius", 1),
    ],
)
def test_figures_are_in_base_units(figure, name, scale):
    """Seconds, bytes, ratios and degrees Celsius; a figure goes up and down and is no total."""
    known = metric(figure, figure=True)
    assert (known.name, known.scale) == (name, scale)


@given(st.text(max_size=200), st.booleans())
def test_any_name_becomes_one_that_prometheus_takes(counter, figure):
    """Of bounded length, with a help text; so does any label value."""
    known = metric(counter, figure=figure)
    assert re.fullmatch(r"edged_[a-z0-9]+(_[a-z0-9]+)*", known.name)
    assert len(known.name) <= 100
    assert known.name.endswith("_total") or figure
    assert help_text(known.name).endswith(".")
    assert all(len(value) <= 64 and value.isprintable() for _, value in known.labels)
    assert len(label_value(counter)) <= 64
