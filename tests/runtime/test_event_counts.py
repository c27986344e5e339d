"""EventCounts: what the outbox accepted is counted by pipeline and phase."""

from edged.messages.event import Phase
from edged.messages.wire import event_message
from edged.outbox import Outbox
from edged.runtime.event_counts import EventCounts
from edged.runtime.health import Health
from tests.events import an_event


def test_events_are_counted_by_phase():
    """In the health of the pipeline that made them; who or what it was is not said."""
    health = Health()
    count = EventCounts(health)
    for phase in (Phase.START, Phase.UPDATE, Phase.UPDATE, Phase.END):
        count(event_message(an_event(phase), 1, 0.0))
    pipeline = an_event(Phase.START).pipeline
    assert health.parts()[f"pipelines.{pipeline}"].counters == {"events_start": 1, "events_update": 2, "events_end": 1}


def test_they_are_counted_once_the_outbox_has_them():
    """As a follower of it, in order."""
    health, outbox = Health(), Outbox()
    outbox.follow(EventCounts(health))
    outbox(an_event(Phase.START))
    pipeline = an_event(Phase.START).pipeline
    assert health.parts()[f"pipelines.{pipeline}"].counters == {"events_start": 1}
    outbox.close()
