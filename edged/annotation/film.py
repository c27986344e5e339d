"""Film: a video file, every frame of it, with the times that stand in it. Nothing is left out for want of time."""

import string
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from edged.errors import RecordingError
from edged.messages.vision import Frame
from edged.sources.camera.camera import MOST_PIXELS, load
from edged.sources.files import must_be_readable, opencv_name, shown

SAMPLE = 48
"""Frames whose times tell the rate: what a header says of it is often made up."""
RATES_FPS = (0.05, 240.0)
CUT_OFF_S, CUT_OFF_SHARE = 2.0, 0.05
"""A film that ends so much before its header says, whichever is more, is damaged: headers round."""
TEXT = frozenset(string.printable.encode())


class Film:
    """A video file. Its own sound, turn and size are as OpenCV gives them; no camera's crop or regions are applied."""

    def __init__(self, path: Path) -> None:
        """RecordingError where it is no video; neither a still picture nor text is one, though FFmpeg shows both."""
        self.path = path
        must_be_readable(path)
        if is_text(path):
            raise self._no_video()
        capture = self._open()
        try:
            self.fps, self.duration_s = self._measure(capture)
        finally:
            capture.release()

    def frames(self, *, realtime: bool = False) -> Generator[Frame, None, None]:
        """All frames; their times grow. ``realtime``: at the film's own pace.

        RecordingError, after the last frame that can be read, where the film is cut off.
        """
        import cv2

        began_s, at_s = time.monotonic(), -1 / self.fps
        capture = self._open()
        try:
            while capture.grab():
                told_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                at_s = told_s if told_s > at_s else at_s + 1 / self.fps  # some files have no times
                taken, picture = capture.retrieve()
                if not taken or picture is None or not picture.size:
                    continue  # damaged; the decoder goes on with the next
                if realtime:
                    time.sleep(max(0.0, began_s + at_s - time.monotonic()))
                yield Frame(picture, at_s)
        finally:
            capture.release()
        self._must_be_whole(at_s + 1 / self.fps)

    def __iter__(self) -> Iterator[Frame]:
        return self.frames()

    def _open(self) -> Any:
        cv2 = load()
        capture = cv2.VideoCapture(f"file:{opencv_name(self.path)}", cv2.CAP_FFMPEG)
        width, height = (capture.get(key) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        if capture.isOpened() and width * height <= MOST_PIXELS:
            return capture
        opened = capture.isOpened()
        capture.release()
        raise self._no_video(f"{width:.0f} x {height:.0f} pixels are too many" if opened else "")

    def _measure(self, capture: Any) -> tuple[float, float | None]:
        """Frames a second by the times of the first, and the film's length in seconds, None where nobody knows."""
        import cv2

        said_fps, said_frames = capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT)
        times: list[float] = []
        while len(times) < SAMPLE and capture.grab():
            times.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        if len(times) < 2:
            raise self._no_video("is one picture and no video" if times else "")
        step_s = (times[-1] - times[0]) / (len(times) - 1)
        fps = said_fps if step_s <= 0 or abs(said_fps * step_s - 1) < 0.01 else 1 / step_s
        known = said_frames > 0 and said_fps > 0
        return min(max(fps, RATES_FPS[0]), RATES_FPS[1]), said_frames / said_fps if known else None

    def _must_be_whole(self, read_s: float) -> None:
        if self.duration_s is not None and self.duration_s - read_s > max(CUT_OFF_S, CUT_OFF_SHARE * self.duration_s):
            raise RecordingError(
                f"{shown(self.path)}: damaged after {read_s:.1f} s of {self.duration_s:.1f} s; "
                "what came before was looked at"
            )

    def _no_video(self, reason: str = "") -> RecordingError:
        return RecordingError(f"{shown(self.path)}: {reason or 'is no video that OpenCV can read'}")


def is_text(path: Path) -> bool:
    """Whether a file begins like one. FFmpeg plays text as a film, and lists of addresses as what they name."""
    with path.open("rb") as file:
        return TEXT.issuperset(file.read(1024))
