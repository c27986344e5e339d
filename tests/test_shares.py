"""Shares: objects are looked for less often first, then faces, in truth and in the order that is stated."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.guards import Step
from edged.messages.vision import Frame
from edged.pipelines.kinds import KINDS
from edged.runtime.bounded_queue import BoundedQueue
from edged.runtime.flow import INTERRUPTION
from edged.shares import MOST_REST_S, SHED_ORDER, Shares, steps_of, thinned

PICTURE = np.zeros((4, 4, 3), np.uint8)
shares = st.sampled_from([0.25, 0.5, 1.0])


def frames(times_s: list[float]) -> list[Frame]:
    return [Frame(PICTURE, at_s, 0.0) for at_s in times_s]


class Looker:
    """A pipeline that takes its time for each frame of a camera's, by a clock of its own; always the latest one."""

    def __init__(self, fps: float, work_s: float, frames: int = 400) -> None:
        self._period_s, self._work_s, self._frames = 1 / fps, work_s, frames
        self.now_s, self.taken_s, self.shed = 0.0, list[float](), 0

    def look(self, share: float, given: float = 1.0) -> float:
        """How many it takes a second."""
        for frame in thinned(self._latest(), lambda: share, lambda: given, self._count, lambda: self.now_s):
            assert isinstance(frame, Frame)
            self.taken_s.append(frame.at_s)
            self.now_s += self._work_s
        return (len(self.taken_s) - 1) / (self.taken_s[-1] - self.taken_s[0])

    def _count(self) -> None:
        self.shed += 1

    def _latest(self) -> Iterator[Frame]:
        number = 0
        while number < self._frames:
            self.now_s = max(self.now_s, number * self._period_s)
            yield Frame(PICTURE, number * self._period_s, 0.0)
            number = max(number + 1, int(self.now_s / self._period_s))


def a_box(**kinds: str) -> Shares:
    """By the name of a pipeline its kind, all at one camera."""
    box = Shares()
    for kind in kinds.values():
        box.add(BoundedQueue[Frame](1), "gate", kind)
    return box


def test_each_step_takes_a_half_and_then_a_quarter_and_gives_it_back() -> None:
    """Of objects first, then of faces; what the others have is left as it is."""
    box = Shares()
    queues = {kind: BoundedQueue[Frame](1) for kind in ("objects", "faces")}
    for kind, queue in queues.items():
        box.add(queue, kind, kind)
    taken = list[tuple[float, float]]()
    steps = list(steps_of(box))
    for step, on in [*((step, True) for step in steps), *((step, False) for step in reversed(steps))]:
        step.apply(on)
        taken.append((box.of_camera("objects"), box.of_camera("faces")))
    assert taken[:4] == [(0.5, 1.0), (0.25, 1.0), (0.25, 0.5), (0.25, 0.25)]
    assert taken[4:] == [(0.25, 0.5), (0.25, 1.0), (0.5, 1.0), (1.0, 1.0)]
    assert [f"{step.about} {step.how}" for step in steps] == [
        "objects at half rate",
        "objects at a quarter of their rate",
        "faces at half rate",
        "faces at a quarter of their rate",
    ]


def test_a_camera_decodes_what_the_one_wants_that_wants_most() -> None:
    """Those at another camera, and those who have left, want nothing of it."""
    box, faces = Shares(), BoundedQueue[Frame](1)
    box.add(BoundedQueue[Frame](1), "gate", "objects")
    box.add(faces, "gate", "faces")
    box.add(BoundedQueue[Frame](1), "yard", "objects")
    box.limit("objects", 0.25)
    assert (box.of_camera("gate"), box.of_camera("yard"), box.of_camera("attic")) == (1.0, 0.25, 1.0)
    box.limit("faces", 0.5)
    assert box.of_camera("gate") == 0.5
    box.remove(faces)
    box.remove(faces)
    assert box.of_camera("gate") == 0.25


def test_every_kind_that_looks_gets_less_also_one_that_nobody_thought_of() -> None:
    """A new kind goes with objects, and health names it with them."""
    named = " and ".join(step.about for step in steps_of(Shares()) if step.how == "at half rate").split(" and ")
    assert sorted(named) == sorted(kind for kind, it in KINDS.items() if it.config.LOOKS)
    assert set(SHED_ORDER) <= KINDS.keys()
    plates = a_box(plates="plates")
    first, *_, last = steps_of(plates)
    assert (first.is_there(), last.is_there()) == (True, False)
    first.apply(True)
    assert plates.of_camera("gate") == 0.5


@pytest.mark.parametrize(("kind", "there"), [("objects", [True, False]), ("faces", [False, True])])
def test_a_step_is_there_where_a_pipeline_of_its_kind_looks(kind: str, there: list[bool]) -> None:
    """And not where none does."""

    def looks(steps: Iterator[Step]) -> list[bool]:
        return [step.is_there() for step in steps if step.how == "at half rate"]

    assert looks(steps_of(a_box(it=kind))) == there
    assert looks(steps_of(Shares())) == [False, False]


@pytest.mark.parametrize("share", [0.0, -1.0, 1.1])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    """Nobody is made blind for the sake of load."""
    with pytest.raises(ValueError, match=r"share: .*, must be in \(0, 1\]"):
        Shares().limit("objects", share)


def test_who_looks_beside_others_passes_by_the_frames_that_the_others_take() -> None:
    """Each that goes is counted; interruptions never go."""
    box, queue = Shares(), BoundedQueue[Frame](100)
    box.add(queue, "gate", "objects")
    box.add(BoundedQueue[Frame](1), "gate", "faces")
    box.limit("objects", 0.25)
    shed = list[int]()
    taking = box.thinned(queue, lambda: shed.append(1))
    for frame in frames([number / 10 for number in range(9)]):
        queue.put(frame)
    queue.interrupt()
    queue.close()
    taken = list(taking)
    assert taken.pop() is INTERRUPTION
    assert len(taken) == 3
    assert len(shed) == 6


@given(st.lists(st.tuples(shares, shares, st.floats(0.001, 1)), min_size=1, max_size=200))
def test_whatever_the_shares_each_frame_is_taken_or_counted(told: list[tuple[float, float, float]]) -> None:
    """In their order, the first one at least; all of them while nothing is shed."""
    all_of_it = [Frame(PICTURE, float(at_s), 0.0) for at_s in np.cumsum([gap for *_, gap in told])]
    now, shed = list[tuple[float, float, float]](), list[Frame]()

    def give() -> Iterator[Frame]:
        for frame, this in zip(all_of_it, told, strict=True):
            now[:] = [this]
            yield frame

    def note() -> None:
        shed.append(all_of_it[len(shed) + len(taken)])

    taken = list[Frame]()
    for frame in thinned(give(), lambda: now[0][0], lambda: max(now[0][:2]), note, lambda: 0.0):
        assert isinstance(frame, Frame)
        taken.append(frame)
    assert sorted([*shed, *taken], key=lambda frame: frame.at_s) == all_of_it
    assert taken[0] is all_of_it[0]
    assert all(
        frame.at_s in {it.at_s for it in taken}
        for frame, (share, *_) in zip(all_of_it, told, strict=True)
        if share == 1
    )


@pytest.mark.parametrize("given", [0.25, 0.5, 1.0])
@pytest.mark.parametrize(("fps", "work_s"), [(10, 0.02), (4, 0.02), (1.5, 0.1)])
def test_a_share_is_one_of_what_the_camera_gave_before(fps: float, work_s: float, given: float) -> None:
    """Whatever the camera leaves out already, and however slow it is."""
    looker = Looker(fps * given, work_s)
    assert looker.look(0.25, given) == pytest.approx(fps / 4, rel=0.01)
    assert looker.shed == pytest.approx(400 * (1 - 0.25 / given), abs=2)


@pytest.mark.parametrize("share", [0.5, 0.25])
@pytest.mark.parametrize("given", [1.0, 0.5])
def test_who_is_too_slow_to_take_all_of_them_does_less_too(share: float, given: float) -> None:
    """Else a pipeline that is behind anyway, which is what overload looks like, would go on at its full load."""
    usual_fps = Looker(10, 0.45).look(1.0)
    assert usual_fps == pytest.approx(1 / 0.45, rel=0.15)
    assert Looker(10 * given, 0.45).look(share, given) <= usual_fps * share * 1.05


def test_nobody_rests_until_what_it_follows_is_lost() -> None:
    """However long each frame takes."""
    looker = Looker(10, 5.0)
    looker.look(0.25)
    assert all(after - before <= 5 + MOST_REST_S + 0.41 for before, after in pairwise(looker.taken_s))
