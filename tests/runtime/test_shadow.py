"""Shadow: looks at what it can, at low priority, and never stands in a pipeline's way."""

import threading

from edged.messages.health import State
from edged.runtime.health import Health
from edged.runtime.shadow import WAITING, Shadow

LIMIT_S = 5.0


def test_it_looks_at_every_item_and_shows_the_figures():
    """On a thread of its own; at the end the observer is closed."""
    part, seen, closed = Health().part("models.other"), [], threading.Event()

    def look(item: int, output: str) -> dict[str, float]:
        seen.append((item, output))
        return {"looked": len(seen)}

    shadow = Shadow("other", look, part, closed.set)
    shadow.start()
    shadow(1, "one")
    shadow(2, "two")
    shadow.stop(LIMIT_S)
    assert seen == [(1, "one"), (2, "two")]
    assert part.snapshot().counters == {"looked": 2}
    assert part.state is State.OK
    assert closed.is_set()


def test_one_that_stands_still_drops_and_counts_and_holds_nobody_up():
    """The newest wait, the others are dropped; offering returns at once."""
    part, release, looking, seen = Health().part("models.other"), threading.Event(), threading.Event(), []

    def look(item: int, _output: None) -> dict[str, float]:
        looking.set()
        release.wait(LIMIT_S)
        seen.append(item)
        return {}

    shadow = Shadow("other", look, part)
    shadow.start()
    shadow(0, None)
    assert looking.wait(LIMIT_S)
    for number in range(1, 101):
        shadow(number, None)
    assert part.snapshot().counters == {"dropped": 100 - WAITING}
    release.set()
    shadow.stop(LIMIT_S)
    assert seen == [0, *range(101 - WAITING, 101)]


def test_one_that_is_paused_looks_at_nothing_until_it_goes_on():
    """What it is not shown is counted; what it was shown before counts."""
    part, seen = Health().part("models.other"), []
    shadow = Shadow("other", lambda item, _: seen.append(item) or {}, part)
    shadow.start()
    shadow(1, None)
    shadow.pause(on=True)
    shadow(2, None)
    shadow(3, None)
    shadow.pause(on=False)
    shadow(4, None)
    shadow.stop(LIMIT_S)
    assert seen == [1, 4]
    assert part.snapshot().counters == {"paused": 2}


def test_one_that_raises_is_switched_off_and_says_so(caplog):
    """Nothing is shown to it any more, and nothing reaches the pipeline."""
    part, looked = Health().part("models.other"), []

    def look(item: int, _output: None) -> dict[str, float]:
        looked.append(item)
        raise ValueError("a model gone mad")

    shadow = Shadow("other", look, part)
    shadow.start()
    shadow(1, None)
    shadow._thread.join(LIMIT_S)
    for number in range(2, 100):
        shadow(number, None)
    shadow.stop(LIMIT_S)
    assert looked == [1]
    assert part.snapshot().counters == {}
    assert part.snapshot().state is State.DEGRADED
    assert part.snapshot().reasons == ("switched off as a shadow: a model gone mad",)
    assert "shadow switched off" in caplog.text


def test_an_observer_that_never_returns_is_closed_at_the_end(caplog):
    """Stopping waits as long as it may, and what the observer then says is nobody's business any more."""
    part, looking, closed = Health().part("models.other"), threading.Event(), threading.Event()

    def look(_item: int, _output: None) -> dict[str, float]:
        looking.set()
        closed.wait(LIMIT_S)
        raise ValueError("closed")

    shadow = Shadow("other", look, part, closed.set)
    shadow.start()
    shadow(1, None)
    assert looking.wait(LIMIT_S)
    shadow.stop(0.0)
    shadow._thread.join(LIMIT_S)
    assert not shadow._thread.is_alive()
    assert part.state is State.OK
    assert caplog.text == ""


def test_stopping_before_the_start_is_harmless():
    """As when the box fails on its way up."""
    Shadow("other", lambda *_: {}, Health().part("models.other")).stop(LIMIT_S)
