"""Telling: health is said at intervals and at changes, and no part can make a storm of it."""

from edged.runtime.telling import Telling


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_health_is_said_at_its_interval():
    """At first, and then every 30 s, with no change at all."""
    clock = Clock()
    telling = Telling(30.0, clock)
    said = []
    for second in range(95):
        clock.now = 100.0 + second
        if telling.due(7):
            said.append(second)
    assert said == [0, 30, 60, 90]


def test_a_change_is_said_at_once():
    """And once."""
    clock = Clock()
    telling = Telling(30.0, clock)
    telling.due(7)
    assert telling.due(8)
    assert not telling.due(8)


def test_many_changes_are_said_once_a_second():
    """A thousand changes in ten seconds are thirteen messages at most, and the last change is said within a second."""
    clock = Clock()
    telling = Telling(30.0, clock)
    said = []
    for change in range(1000):
        clock.now += 0.01
        said += [change] if telling.due(change) else []
    assert 10 <= len(said) <= 13
    clock.now += 1.0
    assert telling.due(999)
