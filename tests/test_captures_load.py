"""Captures: while the box sheds load each pipeline gets its share, those too that begin meanwhile."""

import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, Self

import pytest

from edged.captures import Captures
from edged.messages.vision import Frame
from edged.runtime.bounded_queue import BoundedQueue
from edged.runtime.health import Health
from edged.sources.camera import CameraConfig
from tests.cameras import moving, wait_until, write_video

CAMERAS = ("gate", "yard")


class Seen(NamedTuple):
    """What has become of frames."""

    taken: Counter[str]
    passed_by: Counter[str]
    undecoded: int
    skipped: int

    def __sub__(self, before: Self) -> "Seen":
        return Seen(*(now - then for now, then in zip(self, before, strict=True)))


class Box:
    """Pipelines that look through two cameras at once."""

    def __init__(self, film: Path, stack: ExitStack) -> None:
        camera = CameraConfig(file=film, loop=True, max_fps=50)
        self.health = Health()
        self.captures = Captures(dict.fromkeys(CAMERAS, camera), self.health)
        self.captures.start(stack)
        self.taken = Counter[str]()

    def add(self, name: str, kind: str, camera: str = "gate") -> BoundedQueue[Frame]:
        """A pipeline begins."""
        queue = self.captures.pictures(camera, kind)
        frames = self.captures.shares.thinned(queue, lambda: self.health.part(f"pipelines.{name}").count("shed"))

        def run() -> None:
            for _ in frames:
                self.taken[name] += 1

        threading.Thread(target=run, daemon=True).start()
        return queue

    def counted(self, part: str, counter: str = "shed") -> float:
        return self.health.part(part).snapshot().counters.get(counter, 0.0)

    def go_on(self, name: str, frames: int) -> Seen:
        """What happens until that one has taken so many more; a few more or less, as none of it stands still."""
        before = self._seen()
        wait_until(lambda: self.taken[name] >= before.taken[name] + frames, 20)
        return self._seen() - before

    def _seen(self) -> Seen:
        passed_by = Counter({name: int(self.counted(f"pipelines.{name}")) for name in ("objects", "faces")})
        return Seen(
            self.taken.copy(), passed_by, *(int(self.counted("sources.gate", it)) for it in ("shed", "skipped"))
        )


@pytest.fixture
def box(tmp_path: Path):
    film = write_video(tmp_path / "film.avi", [moving(n) for n in range(50)], 50)
    with ExitStack() as stack:
        yield Box(film, stack)


def test_objects_give_way_to_faces_at_the_same_camera(box: Box) -> None:
    """The camera goes on as before; the pipeline counts what it passes by."""
    box.add("objects", "objects")
    box.add("faces", "faces")
    box.captures.shares.limit("objects", 0.25)
    box.go_on("objects", 1)
    seen = box.go_on("objects", 8)
    assert seen.passed_by["objects"] >= 16
    assert seen.passed_by["faces"] == seen.undecoded == 0
    assert seen.taken["faces"] + seen.skipped >= 16


def test_a_camera_does_not_decode_what_none_of_its_pipelines_takes(box: Box) -> None:
    """It counts that; the pipelines count what goes besides. And all of it comes back."""
    box.add("objects", "objects")
    faces = box.add("faces", "faces")
    box.captures.shares.limit("objects", 0.25)
    box.captures.shares.limit("faces", 0.5)
    box.go_on("objects", 2)
    seen = box.go_on("faces", 24)
    assert 16 <= seen.undecoded <= seen.taken["faces"] + seen.skipped + 8
    seen = box.go_on("objects", 8)
    assert seen.passed_by["objects"] >= 4
    box.captures.leave("gate", faces)
    box.go_on("objects", 2)
    seen = box.go_on("objects", 8)
    assert seen.undecoded >= 16
    box.captures.shares.limit("objects", 1.0)
    box.go_on("objects", 2)
    assert box.go_on("objects", 8).undecoded == 0


def test_a_pipeline_that_begins_while_load_is_shed_begins_with_less(box: Box) -> None:
    """Also at a camera that is only opened for it; who only watches takes what there is."""
    box.captures.shares.limit("objects", 0.25)
    assert not box.captures.shares.looks("objects")
    watching = box.captures.pictures("yard")
    box.add("new", "objects", "yard")
    box.go_on("new", 6)
    assert box.counted("sources.yard") >= 8
    assert box.captures.shares.looks("objects")
    assert not box.captures.shares.looks("faces")
    assert len(watching) == 1
