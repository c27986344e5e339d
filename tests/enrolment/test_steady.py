"""Steady: prompts stay long enough to be read."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from edged.enrolment.session import Prompt
from edged.enrolment.steady import OVER_S, Steady

FRAME_S = 0.1


def told(asked, step_s=FRAME_S, samples=()):
    steady = Steady()
    return [steady.take(prompt, at * step_s, at_once=at in samples) for at, prompt in enumerate(asked)]


def test_single_frames_do_not_change_what_is_told():
    """Every third frame shows no face."""
    asked = [Prompt.NOBODY if at % 3 == 2 else Prompt.CLOSER for at in range(60)]
    assert set(told(asked)) == {Prompt.CLOSER}


def test_a_face_that_is_seen_now_and_then_is_told_what_is_wrong():
    """Too dark to be found in most frames: nobody is sent away to come before the camera again."""
    asked = [Prompt.LIGHT if at % 3 == 2 else Prompt.NOBODY for at in range(60)]
    assert set(told(asked)[5:]) == {Prompt.LIGHT}


def test_what_changed_is_told_soon():
    """Within the time that is weighed, once and for all."""
    said = told([Prompt.NOBODY] * 20 + [Prompt.CLOSER] * 20)
    assert [prompt for prompt, _ in itertools.groupby(said)] == [Prompt.NOBODY, Prompt.CLOSER]
    assert 20 <= said.index(Prompt.CLOSER) <= 20 + OVER_S / FRAME_S


def test_a_sample_is_told_at_once():
    """Whatever was told before, and the frames before it count no more."""
    said = told([Prompt.STRAIGHT] * 8 + [Prompt.LEFT] * 3, samples={8})
    assert said[8:] == [Prompt.LEFT] * 3


@given(st.lists(st.sampled_from(Prompt), min_size=1, max_size=100))
def test_of_frames_far_apart_each_counts(asked):
    """A slow box tells what it sees."""
    assert told(asked, step_s=1.0) == asked


@given(st.lists(st.sampled_from(Prompt), min_size=1, max_size=200))
def test_nothing_is_told_that_no_frame_asked_for_of_late(asked):
    """For any frames: what changes is what one of the last frames asked for, and the first is told at once."""
    said = told(asked)
    assert said[0] is asked[0]
    for at in range(1, len(asked)):
        if said[at] is not said[at - 1]:
            assert said[at] in asked[max(0, at - 9) : at + 1]
