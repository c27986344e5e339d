"""The wire: what is sent reads back equal, carries its units and fits its limits."""

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.messages.event import Event, ModelUse, Phase
from edged.messages.wire import EventMessage, event_message, rfc3339
from tests.events import an_event

NAMES = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=20)
FIGURES = st.dictionaries(NAMES, st.floats(-1e6, 1e6), max_size=8)
EVENTS = st.builds(
    Event,
    id=st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26),
    pipeline=NAMES,
    phase=st.sampled_from(Phase),
    label=st.text(min_size=1, max_size=40),
    confidence=st.floats(0, 1),
    start_s=st.floats(0, 1e6),
    end_s=st.floats(0, 1e6),
    observed_s=st.floats(0, 1e6),
    epoch_s=st.floats(0, 4e9),
    model=st.builds(ModelUse, name=NAMES, sha256=st.just("ab" * 32), device=NAMES),
    evidence=FIGURES,
    latency_ms=FIGURES,
)


@given(EVENTS, st.integers(1, 2**53), st.floats(0, 4e9))
def test_any_event_survives_the_wire(event, seq, now_s):
    """The payload is JSON in UTF-8 that reads back as the same message, within 2 KB."""
    message = event_message(event, seq, now_s)
    assert EventMessage.model_validate_json(message.payload()) == message
    assert json.loads(message.payload())["seq"] == seq
    assert len(message.payload()) <= 2048


@given(st.floats(0, 4e9))
def test_times_are_rfc_3339_in_utc_with_milliseconds(unix_s):
    """Any program can read them back to the millisecond."""
    text = rfc3339(unix_s)
    assert text.endswith("Z")
    assert len(text) == len("2026-11-21T07:38:05.123Z")
    assert datetime.fromisoformat(text).timestamp() == pytest.approx(unix_s, abs=0.0011)


def test_an_event_tells_its_times_evidence_and_latency():
    """Times of day come from the stream's own epoch; ``ended_at`` only with the end."""
    start = event_message(an_event(Phase.START), 7, 1_700_000_002.6)
    assert start.started_at == "2023-11-14T22:13:21.000Z"
    assert start.observed_at == "2023-11-14T22:13:22.500Z"
    assert start.ended_at is None
    assert start.latency_ms == {"classify_sound": 0.412, "total": pytest.approx(100, abs=1)}
    assert start.evidence == {"f0_hz": 180.1235, "windows": 3}
    assert event_message(an_event(Phase.END), 8, 0).ended_at == "2023-11-14T22:13:23.500Z"
