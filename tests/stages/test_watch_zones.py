"""WatchZones: in which zones an object is, and when it goes over their edges."""

from hypothesis import given
from hypothesis import strategies as st

from edged.areas import contains, foot
from edged.messages.objects import LostObject
from edged.stages.watch_zones import LOOKS, WatchZones, ZoneConfig
from tests.objects import lost, tracked

LEFT = ZoneConfig(points=((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
LOWER = ZoneConfig(points=((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)), labels=("dog",))
ZONES = {"left": LEFT, "lower": LOWER}


def walk(stage, *places, label="person", track=1):
    """An object of 80 pixels whose lower edge's middle is at these places; (zones, entered, left) of each."""
    told = []
    for n, (x, y) in enumerate(places):
        (item,) = stage(tracked(n / 10, track, label, x=x - 40, y=y - 80))
        told.append((item.zones, item.entered, item.left))
    return told


IN, OUT = (("left",), False, False), ((), False, False)


def test_who_goes_into_a_zone_and_out_is_told_once():
    """After as many looks in a row as make it sure."""
    places = [(500, 200)] * 2 + [(100, 200)] * 4 + [(500, 200)] * 3
    entered, left = (("left",), True, False), ((), False, True)
    assert walk(WatchZones(ZONES), *places) == [OUT, OUT, OUT, entered, IN, IN, IN, left, OUT]


def test_a_box_that_trembles_on_an_edge_goes_nowhere():
    """One look on the other side is none."""
    assert walk(WatchZones(ZONES), *[(310, 200), (330, 200)] * 5) == [(("left",), True, False), *[IN] * 9]
    assert walk(WatchZones(ZONES), *[(330, 200), (310, 200)] * 5) == [OUT] * 10


def test_who_appears_in_a_zone_is_in_it_at_once():
    """Where else."""
    assert walk(WatchZones(ZONES), (100, 200)) == [(("left",), True, False)]


def test_a_zone_may_be_about_some_labels():
    """Others walk through it unseen; zones may lie over one another."""
    stage = WatchZones(ZONES)
    assert walk(stage, (100, 400)) == [(("left",), True, False)]
    assert walk(stage, (100, 400), label="dog", track=2) == [(("left", "lower"), True, False)]


def test_what_is_lost_is_forgotten_and_so_is_all_at_the_end():
    """And passed on, so that its event ends."""
    stage = WatchZones(ZONES)
    walk(stage, (100, 200))
    assert list(stage(lost(1.0))) == [LostObject(1, 1.0)]
    assert walk(stage, (500, 200)) == [OUT]
    walk(stage, (100, 200))
    assert list(stage.finish()) == []
    assert walk(stage, (500, 200)) == [OUT]


@given(st.lists(st.tuples(st.floats(40, 600), st.floats(80, 480)), min_size=1, max_size=40))
def test_it_is_where_it_was_for_the_last_looks(places):
    """Whatever way it takes: enough looks on one side, and it is there; every change is told, and only changes are."""
    stage, before, raw = WatchZones({"left": LEFT}), (), []
    for n, (x, y) in enumerate(places):
        item = tracked(n / 10, x=x - 40, y=y - 80)
        raw.append(contains(LEFT.points, foot(item.sighting.box, item.frame.picture)))
        (told,) = stage(item)
        if len(set(raw[-LOOKS:])) == 1 and len(raw) >= LOOKS:
            assert bool(told.zones) == raw[-1]
        assert (told.entered, told.left) == (told.zones > before, told.zones < before)
        before = told.zones
