"""WithoutVoice: no clip has what was withheld, whoever comes late, hangs or sets the clock."""

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from edged.messages.sound import Chunk, Span
from edged.runtime.withheld import Withheld
from edged.sinks.clips.sound_ring import SoundRing
from edged.sinks.clips.without_voice import WAITS_S, WithoutVoice

RATE_HZ = 1000
CHUNK_S = 0.5


def chunk(at_s, value=0.5):
    return Chunk(np.full(round(CHUNK_S * RATE_HZ), value, np.float32), Span(at_s, at_s + CHUNK_S, 0.0))


def recorder(*lookers, length_s=120.0):
    return WithoutVoice(SoundRing(length_s, RATE_HZ), lambda: lookers, RATE_HZ)


def kept(ring, from_s=0.0, until_s=100.0):
    """Seconds of sound that is not silence."""
    files = ring.cut(from_s, until_s)
    if not files:
        return 0.0
    sound, rate_hz = soundfile.read(io.BytesIO(files[0].content))
    assert rate_hz == RATE_HZ
    return float((np.abs(sound) > 0.1).sum()) / rate_hz


def test_without_anybody_who_looks_all_is_kept():
    """As by the ring alone, at once."""
    ring = recorder()
    ring.add(chunk(10.0))
    assert (ring.until_s, kept(ring)) == (10.5, 0.5)


def test_sound_is_kept_only_when_it_has_been_looked_at():
    """Until then the source seems to be not yet there, so that clips wait."""
    looker = Withheld()
    ring = recorder(looker)
    for at_s in (10.0, 10.5, 11.0):
        ring.add(chunk(at_s))
    assert (ring.until_s, kept(ring)) == (float("-inf"), 0.0)
    looker.clear(11.2)
    assert (ring.until_s, kept(ring)) == (11.0, 1.0)


def test_what_was_marked_is_silence():
    """To the sample; what is before and after it stays where it was."""
    looker = Withheld()
    ring = recorder(looker)
    for at_s in (10.0, 10.5, 11.0):
        ring.add(chunk(at_s))
    looker.mark(10.25, 10.75)
    looker.clear(11.5)
    ring.add(chunk(11.5))
    (file,) = ring.cut(10.0, 11.5)
    sound, _ = soundfile.read(io.BytesIO(file.content))
    assert np.flatnonzero(np.abs(sound) < 0.1).tolist() == list(range(250, 750))
    assert len(sound) == 1500


def test_all_who_look_must_have_spoken():
    """Two pipelines on one source: what either marks is silent."""
    one, other = Withheld(), Withheld()
    ring = recorder(one, other)
    ring.add(chunk(10.0))
    one.clear(11.0)
    assert kept(ring) == 0.0
    other.mark(10.0, 10.1)
    other.clear(11.0)
    assert kept(ring) == pytest.approx(0.4)


def test_who_looks_when_the_sound_comes_is_waited_for_though_he_goes():
    """A pipeline that is switched off leaves what it has not looked at to nobody; what comes later is kept."""
    lookers = [Withheld()]
    ring = WithoutVoice(SoundRing(120.0, RATE_HZ), lambda: tuple(lookers), RATE_HZ)
    ring.add(chunk(10.0))
    lookers.clear()
    for at in range(40):
        ring.add(chunk(10.5 + at * CHUNK_S))
    assert kept(ring, 0.0, 10.5) == 0.0
    assert kept(ring, 10.5, 11.0) == 0.5


def test_who_never_speaks_leaves_nothing():
    """A pipeline that hangs: what has waited for too long is gone, and does not fill the memory."""
    ring = recorder(Withheld())
    for at in range(200):
        ring.add(chunk(at * CHUNK_S))
    assert kept(ring) == 0.0
    assert len(ring._waiting) <= WAITS_S / CHUNK_S + 1


@pytest.mark.parametrize("jump_s", [-3600.0, -20.0, 20.0, 3600.0])
def test_a_clock_that_is_set_lets_no_sound_pass_unseen(jump_s):
    """A word from before the jump says nothing of sound after it, nor the other way round."""
    looker = Withheld()
    ring = recorder(looker)
    looker.clear(5000.0)
    ring.add(chunk(5000.0 + jump_s))
    assert kept(ring, 0.0, 10_000.0) == 0.0
    looker.clear(5000.5)  # still by the clock of before: the pipeline is behind
    assert kept(ring, 4000.0 + jump_s, 6000.0 + jump_s) == 0.0


def test_a_word_from_before_the_sound_came_says_nothing_of_it():
    """The clock went back a little: that time has been spoken of, and this sound not."""
    looker = Withheld()
    ring = recorder(looker)
    looker.clear(5000.0)
    ring.add(chunk(4996.0))
    assert kept(ring, 4990.0, 5010.0) == 0.0
    looker.clear(4997.0)
    assert kept(ring, 4990.0, 5010.0) == CHUNK_S


def test_others_hear_the_sound_as_it_was():
    """A chunk goes to every pipeline of its source: none of them may find silence in it."""
    looker = Withheld()
    ring, spoken = recorder(looker), chunk(10.0)
    ring.add(spoken)
    looker.mark(10.0, 11.0)
    looker.clear(11.0)
    assert kept(ring) == 0.0
    assert spoken.samples.min() == 0.5


STEPS = st.lists(st.one_of(st.just("hear"), st.just("look"), st.just("speak")), min_size=10, max_size=120)


@given(STEPS, st.lists(st.integers(0, 100), max_size=10))
def test_whatever_the_order_no_marked_moment_is_ever_kept(steps, voices):
    """The looker is behind by any number of chunks, and marks each with a voice before it clears it."""
    looker, heard, looked = Withheld(), 0, 0
    ring = recorder(looker)
    for step in steps:
        if step == "hear":
            ring.add(chunk(heard * CHUNK_S, 0.9 if heard in voices else 0.3))
            heard += 1
        elif looked < heard:
            if looked in voices:
                looker.mark(looked * CHUNK_S, (looked + 1) * CHUNK_S)
            looked += 1
            looker.clear(looked * CHUNK_S)
    for file in ring.cut(0.0, 100.0):
        sound, _ = soundfile.read(io.BytesIO(file.content))
        assert np.abs(sound).max(initial=0.0) < 0.4
    ring.add(chunk(heard * CHUNK_S))
    looker.clear(looked * CHUNK_S)
    clean = [at for at in range(looked) if at not in voices and (heard - looked) * CHUNK_S < 5]
    assert kept(ring) >= len(clean) * CHUNK_S * 0.99
