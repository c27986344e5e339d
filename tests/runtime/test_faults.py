"""Faults: what a pipeline lost is counted by kind, told while it is recent, and logged now and then."""

from hypothesis import given
from hypothesis import strategies as st

from edged.messages.health import State
from edged.runtime.faults import MOST_KINDS, MOST_TEXT, RECENT_S, Faults, blame, outputs_of
from edged.runtime.health import Health


class Told:
    """Faults with their health, and a clock that is set."""

    def __init__(self):
        self.now_s = 1000.0
        self.part = Health(lambda: self.now_s).part("p")
        self.part.set(State.OK)
        self.faults = Faults(self.part, lambda: self.now_s)

    def lose(self, stage="stage", fault=None):
        fault = fault or ValueError("bad")
        blame(fault, stage)
        return self.faults.lost(fault)


def test_a_fault_is_told_for_a_minute_after_the_last_one():
    """The pipeline is degraded meanwhile, with what it was; then it is well again."""
    told = Told()
    told.lose()
    told.now_s += RECENT_S - 1
    told.faults.passed()
    assert told.part.snapshot().reasons == ("loses items, stage: ValueError('bad') for 59 s",)
    told.lose()
    told.now_s += RECENT_S - 1
    told.faults.passed()
    assert told.part.state is State.DEGRADED
    told.now_s += 1
    told.faults.passed()
    assert told.part.state is State.OK
    assert told.part.snapshot().reasons == ()


def test_a_fault_of_another_kind_takes_the_place_of_the_one_before():
    """One reason at a time, the latest; a text that is new each time does not make news of health each time."""
    health = Health()
    faults = Faults(health.part("p"))
    for number in range(5):
        faults.lost(ValueError(number))
    assert health.revision == 1
    states = []
    health.part("p").set(State.OK)
    for number in range(10):
        faults.lost(KeyError("x") if number % 2 else ValueError("y"))
        states.append(health.part("p").state)
    assert set(states) == {State.DEGRADED}
    assert [reason.partition(" for ")[0] for reason in health.part("p").snapshot().reasons] == [
        "loses items, sinks: KeyError('x')"
    ]


def test_a_kind_is_logged_once_a_minute():
    """However its faults and others take turns."""
    told = Told()
    assert [told.lose("a"), told.lose("b"), told.lose("a"), told.lose("b")] == [True, True, False, False]
    told.now_s += RECENT_S
    assert told.lose("a")


def test_the_innermost_stage_is_blamed():
    """A stage may be made of others."""
    told = Told()

    def inner():
        raise ValueError("bad")

    try:
        outputs_of("outer", lambda: outputs_of("inner", inner))
    except ValueError as fault:
        told.faults.lost(fault)
    assert told.part.snapshot().counters == {"faults": 1, "faults_inner_ValueError": 1}


@given(st.lists(st.one_of(st.none(), st.tuples(st.integers(0, 100), st.text())), max_size=60))
def test_whatever_is_lost_counters_and_reasons_are_bounded_and_add_up(happenings):
    """None: an item came through; else a stage and what it raised. What is told is one line of a bounded length."""
    told = Told()
    for happening in happenings:
        told.now_s += 1
        if happening is None:
            told.faults.passed()
        else:
            told.lose(f"stage{happening[0]}", ValueError(happening[1]))
        reasons = [reason for reason in told.part.snapshot().reasons if reason.startswith("loses items")]
        assert len(reasons) == (told.part.state is not State.OK)
        assert all(len(reason) < MOST_TEXT + 40 and "\n" not in reason for reason in reasons)
    counters = dict(told.part.snapshot().counters)
    assert counters.pop("faults", 0) == sum(counters.values()) == sum(each is not None for each in happenings)
    assert len(counters) <= MOST_KINDS + 1
    assert told.faults.in_a_row == next(
        (n for n, each in enumerate(reversed(happenings)) if each is None), len(happenings)
    )
