"""ConfirmEvents: what is told where pipelines agree, and where they do not."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from edged.confirm_events import Condition, ConfirmationConfig, ConfirmEvents
from edged.messages.event import Event, ModelUse, Phase

RULE = ConfirmationConfig(
    all=(Condition(pipeline="drones"), Condition(pipeline="objects", labels=("airplane", "drone"))), within_s=5
)
EPOCHS = {"drones": 1000.0, "objects": 400.0, "faces": 0.0}
"""Each source counts its seconds from a moment of its own."""


def event(pipeline, number, phase, at, began, label="drone", confidence=0.8):
    """``at`` and ``began`` are Unix time."""
    epoch_s = EPOCHS[pipeline]
    return Event(
        id=f"{pipeline}-{number}",
        pipeline=pipeline,
        phase=phase,
        label=label,
        confidence=confidence,
        start_s=began - epoch_s,
        end_s=at - epoch_s,
        observed_s=at - epoch_s,
        epoch_s=epoch_s,
        model=ModelUse("m", "0" * 64, "cpu"),
    )


def start(pipeline, number, at, **more):
    return event(pipeline, number, Phase.START, at, at, **more)


def end(pipeline, number, at, began, **more):
    return event(pipeline, number, Phase.END, at, began, **more)


def told(*events, rule=RULE):
    confirm = ConfirmEvents(rule, "sure")
    return [one for event in events for one in confirm(event)]


def test_two_that_are_on_together_are_confirmed_until_the_first_ends():
    """The event names both, is no surer than the less sure, and begins with the later."""
    began, ended = told(
        start("drones", 1, 2000, confidence=0.9),
        start("objects", 1, 2003, label="airplane", confidence=0.6),
        end("drones", 1, 2010, 2000),
        end("objects", 1, 2020, 2003, label="airplane"),
    )
    assert (began.phase, began.label, began.pipeline, began.confidence) == (Phase.START, "confirmed", "sure", 0.6)
    assert began.epoch_s + began.start_s == 2003
    assert [(one.pipeline, one.id, one.label, one.confidence) for one in began.witnesses] == [
        ("drones", "drones-1", "drone", 0.9),
        ("objects", "objects-1", "airplane", 0.6),
    ]
    assert (ended.id, ended.phase, ended.witnesses) == (began.id, Phase.END, began.witnesses)
    assert ended.epoch_s + ended.end_s == 2010


def test_one_that_has_just_ended_counts_and_one_that_has_long_ended_does_not():
    """Within the rule's time."""
    before = [start("drones", 1, 2000), end("drones", 1, 2010, 2000)]
    assert [one.phase for one in told(*before, start("objects", 1, 2015))] == [Phase.START]
    assert told(*before, start("objects", 1, 2016)) == []


def test_other_labels_and_other_pipelines_do_not_count():
    """A person is no airplane, and a face is no object."""
    assert told(start("drones", 1, 2000), start("objects", 1, 2001, label="person"), start("faces", 1, 2001)) == []


def test_a_label_that_becomes_the_wanted_one_counts_from_then_on():
    """A detector may think again."""
    first = start("objects", 1, 2001, label="bird")
    then = replace(first, label="airplane", phase=Phase.UPDATE)
    assert [one.phase for one in told(start("drones", 1, 2000), first, then)] == [Phase.START]


def test_the_same_two_confirm_once_and_a_new_one_beside_an_old_one_again():
    """A drone that is heard on and on while airplanes come and go."""
    drone = start("drones", 1, 2000)
    events = told(
        drone,
        start("objects", 1, 2001),
        end("objects", 1, 2005, 2001),
        replace(drone, phase=Phase.UPDATE, observed_s=1006.0, end_s=1006.0),
        start("objects", 2, 2007),
        end("drones", 1, 2009, 2000),
    )
    assert [(one.phase, one.witnesses[1].id) for one in events] == [
        (Phase.START, "objects-1"),
        (Phase.END, "objects-1"),
        (Phase.START, "objects-2"),
        (Phase.END, "objects-2"),
    ]
    assert events[0].id != events[2].id


def test_what_was_confirmed_is_not_told_again_when_the_last_of_its_witnesses_ends():
    """A second object came while the first was confirmed with the drone: all is over, and was told."""
    events = told(
        start("drones", 1, 2000),
        start("objects", 1, 2001),
        start("objects", 2, 2002),
        end("objects", 1, 2009, 2001),
        end("objects", 2, 2009, 2002),
        end("drones", 1, 2009, 2000),
    )
    assert [(one.phase, one.witnesses[1].id) for one in events] == [
        (Phase.START, "objects-1"),
        (Phase.END, "objects-1"),
    ]


def test_what_is_confirmed_ends_with_its_witnesses_last_word_when_the_rule_is_given_up():
    """Nothing is on for ever; and where nothing is confirmed there is nothing to say."""
    confirm = ConfirmEvents(RULE, "sure")
    assert list(confirm.finish()) == []
    drone = start("drones", 1, 2000)
    (began,) = (one for it in (drone, start("objects", 1, 2003)) for one in confirm(it))
    list(confirm(replace(drone, phase=Phase.UPDATE, observed_s=1008.0, end_s=1008.0)))
    (ended,) = confirm.finish()
    assert (ended.id, ended.phase, ended.epoch_s + ended.end_s) == (began.id, Phase.END, 2008)
    assert list(confirm.finish()) == []


def test_a_label_that_was_the_wanted_one_counts_no_longer():
    """What is a bird now is no airplane that is on for ever because nobody says that it ended."""
    first = start("objects", 1, 2001, label="airplane")
    then = replace(first, label="bird", phase=Phase.UPDATE)
    assert told(first, then, start("drones", 1, 2002)) == []
    assert told(first, then, end("objects", 1, 2003, 2001, label="bird"), start("drones", 1, 9000)) == []


def test_a_rule_of_many_conditions_looks_at_so_many_combinations_and_no_more():
    """Fifty events of each of eight conditions: all of them would take years. The newest agree all the same."""
    names = [f"objects-{number}" for number in range(8)]
    rule = ConfirmationConfig(all=tuple(Condition(pipeline=name) for name in names), within_s=5)
    agree, never = ConfirmEvents(rule, "sure"), ConfirmEvents(rule, "sure")

    def of(name, number, at, end_at=None):
        it = start("objects", number, at) if end_at is None else end("objects", number, end_at, at)
        return replace(it, id=f"{name}-{number}", pipeline=name)

    for number in range(60):
        for name in names[1:]:
            assert list(agree(of(name, number, 2000))) == []
            assert list(never(of(name, number, 2008) if name == names[7] else of(name, number, 2000, 2000))) == []
    (began,) = agree(of(names[0], 1, 2004))
    assert [one.id for one in began.witnesses] == ["objects-0-1", *(f"{name}-59" for name in names[1:])]
    assert list(never(of(names[0], 1, 2004))) == []


@given(st.lists(st.tuples(st.sampled_from(["drones", "objects"]), st.integers(0, 3), st.integers(0, 12)), max_size=60))
def test_confirmations_alternate_and_their_witnesses_always_agree(steps):
    """Whatever comes: start and end by turns, each of a drone and an object at most five seconds apart."""
    confirm, on, at, kept, spans = ConfirmEvents(RULE, "sure"), {}, 2000.0, [], {}
    for number, (pipeline, which, wait) in enumerate(steps):
        at += wait
        if (pipeline, which) in on:
            name, began = on.pop((pipeline, which))
            it = end(pipeline, name, at, began)
        else:
            on[pipeline, which] = number, at
            it = start(pipeline, number, at)
        spans[it.id] = (it.epoch_s + it.start_s, at if it.phase is Phase.END else float("inf"))
        for told_now in confirm(it):
            (a0, a1), (b0, b1) = (spans[one.id] for one in told_now.witnesses)
            assert max(a0 - b1, b0 - a1) <= RULE.within_s
            assert told_now.start_s <= told_now.end_s
            kept.append(told_now)
    assert [one.phase for one in kept] == [Phase.START, Phase.END] * (len(kept) // 2) + [Phase.START] * (len(kept) % 2)
    assert len({one.id for one in kept}) == (len(kept) + 1) // 2


def test_what_is_confirmed_never_gets_shorter():
    """It lasts as long as all witnesses are known to: one that goes on alone confirms nothing."""
    began, ended = told(
        start("objects", 1, 2000, label="airplane"),
        event("drones", 1, Phase.START, 2004, 2001),
        end("objects", 1, 2001.5, 2000, label="airplane"),
    )
    assert (began.end_s - began.start_s, ended.end_s - ended.start_s) == (0.0, 0.5)
