"""DropVoice: what is said near the box is dropped, and its time marked."""

from edged.messages.event import ModelUse
from edged.messages.sound import Span
from edged.messages.sound_events import LabelledWindow
from edged.runtime.health import Health
from edged.runtime.withheld import Withheld
from edged.stages.drop_voice import DropVoice, PrivacyConfig

VOICE = ("Speech", "Singing")


def window(start_s, **scores):
    scores = {"Speech": 0.0, "Singing": 0.0, "Dog": 0.9, **scores}
    return LabelledWindow(scores, ModelUse("m", "0", "cpu"), Span(start_s, start_s + 1.0, 1000.0))


def made(**config):
    withheld, part = Withheld(), Health().part("pipelines.sounds")
    return DropVoice(PrivacyConfig(**config), VOICE, withheld, part), withheld, part


def test_voice_is_dropped_whatever_else_is_heard():
    """A dog that barks while somebody talks is not told of either, and the dropped are counted."""
    drop, _, part = made(drop_voice=True, threshold=0.2)
    windows = [window(0.0), window(0.5, Speech=0.2), window(1.0, Singing=0.7), window(1.5, Speech=0.19)]
    assert [item.span.start_s for one in windows for item in drop(one)] == [0.0, 1.5]
    assert part.snapshot().counters["voice_dropped"] == 2


def test_the_time_of_a_voice_is_marked_with_a_margin_before_it_is_cleared():
    """In Unix time; what has no voice in it is not marked."""
    drop, withheld, _ = made(drop_voice=True, margin_s=0.5)
    for start_s in (0.0, 1.0):
        tuple(drop(window(start_s)))
    assert withheld.within(1000.0, 1e9) == []
    tuple(drop(window(2.0, Speech=0.9)))
    assert withheld.within(1000.0, 1e9) == [(1001.5, 1003.5)]
    assert withheld.word.until_s == 1001.5


def test_nothing_is_cleared_that_the_next_window_may_yet_mark():
    """A later window begins later by some hop, and a voice in it is kept out from its margin on."""
    drop, withheld, _ = made(drop_voice=True, margin_s=0.5)
    tuple(drop(window(2.0)))
    assert withheld.word.until_s <= 1002.0 - 0.5


def test_what_no_window_has_shown_is_marked():
    """Before the first window, and in a gap: the pipeline came later, or was behind and lost some."""
    drop, withheld, _ = made(drop_voice=True, margin_s=0.5)
    tuple(drop(window(100.0)))
    assert withheld.within(1099.0, 1099.5)
    assert not withheld.within(1100.0, 1e9)
    tuple(drop(window(100.5)))
    tuple(drop(window(101.75)))
    assert withheld.within(1100.0, 1e9) == [(1101.5, 1101.75)]


def test_a_clock_that_goes_back_is_a_beginning():
    """What was before the first window by the new time is not known."""
    drop, withheld, _ = made(drop_voice=True)
    tuple(drop(window(100.0)))
    tuple(drop(window(20.0)))
    assert withheld.within(1019.0, 1019.5)
    assert withheld.word.until_s == 1019.0


def test_nobody_asked_for_it():
    """By default all passes, and nothing is held up."""
    drop, withheld, _ = made()
    assert [item.scores["Speech"] for item in drop(window(0.0, Speech=1.0))] == [1.0]
    assert (withheld.word.number, withheld.within(0.0, 1e9)) == (0, [])
