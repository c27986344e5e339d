"""The guard of the SD card: what is written to it, and what an eMMC says of itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.guards.card import Card, CardConfig, Daily, Wear, cards, judge, years_left
from edged.runtime.finding import Level
from tests.guards.tree import Tree

CONFIG = CardConfig(full_writes=500, amplification=4, least_years=1)
HOUR_S = 3600.0
GB = 10**9


def card(tree: Tree, written: int, *, name: str = "mmcblk0", size: int = 32 * GB, **more: str) -> None:
    tree.write(f"sys/block/{name}/size", str(size // 512))
    tree.write(
        f"sys/block/{name}/stat", f" 1675733 105468 93577714 7393048 2346227 566834 {written // 512} 614388 0 6 8"
    )
    for file, text in more.items():
        tree.write(f"sys/block/{name}/device/{file}", text)


def test_a_card_that_is_written_to_too_much_is_told_after_six_hours(tree: Tree):
    """With how much is written, and how long that may go well: 32 GB bear 4,000 GB, which is a year of 11 a day."""
    guard = Card(CONFIG, tree.root)
    for hour in range(7):
        card(tree, 50 * GB + hour * GB)
        seen = guard.look(hour * HOUR_S)
        assert (seen.finding.level is Level.WARNING) == (hour >= 6)
    assert seen.finding.found == (
        "mmcblk0: may wear out in less than 1 years (estimated): 24.0 GB a day are written to it"
    )
    assert seen.figures == {"written_bytes_per_day": pytest.approx(24 * GB, rel=0.01), "years": 0.5}


def test_a_card_that_is_written_to_as_edged_does_lasts(tree: Tree):
    """A hundred megabytes a day are nothing to it."""
    guard = Card(CONFIG, tree.root)
    for hour in range(30):
        card(tree, hour * GB // 240)
        seen = guard.look(hour * HOUR_S)
    assert seen.finding.level is Level.OK
    assert seen.figures["years"] > 50


def test_only_the_last_day_counts():
    """A box that wrote much once is not marked for ever."""
    daily = Daily()
    for hour in range(100):
        rate = daily.rate(min(hour, 48) * GB, hour * HOUR_S)
    assert rate == 0.0


@pytest.mark.parametrize(
    ("life_time", "pre_eol_info", "found"),
    [
        ("0x01 0x01", "0x01", ""),
        ("0x00 0x00", "0x00", ""),
        ("0x03 0x0a", "0x01", "mmcblk0: is nearly worn out, by its own word"),
        ("0x02 0x02", "0x02", "mmcblk0: is nearly worn out, by its own word"),
        ("0x0b 0x01", "0x01", "mmcblk0: is worn out, by its own word"),
        ("0x02 0x02", "0x03", "mmcblk0: is worn out, by its own word"),
        ("nonsense", "", ""),
    ],
)
def test_an_emmc_says_itself_how_worn_it_is(tree: Tree, life_time, pre_eol_info, found):
    """The worse of its two kinds of cells, or its reserve."""
    card(tree, GB, life_time=life_time, pre_eol_info=pre_eol_info)
    seen = Card(CONFIG, tree.root).look(0.0)
    assert seen.finding.found == found
    assert (seen.finding.level is Level.WARNING) == bool(found)


def test_other_disks_and_a_card_s_boot_areas_are_left_out(tree: Tree):
    """They wear in other ways, or not at all."""
    card(tree, GB, name="sda")
    card(tree, GB, name="mmcblk0boot0")
    assert list(cards(tree.root)) == []
    assert Card(CONFIG, tree.root).look(0.0) is None
    card(tree, GB, name="mmcblk1")
    assert [wear.name for wear in cards(tree.root)] == ["mmcblk1"]


words = st.text(max_size=60) | st.lists(st.sampled_from(["1", "-", "x"]), max_size=9).map(" ".join)


@given(words, st.text(max_size=20), st.text(max_size=20))
def test_whatever_the_kernel_writes_there_is_read_or_left(tmp_path_factory, stat, life, reserve):
    """No new kernel breaks it."""
    tree = Tree(tmp_path_factory.mktemp("root"))
    card(tree, GB, life_time="0x01 0x01")
    folder = tree.root / "sys/block/mmcblk0"
    (folder / "stat").write_text(stat, encoding="utf-8")
    (folder / "device/life_time").write_text(life, encoding="utf-8")
    (folder / "device/pre_eol_info").write_text(reserve, encoding="utf-8")
    assert len(list(cards(tree.root))) <= 1


@given(st.floats(0, 1e15), st.floats(1, 100))
def test_whoever_writes_more_has_less_of_a_card(per_day, times):
    """And who writes nothing has it for ever."""
    assert years_left(32 * GB, per_day * times, CONFIG) <= years_left(32 * GB, per_day, CONFIG)
    assert judge(Wear("mmcblk0", 32 * GB, 0, 0, 0), 0.0, CONFIG).level is Level.OK
