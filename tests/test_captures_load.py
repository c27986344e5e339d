"""Captures: cameras give less while the box sheds load, those too that are opened meanwhile."""

from contextlib import ExitStack
from pathlib import Path

from edged.captures import Captures
from edged.runtime.health import Health
from edged.sources.camera import CameraConfig
from tests.cameras import moving, wait_until, write_video


def test_each_camera_gives_less_while_load_is_shed(tmp_path: Path) -> None:
    """What is left out is counted as shed, of the one that is open and of the next one; and then no more."""
    film = CameraConfig(file=write_video(tmp_path / "film.avi", [moving(n) for n in range(20)]), loop=True, max_fps=20)
    health = Health()
    captures = Captures({"door": film, "garden": film}, health)

    def shed(name: str) -> float:
        return health.part(f"sources.{name}").snapshot().counters.get("shed", 0.0)

    with ExitStack() as stack:
        assert not captures.looking
        door = captures.pictures("door")
        assert captures.looking
        captures.start(stack)
        next(iter(door))
        assert shed("door") == 0
        captures.limit_fps(0.25)
        captures.pictures("garden")
        wait_until(lambda: shed("door") > 2 and shed("garden") > 2, 5)
        captures.limit_fps(1.0)
        next(iter(door))
        counted = shed("door")
        next(iter(door))
        next(iter(door))
        assert shed("door") == counted
        captures.leave("door", door)
        assert captures.looking
