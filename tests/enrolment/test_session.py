"""Session: samples that differ and agree, and words that help."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.enrolment.config import EnrolmentConfig
from edged.enrolment.examine import Look, Reason
from edged.enrolment.likeness import agreement
from edged.enrolment.session import PROMPTS, Prompt, Session
from tests.enrolment.box import sample

looks = st.one_of(
    st.builds(lambda reason: Look(None, reason), st.sampled_from(Reason)),
    st.builds(
        lambda person, look, turn: Look(sample(person, look), None, turn),
        st.sampled_from([1, 1, 1, 2]),
        st.integers(0, 50),
        st.floats(-1, 1),
    ),
)


@given(st.lists(st.tuples(looks, st.floats(0, 3)), max_size=60), st.integers(1, 6))
def test_whatever_the_camera_shows_the_samples_are_few_apart_and_of_one_person(shown, count):
    """For any sequence of frames."""
    config = EnrolmentConfig()
    session, now_s, taken_s = Session(config, count), 0.0, []
    for look, step_s in shown:
        now_s += step_s
        before = len(session.samples)
        if session.done:
            break
        prompt = session.take(look, now_s)
        if len(session.samples) > before:
            taken_s.append(now_s)
        assert session.done == (prompt is Prompt.DONE)
    assert len(session.samples) <= count
    assert all(later - earlier >= config.apart_s for earlier, later in itertools.pairwise(taken_s))
    for at, one in enumerate(session.samples[1:], 1):
        assert agreement(one, session.samples[:at]) >= config.agree


@pytest.mark.parametrize("reason", list(Reason))
def test_everything_that_is_wrong_has_words_that_help(reason):
    """And takes no sample."""
    session = Session(EnrolmentConfig(), 1)
    assert session.take(Look(None, reason), 0.0) is PROMPTS[reason]
    assert session.samples == ()


def test_different_poses_are_asked_for():
    """Straight, left, straight, right; each is taken when it is there."""
    session, asked = Session(EnrolmentConfig(), 4), []
    for at_s, turn in enumerate([0.0, 0.0, 0.5, 0.0, 0.5, -0.5]):
        asked.append(session.take(Look(sample(1, at_s), None, turn), float(at_s)))
    assert asked == [Prompt.LEFT, Prompt.LEFT, Prompt.STRAIGHT, Prompt.RIGHT, Prompt.RIGHT, Prompt.DONE]
    assert [one.at_s for one in session.samples] == [1000.0, 1002.0, 1003.0, 1005.0]


def test_who_does_not_turn_is_taken_all_the_same_after_a_while():
    """Not everybody can."""
    session = Session(EnrolmentConfig(patience_s=4), 2)
    session.take(Look(sample(1), None, 0.0), 0.0)
    assert session.take(Look(sample(1), None, 0.0), 3.9) is Prompt.LEFT
    assert session.take(Look(sample(1), None, 0.0), 4.0) is Prompt.DONE


def test_it_gives_up_when_there_is_nothing_to_learn_for_long():
    """Counted from the last sample."""
    session = Session(EnrolmentConfig(give_up_s=10, patience_s=0), 3)
    session.take(Look(None, Reason.NO_FACE), 5.0)
    assert not session.gave_up(14.9)
    assert session.gave_up(15.0)
    session.take(Look(sample(1), None, 0.0), 15.0)
    assert not session.gave_up(24.9)
