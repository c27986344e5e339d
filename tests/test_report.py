"""Report: what goes over the wire about each part."""

from edged.messages.health import State
from edged.report import part_message
from edged.runtime.health import Health


class Clock:
    now = 1_795_003_200.0

    def __call__(self) -> float:
        return self.now


def told(health, name="sources.microphone"):
    return part_message(name, health.parts()[name])


def test_a_part_tells_since_when_and_what_to_do():
    """Its own remedy; else one that is known for such a part and reason; none once it is well."""
    health = Health(Clock(), Clock())
    part = health.part("sources.microphone")
    part.set(State.OK)
    part.condition("silent", on=True)
    assert told(health).since == "2026-11-18T12:00:00.000Z"
    assert "unmute it" in told(health).remedies[0]
    part.condition("clipping", on=True, remedy="speak softly")
    assert told(health).remedies == ["speak softly"]
    part.condition("silent", on=False)
    part.condition("clipping", on=False)
    assert told(health).remedies == []


def test_a_part_that_fails_without_a_word_has_a_remedy_too():
    """Whatever it is, somebody can look."""
    health = Health()
    health.part("elsewhere").set(State.FAILING)
    assert "edged doctor" in told(health, "elsewhere").remedies[0]


def test_latency_is_told_of_steps_that_were_taken_of_late():
    """An hour later the step is left out, and health stays small."""
    clock = Clock()
    health = Health(clock, clock)
    health.part("sources.microphone").took("queue", 0.004)
    assert told(health).latency_ms["queue"].max_ms == 4.0
    clock.now += 3700
    assert told(health).latency_ms == {}
