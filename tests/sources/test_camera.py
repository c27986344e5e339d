"""Camera and Capture on a real RTSP server, a real MJPEG server and files: read, killed, stalled, started again."""

import logging
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edged.config import ConfigFaults, Section, load
from edged.errors import ConfigError, DeviceLostError, RecordingError
from edged.messages.health import State
from edged.messages.vision import Frame
from edged.runtime.bounded_queue import BoundedQueue
from edged.runtime.capture import Capture
from edged.runtime.health import Health
from edged.sources.camera import Camera, CameraConfig
from edged.sources.camera.address import masked, with_credentials
from edged.sources.camera.camera import device_path
from edged.sources.camera.pace import Pace
from edged.sources.picture_check import PictureCheck
from tests.broker import free_port
from tests.cameras import FPS, MjpegCamera, RtspCamera, missing, moving, wait_until, write_video

CLIP = Path(__file__).parents[2].parent / "shared/data/intel-iot-devkit__sample-videos/video"
CLIP /= "one-by-one-person-detection.mp4"
NOTICED_S = 4.0
"""The daemon looks once a second: with that it is 5 s."""
PASSWORD = "p@ss/w:rd%1 ü"  # all that a URL may not hold


class Watched:
    """A camera that is captured as the daemon does it."""

    def __init__(self, **config: object) -> None:
        self.config = CameraConfig(**config)
        self.health = Health().part("sources.camera")
        check = PictureCheck(self.config.check, self.health, regions=self.config.regions, live=self.config.live)
        camera = Camera(self.config)
        self.capture: Capture[Frame] = Capture("camera", camera, self.health, check, self.config.opening_s)
        self.queue: BoundedQueue[Frame] = self.capture.subscribe(1, counter="skipped")
        self.capture.start()

    def wait_for(self, state: State, within_s: float = NOTICED_S, reason: str = "") -> float:
        def so() -> bool:
            self.capture.check()
            return self.health.state is state and reason in " ".join(self.health.snapshot().reasons)

        try:
            return wait_until(so, within_s)
        except AssertionError:
            raise AssertionError(f"not {state} ({reason}) within {within_s} s: {self.health.snapshot()}") from None


@pytest.fixture
def watch() -> Iterator[Callable[..., Watched]]:
    """Starts captures, and ends them."""
    started: list[Watched] = []

    def start(**config: object) -> Watched:
        started.append(Watched(**config))
        return started[-1]

    yield start
    for one in started:
        one.capture.stop(3)


@pytest.fixture(scope="module")
def need_rtsp() -> None:
    if lacks := missing():
        pytest.skip(lacks)


@pytest.fixture
def rtsp(need_rtsp: None) -> Iterator[RtspCamera]:
    with RtspCamera() as camera:
        yield camera


@pytest.fixture
def mjpeg() -> Iterator[MjpegCamera]:
    with MjpegCamera() as camera:
        yield camera


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(PASSWORD + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second."""
    return write_video(tmp_path_factory.mktemp("video") / "one second.avi", [moving(n) for n in range(FPS)])


def frames(**config: object) -> list[Frame]:
    return [item for item in Camera(CameraConfig(**config)).stream() if item is not None]


def test_rtsp_is_read_frozen_killed_and_taken_back(rtsp, watch):
    """Each loss is failing in time, with its reason; the camera is back within 5 s of its return."""
    watched = watch(url=rtsp.url)
    watched.wait_for(State.OK, 8)
    frame = next(iter(watched.queue))
    assert frame.picture.shape == (240, 320, 3)
    assert frame.picture.dtype == np.uint8
    rtsp.freeze()
    watched.wait_for(State.FAILING, NOTICED_S, "gave nothing for 2")
    rtsp.thaw()
    watched.wait_for(State.OK, 8)
    rtsp.kill()
    watched.wait_for(State.FAILING, NOTICED_S, "Connection refused")
    rtsp.restart()
    watched.wait_for(State.OK, 10)
    assert watched.health.snapshot().counters["lost"] == 2


def test_mjpeg_is_read_silenced_killed_and_taken_back(mjpeg, watch):
    """As RTSP."""
    watched = watch(url=mjpeg.url)
    watched.wait_for(State.OK, 8)
    mjpeg.fall_silent()
    watched.wait_for(State.FAILING, NOTICED_S, "gave nothing for 2")
    mjpeg.move()
    watched.wait_for(State.OK, 8)
    mjpeg.kill()
    watched.wait_for(State.FAILING, NOTICED_S, "Connection refused")
    mjpeg.restart()
    watched.wait_for(State.OK, 10)


def test_mpeg_ts_is_read(watch):
    """Over TCP, as ffmpeg sends it; its end is a loss, since a camera may come back."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed: no MPEG-TS camera")
    url = f"tcp://127.0.0.1:{free_port()}"
    pictures = ["-f", "lavfi", "-i", "testsrc=size=320x240:rate=15:duration=3", "-c:v", "mpeg2video"]
    command = ["ffmpeg", "-v", "quiet", "-re", *pictures, "-f", "mpegts", f"{url}?listen=1"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as ffmpeg:
        watched = watch(url=url)
        watched.wait_for(State.OK, 12)
        assert next(frame for frame in watched.queue if isinstance(frame, Frame)).picture.shape == (240, 320, 3)
        watched.wait_for(State.FAILING, 8)
        ffmpeg.kill()


def test_a_frozen_camera_is_lost_until_it_moves(mjpeg, watch):
    """The same picture for 4 s is failing and frozen; opened anew it stays so, without a flicker, until it moves."""
    watched = watch(url=mjpeg.url)
    watched.wait_for(State.OK, 8)
    mjpeg.show(moving(3))
    watched.wait_for(State.FAILING, 5.0, "frozen for")
    asked, states = mjpeg.asked, set()
    wait_until(lambda: states.add(watched.health.state) or mjpeg.asked >= asked + 2, 8)
    assert states == {State.FAILING}
    assert watched.health.snapshot().counters["lost"] == 1
    mjpeg.move()
    watched.wait_for(State.OK, 10)
    assert watched.health.snapshot().reasons == ()


@pytest.mark.parametrize("name", ["dark", "overexposed", "covered"])
def test_a_camera_that_sees_nothing_says_so(mjpeg, watch, name):
    """A condition of a camera that is there: degraded, within 5 s, and over when the picture is back."""
    watched = watch(url=mjpeg.url)
    noise = np.random.default_rng(0).integers(0, 6, (240, 320, 3)).astype(np.uint8)
    mjpeg.show(noise + {"dark": 0, "overexposed": 250, "covered": 120}[name])
    watched.wait_for(State.DEGRADED, 5.0, f"{name} for 3 s")
    mjpeg.move()
    watched.wait_for(State.OK, 2)


def test_credentials_open_a_camera_and_are_seen_nowhere(need_rtsp, password_file, watch, caplog, capfd):
    """A password with all that a URL may not hold; wrong ones are said to be so. None is in a log, health or output."""
    caplog.set_level(logging.DEBUG)
    secret = password_file.with_name("wrong")
    secret.write_text("wr0ng-one")
    said = ""
    with RtspCamera("ball", "ana", PASSWORD) as rtsp, MjpegCamera("ana", PASSWORD) as mjpeg:
        for camera in (rtsp, mjpeg):
            right = watch(url=camera.url, username="ana", password_file=password_file)
            right.wait_for(State.OK, 8)
            wrong = watch(url=camera.url, username="ana", password_file=secret)
            wrong.wait_for(State.FAILING, 8, "asks for a user name and password (401)")
            camera.kill()
            right.wait_for(State.FAILING)
            said += str(right.health.snapshot()) + str(wrong.health.snapshot())
    said += caplog.text + "".join(capfd.readouterr())
    assert "/cam: " in said
    for word in ("ana:", "p@ss", "p%40ss", "rd%1", "rd%25", "wr0ng"):
        assert word not in said


def test_stopping_does_not_wait_for_a_read_that_hangs(rtsp, watch):
    """Within its limit, whatever the camera does."""
    watched = watch(url=rtsp.url)
    watched.wait_for(State.OK, 8)
    rtsp.freeze()
    time.sleep(0.5)
    began = time.monotonic()
    watched.capture.stop(0.3)
    assert time.monotonic() - began < 0.6


def test_the_latest_frame_wins(mjpeg, watch):
    """Who is slower than the camera gets what is there now; what was left out is counted as skipped, not as lost."""
    watched = watch(url=mjpeg.url, max_fps=20)
    taken = []
    for frame in watched.queue:
        taken.append(time.time() - frame.epoch_s - frame.at_s)
        if len(taken) == 5:
            break
        time.sleep(0.4)
    assert max(taken) < 0.25
    counters = watched.health.snapshot().counters
    assert counters["skipped"] > 10
    assert "dropped" not in counters


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("{mjpeg}/nothing", "has no such path (404)"),
        ("rtsp://127.0.0.1:{closed}/cam", "its host cannot be reached: Connection refused"),
        ("tcp://127.0.0.1:{closed}", "its host cannot be reached: Connection refused"),
        ("http://no-such-host.invalid/video", "its host cannot be reached"),
    ],
)
def test_why_a_stream_cannot_be_opened_is_said(mjpeg, url, reason):
    """In the words of its host."""
    url = url.format(mjpeg=mjpeg.url.rpartition("/")[0], closed=free_port())
    with pytest.raises(DeviceLostError) as fault:
        frames(url=url)
    assert str(fault.value).startswith(f"camera {url}: ")
    assert reason in str(fault.value)


def test_a_host_that_does_not_answer_is_given_up_in_time(rtsp):
    """Within open_limit_s."""
    rtsp.freeze()
    began = time.monotonic()
    with pytest.raises(DeviceLostError, match="has not answered within 1 s"):
        frames(url=rtsp.url, open_limit_s=1)
    assert time.monotonic() - began < 2


def test_a_device_that_is_not_there_is_named_with_those_that_are():
    """By number or path."""
    with pytest.raises(DeviceLostError, match=r"camera /dev/video77: no such device; there is "):
        frames(device=77)
    assert [str(device_path(one)) for one in (0, "2", "/dev/v4l/by-id/usb-x")] == [
        "/dev/video0",
        "/dev/video2",
        "/dev/v4l/by-id/usb-x",
    ]


def test_a_file_gives_all_its_frames_in_its_own_time(video):
    """As fast as it can be read: every frame, dated by the file."""
    taken = frames(file=video, realtime=False, max_fps=240)
    assert [frame.at_s for frame in taken] == pytest.approx([n / FPS for n in range(FPS)])
    assert all(frame.epoch_s == pytest.approx(time.time(), abs=10) for frame in taken)
    assert taken[5].picture.mean() == pytest.approx(moving(5).mean(), abs=2)


def test_a_file_goes_at_its_own_pace_and_says_that_it_lives(tmp_path):
    """Two frames a second, the last at 1 s; None while it waits."""
    path = write_video(tmp_path / "slow.avi", [moving(n) for n in range(3)], fps=2)
    began = time.monotonic()
    items = list(Camera(CameraConfig(file=path)).stream())
    assert 0.9 < time.monotonic() - began < 2
    assert [item.at_s for item in items if item] == pytest.approx([0, 0.5, 1])
    assert None in items


def test_a_file_that_loops_begins_again_and_time_goes_on(video):
    """The second round follows on the first as its frames follow one another."""
    stream = Camera(CameraConfig(file=video, realtime=False, loop=True, max_fps=240)).stream()
    times = [next(stream).at_s for _ in range(2 * FPS + 1)]
    stream.close()
    assert times == pytest.approx([n / FPS for n in range(2 * FPS + 1)])


def test_max_fps_leaves_frames_out_evenly(video):
    """Of 20 frames a second, 5 are looked at; None for the others."""
    items = list(Camera(CameraConfig(file=video, realtime=False, max_fps=5)).stream())
    assert [n for n, item in enumerate(items) if item] == [0, 4, 8, 12, 16]


def test_pictures_are_turned_cut_and_blackened(video):
    """In that order; what is outside of the regions is black, and boxes stay in the frame's pixels."""
    config = {"rotate": 90, "crop": {"bottom": 0.5}, "regions": [{"left": 0.5}], "realtime": False}
    picture = frames(file=video, **config)[0].picture
    assert picture.shape == (160, 240, 3)
    assert not picture[:, :120].any()
    assert picture[:, 120:].any(axis=2).all()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "is empty"), (b"no video" * 99, "is no video"), (None, "no such file")],
)
def test_a_file_that_is_no_video_is_named(tmp_path, content, reason):
    """With what is wrong; it is not tried again."""
    path = tmp_path / "x.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordingError, match=reason) as fault:
        frames(file=path)
    assert str(path) in str(fault.value)


def test_a_file_whose_name_opencv_cannot_take_is_refused(tmp_path, video):
    """OpenCV 5 would end the process."""
    path = tmp_path / os.fsdecode(b"film\xff.mp4")
    path.symlink_to(video)
    with pytest.raises(RecordingError, match=r"'.*film.udcff.mp4': its name is not UTF-8; rename it"):
        frames(file=path)


def test_a_real_clip_is_read():
    """People walking through a room, H.264."""
    if not CLIP.is_file():
        pytest.skip("../shared/data is not here: no clip to read")
    taken = frames(file=CLIP, realtime=False, max_fps=2)
    assert len(taken) == pytest.approx(2 * taken[-1].at_s, abs=2)
    assert taken[0].picture.shape == (432, 768, 3)


def test_a_password_that_cannot_be_read_is_a_fault_of_the_configuration(tmp_path):
    """It names the file and the remedy."""
    config = CameraConfig(url="rtsp://cam/1", username="ana", password_file=tmp_path / "none")
    with pytest.raises(ConfigError, match=r"password_file: .*none: No such file or directory; write the camera's"):
        Camera(config)


class Box(Section):
    """A configuration with one camera."""

    camera: CameraConfig


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("{}", "nothing is named; name exactly one of device, url and file"),
        ("{device: 0, file: x.mp4}", "device and file is named; name exactly one"),
        ("{url: 'rtsp://ana:s3cret@cam/1'}", "url: holds a user name or password; write the password to a file"),
        ("{url: 'rtsp://ana:s3/cr@et@cam/1'}", "url: holds a user name or password"),
        ("{url: 'http://cam/video?user=a&pwd=s3cret'}", "url: holds a user name or password"),
        ("{url: 'cam/1'}", "url: must be <scheme>://host:port/path"),
        ("{url: 'tcp://cam'}", "url: must be <scheme>://host:port/path"),
        ("{url: 'rtsp://cam:99999999/'}", "url: must be <scheme>://host:port/path"),
        ("{url: 'rtsp://cam/a b'}", "url: must be without blanks"),
        ("{device: 0, username: ana}", "username and password_file are only used with url"),
        ("{url: 'rtsp://cam/1', password_file: x}", "username is missing"),
        ("{url: 'rtsp://cam/1', password: s3cret}", "name that in password_file"),
        ("{device: 0, rotate: 45}", "rotate: 45, must be one of 0, 90, 180, 270"),
        ("{device: 0, max_fps: 0}", "max_fps: 0, must be in [0.5, 240]"),
        ("{device: 0, crop: {left: 0.5, right: 0.2}}", "right: 0.2, must be above left (0.5)"),
    ],
)
def test_faults_of_the_configuration_are_named_without_secrets(tmp_path, lines, fault):
    """The key, the value where it is no secret, and the remedy."""
    path = tmp_path / "edged.yaml"
    path.write_text(f"camera: {lines}\n")
    with pytest.raises(ConfigFaults) as faults:
        load(Box, path, {})
    assert fault in str(faults.value)
    assert "s3" not in str(faults.value).replace(str(tmp_path), "")


WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=4, max_size=12)


@given(user=WORDS, password=WORDS.map(lambda word: f"{word}☠secret"))
@example(user="ana", password="☠secret@/")
def test_a_masked_address_shows_no_credentials(user, password):
    """Wherever they stand in it, as they are put there; host and path stay."""
    for url in ("rtsp://cam:554/video", "http://cam/v?user={username}&pwd={password}", "rtsp://cam/pwd={password}/v"):
        shown = masked(with_credentials(url, user, password))
        assert "secret" not in shown
        assert shown.startswith(("rtsp://***@cam:554/video", "http://cam/v?user=***&pwd=***", "rtsp://cam/pwd=***/v"))
        assert masked(shown) == shown


@pytest.mark.parametrize("url", ["rtsp://cam:554/a@b", "http://cam/v?fps=5&monkey=1", "rtsp://cam/v?pwd={password}"])
def test_an_address_without_secrets_is_shown_as_it_is(url):
    """An @ in a path is no password."""
    assert masked(url) == url


@given(st.lists(st.floats(0.001, 2), max_size=200), st.floats(0.5, 60))
def test_no_more_frames_than_max_fps_are_looked_at(gaps, max_fps):
    """In any stretch of time, however unevenly they come; and none is left out of those that come more rarely."""
    times = np.cumsum(gaps)
    pace = Pace(max_fps)
    taken = np.array([at_s for at_s in times if pace.due(at_s)])
    for first in range(len(taken)):
        count = np.arange(1, len(taken) - first + 1)
        assert (count <= (taken[first:] - taken[first]) * max_fps + 2.01).all()
    if len(gaps) and min(gaps) > 1 / max_fps + 1e-6:
        assert len(taken) == len(times)
