"""MeasureLevel: levels of sounds whose level is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edged.stages.measure_level import (
    FLOOR_DBFS,
    NOMINAL_HZ,
    LevelConfig,
    MeasureLevel,
    a_weighting_db,
    third_octave_edges,
)
from tests.sound_events import RATE_HZ, chunks_of

A_WEIGHTS_DB = {
    "10": -70.4, "12.5": -63.4, "16": -56.7, "20": -50.5, "25": -44.7, "31.5": -39.4, "40": -34.6, "50": -30.2,
    "63": -26.2, "80": -22.5, "100": -19.1, "125": -16.1, "160": -13.4, "200": -10.9, "250": -8.6, "315": -6.6,
    "400": -4.8, "500": -3.2, "630": -1.9, "800": -0.8, "1000": 0.0, "1250": 0.6, "1600": 1.0, "2000": 1.2,
    "2500": 1.3, "3150": 1.2, "4000": 1.0, "5000": 0.5, "6300": -0.1, "8000": -1.1, "10000": -2.5, "12500": -4.3,
    "16000": -6.6, "20000": -9.3,
}  # fmt: skip
"""IEC 61672-1:2013, table 3, by nominal frequency."""
TIGHTEST_CLASS_1_DB = 0.7
"""Its narrowest acceptance limit, that at 1 kHz."""


def sine(hz, amplitude=1.0, seconds=4.0):
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)).astype(np.float32)


def levels(sound, calibration_db=None, chunk_s=0.05, **config):
    told = []
    measure = MeasureLevel(LevelConfig(enabled=True, **config), "sounds", "roof", told.append, calibration_db)
    for chunk in chunks_of(sound, chunk_s=chunk_s):
        assert tuple(measure(chunk)) == (chunk,)
    return told


def level_of(sound, **given):
    (told,) = levels(sound, interval_s=len(sound) / RATE_HZ, **given)
    return told


def exact_hz(nominal):
    """Of a third octave; base ten."""
    return 10 ** (round(10 * np.log10(float(nominal))) / 10)


@pytest.mark.parametrize("nominal", A_WEIGHTS_DB)
def test_a_weighting_is_the_standards(nominal):
    """At the exact frequency of each third octave: the table's value, but for its rounding."""
    assert a_weighting_db(np.array([exact_hz(nominal)]))[0] == pytest.approx(A_WEIGHTS_DB[nominal], abs=0.06)


@pytest.mark.parametrize("nominal", NOMINAL_HZ)
def test_a_sine_is_weighted_and_in_its_band(nominal):
    """Measured, not computed: well within class 1 at every third octave that 16 kHz can hold, and in no other band."""
    told = level_of(sine(exact_hz(nominal), 0.1))
    assert told.rms_dbfs == pytest.approx(-20.0, abs=0.02)
    assert told.a_weighted_dbfs - told.rms_dbfs == pytest.approx(A_WEIGHTS_DB[nominal], abs=TIGHTEST_CLASS_1_DB / 2)
    assert told.third_octaves_dbfs[nominal] == pytest.approx(-20.0, abs=0.1)
    others = [db for hz, db in told.third_octaves_dbfs.items() if hz != nominal]
    assert max(others) < -20 - 40


def test_a_sine_that_fills_the_range_is_0_dbfs():
    """By RMS and by peak (AES17); A-weighted too at 1 kHz, where calibration makes sound pressure of it."""
    told = level_of(sine(1000.0), calibration_db=120.0)
    assert (told.rms_dbfs, told.peak_dbfs, told.a_weighted_dbfs) == pytest.approx((0, 0, 0), abs=0.02)
    assert told.a_weighted_db_spl == pytest.approx(120.0, abs=0.02)


def test_a_square_that_fills_the_range_is_3_db_more():
    """Its RMS is its peak."""
    told = level_of(np.sign(sine(100.3)) + np.float32(0))
    assert told.rms_dbfs == pytest.approx(3.01, abs=0.01)


def test_white_noise_has_as_much_more_in_a_band_as_it_is_wider():
    """1 dB a band; and all bands together are the share of the spectrum that they cover."""
    noise = np.random.default_rng(0).normal(0, 0.1, 20 * RATE_HZ).astype(np.float32)
    told = level_of(noise)
    edges = third_octave_edges()
    expected = told.rms_dbfs + 10 * np.log10(np.diff(edges) / (RATE_HZ / 2))
    np.testing.assert_allclose(list(told.third_octaves_dbfs.values())[8:], expected[8:], atol=0.5)
    together = 10 * np.log10(sum(10 ** (db / 10) for db in told.third_octaves_dbfs.values()))
    assert together == pytest.approx(told.rms_dbfs + 10 * np.log10((edges[-1] - edges[0]) / 8000), abs=0.1)
    assert told.rms_dbfs == pytest.approx(-20 + 3.01, abs=0.1)


def test_band_edges_adjoin_and_lie_around_their_centres():
    """As far below as above, in ratio; a decade is ten bands."""
    edges = third_octave_edges()
    centres = np.array([exact_hz(nominal) for nominal in NOMINAL_HZ])
    np.testing.assert_allclose(centres / edges[:-1], edges[1:] / centres)
    assert edges[10] / edges[0] == pytest.approx(10.0)
    assert edges[-1] < RATE_HZ / 2


def test_silence_has_a_level_that_json_can_hold():
    """And an uncalibrated microphone has no sound pressure."""
    told = level_of(np.zeros(2 * RATE_HZ, np.float32))
    assert (told.rms_dbfs, told.peak_dbfs, told.a_weighted_dbfs) == (FLOOR_DBFS,) * 3
    assert told.a_weighted_db_spl is None


def test_what_is_no_number_is_silence():
    """A broken driver must not make a level of nan."""
    sound = sine(1000.0, 0.5)
    sound[100:200] = np.nan
    assert level_of(sound).rms_dbfs == pytest.approx(-6.0, abs=0.1)


def test_it_is_told_at_each_interval_and_of_that_interval_alone():
    """Two seconds loud, two seconds soft; the time is that of its end."""
    told = levels(np.concatenate((sine(1000.0, 1.0, 2.0), sine(1000.0, 0.01, 2.0))), interval_s=2)
    assert [(it.duration_s, it.at) for it in told] == [
        (2.0, "2023-11-14T22:13:22.000Z"),
        (2.0, "2023-11-14T22:13:24.000Z"),
    ]
    assert [it.rms_dbfs for it in told] == pytest.approx([0.0, -40.0], abs=0.1)
    assert (told[0].pipeline, told[0].source) == ("sounds", "roof")


def test_what_lies_where_two_intervals_meet_is_in_their_spectra():
    """A burst round the end of the first: together they have the power that it has."""
    sound = np.zeros(6 * RATE_HZ, np.float32)
    sound[28_000:36_000] = sine(1000.0, 0.5, 0.5)
    told = levels(sound, interval_s=2)
    weighted = sum(10 ** (it.a_weighted_dbfs / 10) for it in told)
    plain = sum(10 ** (it.rms_dbfs / 10) for it in told)
    assert len(told) == 3
    assert 10 * np.log10(weighted / plain) == pytest.approx(0.0, abs=1.0)


def test_third_octaves_can_be_left_out_and_all_of_it_is_off_by_default():
    """Then nothing is measured."""
    assert level_of(sine(1000.0), third_octaves=False).third_octaves_dbfs == {}
    told = []
    measure = MeasureLevel(LevelConfig(interval_s=1), "sounds", "roof", told.append)
    for chunk in chunks_of(sine(1000.0)):
        measure(chunk)
    assert told == []


@settings(max_examples=20)
@given(chunk_s=st.floats(0.01, 1.0))
def test_how_the_sound_is_cut_does_not_matter(chunk_s):
    """The same sound in other chunks has the same level, but for where an interval ends."""
    noise = np.random.default_rng(3).normal(0, 0.1, 5 * RATE_HZ).astype(np.float32)
    whole, cut = levels(noise, interval_s=2)[0], levels(noise, interval_s=2, chunk_s=chunk_s)[0]
    assert cut.rms_dbfs == pytest.approx(whole.rms_dbfs, abs=0.2)
    assert cut.a_weighted_dbfs == pytest.approx(whole.a_weighted_dbfs, abs=0.5)
    assert cut.duration_s < 2 + chunk_s + 0.001


def test_a_gap_is_in_no_spectrum():
    """Two halves of a second do not become one second: there would be a click where they meet."""
    (first, *_, last) = chunks_of(sine(1000.0, 0.5, 0.6), sine(1000.0, 0.5, 0.6), chunk_s=0.6)
    told = []
    measure = MeasureLevel(LevelConfig(enabled=True, interval_s=1), "sounds", "roof", told.append)
    measure(first)
    measure(type(last)(last.samples, last.span, gap=True))
    assert told == []
