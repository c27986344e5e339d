"""InputCheck: each fault of the sound is a named condition in health, raised when it lasts, cleared when it is over."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edged.messages.health import State
from edged.messages.sound import Chunk, Span
from edged.runtime.health import Health, Part
from edged.sources.input_check import InputCheck, InputCheckConfig, faults, finite

RATE_HZ = 16000
HISS = (0.01 * np.random.default_rng(0).normal(size=1600)).astype(np.float32)
ZEROS = np.zeros(1600, np.float32)
CLIPPED = np.clip(HISS * 400, -1, 1)
SOUNDS = {"silent": ZEROS, "clipping": CLIPPED, "offset": HISS + np.float32(0.2)}
SOUNDS["not finite"] = np.where(HISS > 0, np.float32("nan"), HISS)


class Clock:
    """A clock that the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """A source's health, with a check before it that is fed tenths of seconds."""

    def __init__(self, **config: float) -> None:
        self.clock = Clock()
        self.health = Health(self.clock)
        self.part: Part = self.health.part("sources.microphone")
        self.part.set(State.OK)
        self.check = InputCheck(InputCheckConfig(**config), self.part)
        self.at_s = 0.0

    def hear(self, samples: np.ndarray, seconds: float) -> None:
        for _ in range(round(seconds / 0.1)):
            self.check(Chunk(samples, Span(self.at_s, self.at_s + 0.1)))
            self.at_s += 0.1
            self.clock.now += 0.1

    @property
    def reasons(self) -> tuple[str, ...]:
        return self.part.snapshot().reasons


@pytest.mark.parametrize("name", InputCheck.NAMES)
def test_a_condition_is_raised_when_it_lasts_and_cleared_when_it_is_over(name):
    """Shorter than ``after_s`` is nothing; then it is named with how long it lasts; good sound clears it at once."""
    bench = Bench(after_s=3)
    bench.hear(SOUNDS[name], 2.9)
    assert bench.reasons == ()
    bench.hear(SOUNDS[name], 27.2)
    assert bench.reasons == (f"{name} for 30 s",)
    assert bench.part.state is State.DEGRADED
    bench.hear(HISS, 0.1)
    assert bench.reasons == ()
    assert bench.part.state is State.OK


@pytest.mark.parametrize("name", InputCheck.NAMES)
def test_a_condition_that_pauses_begins_anew(name):
    """Only an unbroken condition counts."""
    bench = Bench(after_s=3)
    for _ in range(5):
        bench.hear(SOUNDS[name], 2.5)
        bench.hear(HISS, 0.1)
        assert bench.reasons == ()


def test_a_lasting_condition_changes_health_once():
    """No flood: health's revision moves when the condition comes and when it goes."""
    bench = Bench(after_s=1)
    before = bench.health.revision
    bench.hear(ZEROS, 20)
    bench.hear(HISS, 20)
    assert bench.health.revision == before + 2


def test_a_stream_that_begins_anew_does_not_hide_a_condition():
    """A microphone that was opened again counts from 0: what is still silent is named again after ``after_s``."""
    bench = Bench(after_s=3)
    bench.hear(ZEROS, 500)
    bench.at_s = 0.0
    bench.hear(ZEROS, 4)
    assert bench.reasons
    assert bench.reasons[0].startswith("silent for ")


def test_a_chunk_without_samples_changes_nothing():
    """A resampler that gives nothing yet neither clears a condition nor raises one."""
    bench = Bench(after_s=1)
    bench.hear(ZEROS, 2)
    bench.hear(ZEROS[:0], 0.1)
    assert bench.reasons == ("silent for 2 s",)


def test_good_sound_passes_as_it_is():
    """What needs no mending is handed on unchanged, the very same chunk."""
    chunk = Chunk(HISS, Span(0.0, 0.1), gap=True)
    assert Bench().check(chunk) is chunk


def test_good_sound_has_no_fault_at_any_level():
    """From a live microphone's hiss to nearly full scale, sound is sound."""
    for level in (1e-5, 1e-3, 0.1, 0.9):
        assert faults(HISS / np.abs(HISS).max() * np.float32(level), InputCheckConfig()) == set()


def test_several_faults_are_all_named():
    """Clipped sound with an offset is both; silence with an offset is silence."""
    assert faults(np.clip(CLIPPED + np.float32(0.5), -1, 1), InputCheckConfig()) == {"clipping", "offset"}
    assert faults(ZEROS + np.float32(0.5), InputCheckConfig()) == {"silent"}
    assert faults(np.full(10, np.nan, np.float32), InputCheckConfig()) == {"not finite", "silent"}
    assert faults(ZEROS[:0], InputCheckConfig()) == set()


@given(hnp.arrays(np.float32, st.integers(0, 200), elements=st.floats(width=32)))
def test_what_comes_out_is_finite_and_as_long(samples):
    """Whatever comes in, as many finite samples come out; those that were good are unchanged; what was odd is named."""
    chunk = Chunk(samples, Span(0.0, 0.1))
    out = Bench().check(chunk).samples
    assert out.dtype == np.float32
    assert out.shape == samples.shape
    assert np.isfinite(out).all()
    good = np.abs(samples) <= 1e6
    np.testing.assert_array_equal(out[good], samples[good])
    assert not out[~good].any()
    assert ("not finite" in faults(samples, InputCheckConfig())) == (not good.all())
    np.testing.assert_array_equal(finite(out), out)


def test_gaps_are_counted():
    """Each chunk that follows on missing samples adds one to the source's counters, and is passed on as it is."""
    bench = Bench()
    for gap in (False, True, True, False):
        chunk = Chunk(HISS, Span(0.0, 0.1), gap)
        assert bench.check(chunk) is chunk
    assert bench.part.snapshot().counters == {"gaps": 2}
