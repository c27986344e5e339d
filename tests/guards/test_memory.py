"""The guard of memory: ceilings, leaks, and what the kernel killed."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.guards.growth import SAMPLE_S, SAMPLES, Growth, slope, steady_slope
from edged.guards.memory import KILLED_S, Memory, MemoryConfig
from edged.runtime.finding import Level

PAGE = os.sysconf("SC_PAGESIZE")
CONFIG = MemoryConfig(max_bytes=100 * 2**20, limit_share=0.9, leak_bytes_per_h=3_000_000)
HOURS = np.arange(SAMPLES) * SAMPLE_S


def resident(count: int) -> str:
    return f"100000 {count // PAGE} 2000 1 0 20000 0"


def watched(values: np.ndarray) -> Growth:
    """As a guard does it that looks once a minute."""
    growth = Growth()
    for minute in range(int(SAMPLE_S / 60) * (SAMPLES + 1) + 1):
        growth.add(float(np.interp(minute * 60.0, HOURS, values)), minute * 60.0)
    return growth


def test_more_than_the_ceiling_makes_the_box_degraded(tree):
    """And less is well again."""
    memory = Memory(CONFIG, tree.root)
    tree.say(statm=resident(90 * 2**20))
    assert memory.look(0.0).finding.level is Level.OK
    tree.say(statm=resident(120 * 2**20))
    seen = memory.look(2.0)
    assert seen.finding.level is Level.WARNING
    assert seen.finding.found == "edged takes more than 100 MB"
    assert seen.figures["resident_bytes"] == 120 * 2**20
    tree.say(statm=resident(90 * 2**20))
    assert memory.look(4.0).finding.found == ""


def test_what_the_service_may_have_counts_with_its_helpers_and_without_cached_files(tree):
    """900 MB of which half can be given back at any time are not much of 640."""
    tree.say(statm=resident(2**20))
    tree.service(memory_max="671088640", memory_current="900000000", memory_stat="anon 1\ninactive_file 450000000")
    memory = Memory(CONFIG, tree.root)
    assert memory.look(0.0).finding.level is Level.OK
    tree.service(memory_stat="anon 1\ninactive_file 200000000")
    seen = memory.look(2.0)
    assert seen.finding.found == "edged and its helpers take more than 90 % of the 670 MB allowed"
    assert seen.figures["used_bytes"] == 700_000_000
    tree.service(memory_max="max")
    assert memory.look(4.0).finding.level is Level.OK


def test_what_the_kernel_killed_for_memory_is_told_for_an_hour(tree):
    """Not what it killed before edged began."""
    tree.say(statm=resident(2**20))
    tree.service(memory_current="1000", memory_max="max", memory_events="oom 3\noom_kill 3")
    memory = Memory(CONFIG, tree.root)
    assert memory.look(0.0).finding.level is Level.OK
    tree.service(memory_events="oom 4\noom_kill 4")
    assert "killed a process" in memory.look(2.0).finding.found
    assert memory.look(KILLED_S).finding.level is Level.WARNING
    assert memory.look(KILLED_S + 2.0).finding.level is Level.OK


def test_a_leak_is_suspected_after_six_hours(tree):
    """With its rate; not before, and not of memory that stays as it is."""
    memory, steady = Memory(CONFIG, tree.root), Memory(CONFIG, tree.root)
    noise = np.random.default_rng(0)
    for minute in range(6 * 60 + 11):
        tree.say(statm=resident(round(50e6 + minute * 5e6 / 60 + noise.normal(0, 2e5))))
        leaking = memory.look(minute * 60.0)
        assert leaking.finding.level is Level.OK or minute > 355
        tree.say(statm=resident(round(50e6 + noise.normal(0, 5e6))))
        assert steady.look(minute * 60.0).finding.level is Level.OK
    assert leaking.finding.level is Level.WARNING
    assert leaking.finding.found == "grows by 5 MB an hour for 6 h: a leak?"
    assert leaking.figures["grows_bytes_per_h"] == pytest.approx(5e6, rel=0.05)


@pytest.mark.parametrize("step", [10, 24, 36, 48, 60])
def test_a_step_is_no_leak(step):
    """Another model that was loaded, at whatever time."""
    assert watched(np.where(np.arange(SAMPLES) < step, 1e8, 1.5e8)).per_hour == 0.0


def test_memory_that_comes_and_goes_is_no_leak():
    """A cache that fills and is emptied, however high it goes."""
    assert watched(1e8 + 2e7 * (np.arange(SAMPLES) % 18)).per_hour == 0.0


def test_peaks_that_grow_are_no_leak():
    """What is given back within five minutes does not count."""
    growth = Growth()
    for minute in range(5 * SAMPLES + 10):
        growth.add(1e8 + (minute * 1e6 if minute % 5 == 0 else 0.0), minute * 60.0)
    assert growth.per_hour == 0.0


def test_what_has_not_been_watched_for_long_does_not_grow():
    """Steep as it may be."""
    growth = Growth()
    for minute in range(300):
        growth.add(minute * 1e6, minute * 60.0)
    assert growth.per_hour == 0.0


@given(st.floats(-1e6, 1e6), st.floats(1e7, 1e9), st.integers(0, 2**32 - 1))
def test_the_slope_is_found_although_a_fifth_of_the_samples_are_nonsense(per_s, base, seed):
    """By whatever they are off."""
    random = np.random.default_rng(seed)
    values = base + per_s * HOURS
    wrong = random.choice(SAMPLES, SAMPLES // 5, replace=False)
    values[wrong] += random.normal(0, 1e9, len(wrong))
    assert slope(HOURS, values) == pytest.approx(per_s, rel=1e-6, abs=1e-3)


@given(st.lists(st.floats(0, 1e9), min_size=9, max_size=60))
def test_memory_that_falls_is_never_a_leak(values):
    """Whatever falls."""
    falling = np.array(sorted(values, reverse=True))
    assert steady_slope(np.arange(len(falling)) * SAMPLE_S, falling) == 0.0


def test_a_machine_that_does_not_tell_is_not_judged(tree):
    """No part of it stands in health."""
    assert Memory(CONFIG, tree.root).look(0.0) is None
