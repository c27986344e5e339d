"""The camera itself. The only place where OpenCV opens one.

Its reads are in C and release the GIL. One that never returns is left behind by Capture. OpenCV and FFmpeg are told to
say nothing: they print addresses with all that stands in them.
"""

import os
import time
from collections.abc import Callable, Generator
from pathlib import Path
from types import ModuleType
from typing import Any

from edged.errors import DeviceLostError, RecordingError
from edged.messages.vision import Frame, Picture
from edged.sources.camera.address import masked, read_password, why_not, with_credentials
from edged.sources.camera.config import CameraConfig
from edged.sources.camera.pace import SharedPace
from edged.sources.files import must_be_readable, opencv_name, shown
from edged.sources.view import view

IDLE_S = 0.5
"""Say "nothing yet" this often while a file waits for its time."""
STREAM_OPTIONS = "rtsp_flags;prefer_tcp|fpsprobesize;0"
"""RTSP over TCP, where the camera can: UDP loses pictures on a bad network, and asks for open ports. The rate is not
measured while opening, which takes 0.7 s in place of 2 s, and the decoder holds back no frame."""
MOST_PIXELS = 7680 * 4320
"""No camera's picture is larger; what a stream's or file's header says may be anything."""


def load() -> ModuleType:
    """OpenCV, silent. Imported when the first camera is opened: a box without one does not pay for it."""
    os.environ.pop("OPENCV_FFMPEG_DEBUG", None)  # it would print whole addresses, whatever the next line says
    os.environ["OPENCV_FFMPEG_LOGLEVEL"] = "-8"  # AV_LOG_QUIET; read when the first stream is opened
    os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", STREAM_OPTIONS)
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")  # seconds that a V4L2 read may take, not 10
    import cv2

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    cv2.setNumThreads(1)  # pictures this small are done before a second thread has woken up
    return cv2


class Camera:
    """Frames of a device, a stream or a file."""

    def __init__(
        self, config: CameraConfig, share: Callable[[], float] = lambda: 1.0, shed: Callable[[], None] = lambda: None
    ) -> None:
        """ConfigError where the password cannot be read; the camera need not be there.

        ``share``: of the frames that are due, in (0, 1], asked for each of them; those left out for it are not decoded,
        and ``shed`` is told of each. One a second is always given.
        """
        self._config, self._share, self._shed = config, share, shed
        self._address = ""
        if config.url is not None:
            password = read_password(config.password_file) if config.password_file else ""
            self._address = with_credentials(config.url, config.username or "", password)

    @property
    def name(self) -> str:
        """The camera as messages name it, without credentials."""
        config = self._config
        return f"camera {masked(config.url) if config.url else config.file or device_path(config.device)}"

    def stream(self) -> Generator[Frame | None, None, None]:
        """Open the camera and yield its frames; None for those that ``max_fps`` leaves out, and while a file waits.

        DeviceLostError when a device or stream is not there, or gives nothing within its limit; RecordingError where a
        file is no video. Ends where a file ends.
        """
        cv2, file = load(), self._config.file
        capture = self._open(cv2)
        try:
            yield from self._read_live(capture) if file is None else self._read_file(cv2, capture, file)
        finally:
            capture.release()

    def _pace(self) -> SharedPace:
        return SharedPace(self._config.max_fps, self._share, self._shed)

    def _open(self, cv2: ModuleType) -> Any:
        config, began_s = self._config, time.monotonic()
        if config.file is not None:
            must_be_readable(config.file)
            capture = cv2.VideoCapture(f"file:{opencv_name(config.file)}", cv2.CAP_FFMPEG)
        elif config.url is not None:
            capture = cv2.VideoCapture(self._address, cv2.CAP_FFMPEG, self._stream_options(cv2))
        else:
            path = device_path(config.device)
            must_be_there(path)
            capture = cv2.VideoCapture(opencv_name(path), cv2.CAP_V4L2, self._device_options(cv2))
        width, height = (capture.get(key) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        if capture.isOpened() and width * height <= MOST_PIXELS:
            return capture
        opened = capture.isOpened()
        capture.release()
        raise self._refusal(f"{width:.0f} x {height:.0f} pixels are too many" if opened else "", began_s)

    def _refusal(self, problem: str, began_s: float) -> DeviceLostError | RecordingError:
        """Why it could not be opened."""
        config, took_s = self._config, time.monotonic() - began_s
        if config.file is not None:
            return RecordingError(f"{shown(config.file)}: {problem or 'is no video that OpenCV can read'}")
        if config.url is not None and not problem:
            late = took_s >= 0.9 * config.open_limit_s
            problem = f"has not answered within {took_s:.0f} s" if late else why_not(self._address)
        return DeviceLostError(f"{self.name}: {problem or 'is in use, or gives no pictures'}")

    def _stream_options(self, cv2: ModuleType) -> list[int]:
        """Time limits; one thread, since FFmpeg's threads each hold back a frame."""
        limits = {
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC: self._config.open_limit_s * 1000,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC: self._config.read_limit_s * 1000,
            cv2.CAP_PROP_N_THREADS: 1,
        }
        return [round(number) for pair in limits.items() for number in pair]

    def _device_options(self, cv2: ModuleType) -> list[int]:
        wanted = {cv2.CAP_PROP_FRAME_WIDTH: self._config.width, cv2.CAP_PROP_FRAME_HEIGHT: self._config.height}
        return [number for key, value in wanted.items() if value for number in (key, value)]

    def _read_live(self, capture: Any) -> Generator[Frame | None, None, None]:
        opened_s, pace = time.monotonic(), self._pace()
        while True:
            asked_s = time.monotonic()
            grabbed = capture.grab()
            now_s = time.monotonic()
            if not grabbed or now_s - asked_s > self._config.read_limit_s:  # late: the decoder's last one
                raise DeviceLostError(f"{self.name}: {self._loss(now_s - asked_s)}")
            at_s = now_s - opened_s
            yield self._frame(capture, at_s, time.time() - at_s) if pace.due(at_s) else None

    def _loss(self, waited_s: float) -> str:
        late = waited_s >= 0.9 * self._config.read_limit_s
        return f"gave nothing for {waited_s:.1f} s" if late else "broke off"

    def _frame(self, capture: Any, at_s: float, epoch_s: float) -> Frame | None:
        """The frame that was grabbed; None where it is damaged."""
        taken, picture = capture.retrieve()
        return Frame(self._view(picture), at_s, epoch_s) if taken and picture is not None and picture.size else None

    def _view(self, picture: Picture) -> Picture:
        return view(picture, self._config.rotate, self._config.crop, self._config.regions)

    def _read_file(self, cv2: ModuleType, capture: Any, file: Path) -> Generator[Frame | None, None, None]:
        began_s, epoch_s, pace = time.monotonic(), time.time(), self._pace()
        at_s, base_s, step_s = 0.0, 0.0, 1 / min(max(capture.get(cv2.CAP_PROP_FPS), 1.0), 240.0)
        while True:
            found = False
            while capture.grab():
                found, at_s = True, max(at_s, base_s + capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
                while self._config.realtime and (wait_s := began_s + at_s - time.monotonic()) > 0:
                    time.sleep(min(wait_s, IDLE_S))
                    yield None
                yield self._frame(capture, at_s, epoch_s) if pace.due(at_s) else None
            if not found:
                raise RecordingError(f"{shown(file)}: holds no picture that can be read")
            if not self._config.loop:
                return
            base_s = at_s + step_s
            capture.open(f"file:{opencv_name(file)}", cv2.CAP_FFMPEG)


def device_path(device: str | int | None) -> Path:
    """``0`` and ``"0"`` -> ``/dev/video0``; a path as it is."""
    return Path(f"/dev/video{device}" if str(device).isdigit() else str(device))


def must_be_there(device: Path) -> None:
    """DeviceLostError with the remedy where a V4L2 device is not there, or not for us."""
    if not device.exists():
        there = ", ".join(sorted(map(str, Path("/dev").glob("video*")))) or "no video device"
        raise DeviceLostError(f"camera {device}: no such device; there is {there}")
    if not os.access(device, os.R_OK | os.W_OK):
        raise DeviceLostError(f"camera {device}: may not be opened; add the user to the group video")
