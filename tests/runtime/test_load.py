"""LoadShedding: up quickly, down slowly, and never for nothing."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edged.runtime.load import MOST_TIMES, Load, LoadShedding

UP_S, DOWN_S = 5.0, 120.0
LEVELS = 3

spells = st.tuples(st.sampled_from(Load), st.sampled_from([0.1, 2.0, UP_S, 40.0, DOWN_S]), st.integers(1, 8))
looks = st.lists(spells, max_size=30).map(
    lambda all_: [(load, gap_s) for load, gap_s, times in all_ for _ in range(times)]
)


def replay(steps: list[tuple[Load, float]]) -> list[tuple[float, Load, int]]:
    """(at, load, level) of each look."""
    shedding, at_s, seen = LoadShedding(LEVELS, UP_S, DOWN_S), 0.0, []
    for load, gap_s in steps:
        at_s += gap_s
        seen.append((at_s, load, shedding.look(load, at_s)))
    return seen


def changes(seen: list[tuple[float, Load, int]]) -> list[tuple[int, int]]:
    """(index, by how much)."""
    levels = [0, *(level for _, _, level in seen)]
    return [(n, after - before) for n, (before, after) in enumerate(pairwise(levels)) if after != before]


@given(looks)
def test_it_goes_one_level_at_a_time_within_its_bounds(steps):
    """Whatever the load does."""
    seen = replay(steps)
    assert all(0 <= level <= LEVELS for _, _, level in seen)
    assert all(abs(by) == 1 for _, by in changes(seen))


@given(looks)
def test_no_change_without_a_load_that_lasted_since_the_one_before(steps):
    """Too much for all of 5 s before a rise, calm for all of two minutes before a fall."""
    seen = replay(steps)
    last = -1
    for index, by in changes(seen):
        wanted, least_s = (Load.TOO_MUCH, UP_S) if by > 0 else (Load.CALM, DOWN_S)
        began_s = next(
            at_s for n, (at_s, _, _) in enumerate(seen) if all(it[1] is wanted for it in seen[n : index + 1])
        )
        changed_s = seen[last][0] if last >= 0 else float("-inf")
        assert seen[index][0] - max(began_s, changed_s) >= least_s
        last = index


@given(looks)
def test_too_much_for_long_enough_brings_it_to_the_top(steps):
    """From wherever it is, within a level every 5 s."""
    seen = replay([*steps, *[(Load.TOO_MUCH, 1.0)] * (LEVELS * 6 + 1)])
    assert seen[-1][2] == LEVELS


@given(looks)
def test_calm_for_long_enough_brings_it_back(steps):
    """However often it was too early before."""
    seen = replay([*steps, *[(Load.CALM, DOWN_S)] * (LEVELS * (MOST_TIMES + 1))])
    assert seen[-1][2] == 0


def test_a_box_that_must_shed_again_and_again_waits_longer_each_time():
    """Twice as long, up to a limit; after it has been well for a while it begins as before."""
    shedding, at_s, waits = LoadShedding(1, UP_S, DOWN_S), 0.0, []

    def until(load: Load, level: int) -> float:
        nonlocal at_s
        began_s = at_s
        while shedding.look(load, at_s) != level:
            at_s += 1.0
        return at_s - began_s

    for _ in range(7):
        until(Load.TOO_MUCH, 1)
        waits.append(until(Load.CALM, 0))
    assert waits == [120, 240, 480, 960, 1920, 1920, 1920]
    at_s += 10_000
    shedding.look(Load.CALM, at_s)
    until(Load.TOO_MUCH, 1)
    assert until(Load.CALM, 0) == DOWN_S


def test_without_levels_it_never_rises():
    """As where shedding is switched off."""
    shedding = LoadShedding(0, 0.0, DOWN_S)
    assert {shedding.look(Load.TOO_MUCH, float(at_s)) for at_s in range(100)} == {0}
