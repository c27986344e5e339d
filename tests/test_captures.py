"""Captures: what somebody sees who looks through a camera that a pipeline uses already."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from edged.captures import Captures
from edged.errors import ConfigError, DeviceLostError, RecordingError
from edged.messages.health import State
from edged.messages.vision import Frame
from edged.runtime.health import Health
from edged.settings import Source
from edged.sources.camera import CameraConfig
from edged.sources.microphone import MicrophoneConfig
from edged.sources.recording import RecordingConfig
from tests.broker import free_port
from tests.cameras import moving, wait_until, write_video


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Stops what was started."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def film(tmp_path: Path) -> CameraConfig:
    """A camera that never ends."""
    return CameraConfig(file=write_video(tmp_path / "film.avi", [moving(number) for number in range(20)]), loop=True)


def test_whoever_watches_sees_frames_and_the_pipeline_still_does(film: CameraConfig, stack: ExitStack) -> None:
    """The camera is opened once; who leaves takes nothing along."""
    captures = Captures({"door": film}, Health())
    pipeline = captures.pictures("door")
    captures.start(stack)
    with closing(captures.watch("door")) as watching:
        seen = [frame for frame, _ in zip((it for it in watching if it is not None), range(3), strict=False)]
    assert [frame.picture.shape for frame in seen] == [(240, 320, 3)] * 3
    assert seen[0].at_s < seen[1].at_s < seen[2].at_s
    taken = next(iter(pipeline))
    assert isinstance(taken, Frame)
    wait_until(lambda: len(pipeline) == 1)


def test_only_a_camera_that_a_pipeline_looks_through_can_be_watched(film: CameraConfig) -> None:
    """The message names those there are."""
    sources: dict[str, Source] = {"door": film, "garden": film, "microphone": MicrophoneConfig()}
    captures = Captures(sources, Health())
    with pytest.raises(ConfigError, match="door: is no camera in use; there are: none"):
        next(captures.watch("door"))
    captures.pictures("door")
    captures.sound("microphone")
    for name in ("garden", "microphone", "attic"):
        with pytest.raises(ConfigError, match=f"{name}: is no camera in use; there are: door"):
            next(captures.watch(name))


def test_a_camera_that_gives_nothing_is_not_watched_for_ever(stack: ExitStack) -> None:
    """Until then there is nothing; then the error says why."""
    health = Health()
    captures = Captures({"door": CameraConfig(url=f"http://127.0.0.1:{free_port()}/none")}, health)
    captures.pictures("door")
    captures.start(stack)
    wait_until(lambda: health.part("sources.door").snapshot().reasons)
    watching = captures.watch("door", blind_s=1.0)
    assert next(watching) is None
    with pytest.raises(DeviceLostError, match=r"source door: gave no picture for 1 s: .*cannot be reached"):
        next(watching)


def test_watching_ends_when_the_box_stops(film: CameraConfig) -> None:
    """Nobody waits for a frame that cannot come; the error says so."""
    captures = Captures({"door": film}, Health())
    captures.pictures("door")
    with ExitStack() as stack:
        captures.start(stack)
        watching = captures.watch("door")
        assert next(frame for frame in watching if frame is not None).picture.any()
    with pytest.raises(DeviceLostError, match="source door: has ended, or edged stops"):
        list(watching)


def test_a_source_is_closed_after_the_last_listener_and_opened_for_the_next(
    film: CameraConfig, stack: ExitStack
) -> None:
    """While the box runs; health says so in between."""
    health = Health()
    captures = Captures({"door": film}, health)
    captures.start(stack)
    first, second = captures.pictures("door"), captures.pictures("door")
    wait_until(lambda: len(first) == 1)
    captures.leave("door", first)
    wait_until(lambda: len(second) == 1)
    assert captures.running
    captures.leave("door", second)
    assert not captures.running
    assert health.part("sources.door").snapshot().reasons == ("nobody listens to it",)
    again = captures.pictures("door")
    wait_until(lambda: len(again) == 1)
    assert health.part("sources.door").state is State.OK


def test_a_source_that_has_changed_is_closed_and_opened_anew_for_the_next(
    film: CameraConfig, tmp_path: Path, stack: ExitStack
) -> None:
    """Whoever still watched comes to an end; another source goes on, and one that is gone has no health."""
    health = Health()
    captures = Captures({"door": film, "garden": film, "attic": film}, health)
    captures.start(stack)
    garden, watching = captures.pictures("garden"), captures.pictures("door")
    captures.leave("attic", captures.pictures("attic"))
    wait_until(lambda: len(watching) == 1)
    small = CameraConfig(
        file=write_video(tmp_path / "small.avi", [moving(number)[:120, :160] for number in range(20)]), loop=True
    )
    assert captures.use({"door": small, "garden": film}) == ["attic"]
    assert len(list(watching)) <= 1
    assert set(health.parts()) == {"sources.door", "sources.garden"}
    again = captures.pictures("door")
    captures.leave("door", watching)
    wait_until(lambda: len(again) == 1)
    assert next(iter(again)).picture.shape == (120, 160, 3)
    next(iter(garden))
    wait_until(lambda: len(garden) == 1)


def test_whoever_enrols_keeps_a_camera_open_that_its_pipeline_has_left(film: CameraConfig, stack: ExitStack) -> None:
    """It is closed when they have done."""
    captures = Captures({"door": film}, Health())
    pipeline = captures.pictures("door")
    captures.start(stack)
    with closing(captures.watch("door")) as watching:
        next(watching)
        captures.leave("door", pipeline)
        assert next(it for it in watching if it is not None).picture.shape == (240, 320, 3)
    assert not captures.running


def test_a_file_that_cannot_be_read_is_refused_and_all_sources_stay(film: CameraConfig, stack: ExitStack) -> None:
    """It would come to its end at once, and with it a box that hears nothing else."""
    health = Health()
    captures = Captures({"door": film}, health)
    queue = captures.pictures("door")
    stack.callback(captures.leave, "door", queue)
    captures.start(stack)
    wrong = film.model_copy(update={"file": Path("/nowhere/film.avi")})
    for sources in ({"door": wrong}, {"door": film, "gate": RecordingConfig(path=Path("/nowhere/fly.wav"))}):
        with pytest.raises(RecordingError, match=r"/nowhere/.*: no such file"):
            captures.use(sources)
    assert captures.running
    wait_until(lambda: health.part("sources.door").state is State.OK)
    assert captures.use({"door": film}) == []
