"""SampleRate: sound that comes too fast or too slowly is told from sound that comes late, and from a hole in it."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.messages.health import State
from edged.messages.sound import Chunk, Span
from edged.runtime.health import Health, Part
from edged.sources.input_check import InputCheck, InputCheckConfig
from edged.sources.sample_rate import LOOKS_BACK, LiveChunk, Point, SampleRate, clock_s, rate_error

HISS = (0.01 * np.random.default_rng(0).normal(size=20)).astype(np.float32)
CHUNK_S = 0.05


class Device:
    """Gives chunks of 50 ms of sound to a check of its own, at a pace that the test sets."""

    def __init__(self, seed: int = 0, jitter_s: float = 0.03, **config: float) -> None:
        self.at_s, self.heard_s, self.jitter_s = 1000.0, 0.0, jitter_s
        self.health = Health(lambda: self.at_s)
        self.part: Part = self.health.part("sources.microphone")
        self.part.set(State.OK)
        self._check = InputCheck(InputCheckConfig(**config), self.part)
        self._random = np.random.default_rng(seed)

    def give(self, seconds: float, rate: float = 1.0) -> None:
        """So many seconds, by the clock, of a device that takes ``rate`` times the samples that it should."""
        until_s = self.at_s + seconds
        while self.at_s < until_s:
            self.at_s += CHUNK_S / rate
            span = Span(self.heard_s, self.heard_s + CHUNK_S)
            late_s = self._random.exponential(self.jitter_s) if self.jitter_s else 0.0
            self._check(LiveChunk(HISS, span, taken_s=self.at_s + late_s))
            self.heard_s = span.end_s

    def noticed(self, rate: float, within_s: float = 100) -> float:
        """After how many seconds it is said that the rate is off."""
        began_s = self.at_s
        while not self.reasons and self.at_s - began_s < within_s:
            self.give(0.5, rate)
        return self.at_s - began_s

    @property
    def reasons(self) -> tuple[str, ...]:
        return self.part.snapshot().reasons


@pytest.mark.parametrize(
    ("rate", "within_s", "said"),
    [(44100 / 48000, 8, "-8.1"), (1.018, 18, "+1.8"), (0.982, 18, "-1.8"), (1.006, 55, "+0.6"), (2.0, 7, "+100.0")],
)
def test_a_device_that_gives_too_much_or_too_little_is_named_with_by_how_much(rate, within_s, said):
    """The sooner the more it is off; the figure is that of the latest minute, and the box is degraded."""
    device = Device()
    device.give(100)
    assert device.reasons == ()
    assert device.noticed(rate) <= within_s
    device.give(100, rate)
    assert len(device.reasons) == 1
    figure = float(device.reasons[0].partition("sample rate off by ")[2].partition(" %")[0])
    assert figure == pytest.approx(float(said), rel=0.2)
    assert device.part.state is State.DEGRADED


def test_it_is_over_when_the_device_keeps_its_pace_again():
    """Within a minute, the longest time that is looked at together."""
    device = Device()
    device.give(100, 1.05)
    assert device.reasons
    device.give(61)
    assert device.reasons == ()
    assert device.part.state is State.OK


def test_health_does_not_flutter_while_the_pace_stays_wrong():
    """It changes when the fault comes, once more at most when it is measured better, and when it goes."""
    device = Device(jitter_s=0.1)
    before = device.health.revision
    device.give(300, 0.98)
    device.give(100)
    assert device.health.revision - before <= 4
    assert device.reasons == ()


def test_a_rate_at_the_edge_of_what_is_bearable_is_not_said_and_taken_back_by_turns():
    """Once said, it must be clearly better to be over."""
    device = Device(rate_off=0.02)
    before = device.health.revision
    for _ in range(8):
        device.give(70, 1.0205)
        device.give(70, 1.0195)
    assert device.health.revision - before <= 1


def test_how_long_it_lasts_counts_from_the_first_word():
    """Even where the figure has been mended since."""
    device = Device()
    device.noticed(1.02)
    first = device.reasons[0].partition(" for ")[0]
    device.give(100, 1.027)
    assert first not in device.reasons[0]
    assert int(device.reasons[0].split(" for ")[1].split()[0]) == pytest.approx(100, abs=3)


@pytest.mark.parametrize("ppm", [-500, 500])
def test_an_ordinary_crystal_is_right(ppm):
    """Half a per mille is what cheap ones are off."""
    device = Device(jitter_s=0.05)
    device.give(400, 1 + ppm * 1e-6)
    assert device.reasons == ()


@pytest.mark.parametrize("hole_s", [-2.0, -0.3, 0.3, 2.0])
def test_a_hole_in_the_sound_or_a_full_buffer_is_no_drift(hole_s):
    """Once is not for ever: it changes how late sound is, and that stays as it is."""
    device = Device()
    device.give(70)
    device.at_s += hole_s
    for _ in range(150):
        device.give(0.5)
        assert device.reasons == ()


def test_a_box_that_is_busy_says_nothing_of_its_microphone():
    """Most chunks come late, by half a second and more: what counts is the one of each second that does not."""
    device = Device()
    for _ in range(5):
        device.give(20)
        device.jitter_s = 0.3
        device.give(20)
        device.jitter_s = 0.03
        assert device.reasons == ()


def test_a_stream_that_begins_anew_is_measured_anew():
    """A microphone that was opened again may be another one."""
    device = Device()
    device.give(100, 1.05)
    assert device.reasons
    device.heard_s = 0.0
    device.give(2)
    assert device.reasons == ()


def test_a_microphone_that_is_opened_again_and_again_has_no_wrong_rate_for_it():
    """It has other troubles."""
    device = Device()
    for _ in range(12):
        device.heard_s = 0.0
        for _ in range(20):
            device.give(0.5)
            assert device.reasons == ()


def test_what_keeps_no_time_of_its_own_has_no_pace():
    """A file read as fast as the disk can."""
    part = Health().part("sources.recording")
    part.set(State.OK)
    check = InputCheck(InputCheckConfig(), part)
    for number in range(2000):
        check(Chunk(HISS, Span(number * CHUNK_S, (number + 1) * CHUNK_S)))
    assert part.snapshot().reasons == ()


def test_what_is_bearable_can_be_set():
    """A device that is known to be off by 2 % need not be told of every day."""
    device = Device(rate_off=0.03)
    device.give(100, 1.02)
    assert device.reasons == ()
    assert device.noticed(1.05) < 40


@given(st.lists(st.tuples(st.floats(0.5, 1.5), st.floats(-0.4, 0.4)), max_size=80))
def test_any_delays_give_an_error_that_they_bear_out(steps):
    """Where the rate is said to be off, sound has come ahead or behind by a quarter of a second."""
    at_s, points = 0.0, []
    for step_s, delay_s in steps:
        at_s += step_s
        points.append(Point(at_s, delay_s))
    error = rate_error(points)
    delays = [point.delay_s for point in points] or [0.0]
    assert error == 0 or max(delays) - min(delays) >= 0.25
    assert abs(error) <= 0.8 / 2


@given(st.floats(0.8, 1.25).filter(lambda rate: abs(rate - 1) > 0.01), st.integers(62, 200))
def test_a_steady_rate_is_measured_to_a_tenth(rate, seconds):
    """Of the error itself, without jitter."""
    points = [Point(second, second * (1 - rate)) for second in range(seconds)]
    assert rate_error(points) == pytest.approx(rate - 1, rel=0.1)


def test_less_than_a_quarter_of_a_second_is_not_sure():
    """It may be jitter, however steady it looks."""
    assert rate_error([Point(second, second * 0.0041) for second in range(61)]) == 0
    assert rate_error([Point(second, second * 0.0043) for second in range(61)]) == pytest.approx(-0.0043)


def test_no_more_than_a_minute_is_remembered():
    """However long the microphone is open."""
    rate = SampleRate()
    for number in range(2000):
        rate(LiveChunk(HISS, Span(number, number + 0.1), taken_s=float(number)))
    assert len(rate._points) <= LOOKS_BACK[0] + 1


def test_the_clock_is_one_that_goes_on():
    """In seconds."""
    before = clock_s()
    time.sleep(0.02)
    assert 0.015 < clock_s() - before < 2
