"""Annotated: the same film with what was said of it drawn into its pictures, written whole or not at all."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from edged.annotation.drawing import Pen
from edged.annotation.notes import Notes
from edged.annotation.outlines import Outline
from edged.errors import EdgedError
from edged.messages.vision import Frame, Picture
from edged.runtime.whole_file import settle
from edged.sources.camera.camera import load

MOST_REPEATS = 600
"""Times that a frame is shown again for a gap in the film's times."""


def clock(at_s: float) -> str:
    """``1:02:03.4`` of the film; without the hours where there are none."""
    minutes, seconds = divmod(max(0.0, at_s), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{seconds:04.1f}" if hours else f"{minutes}:{seconds:04.1f}"


def event_lines(notes: Sequence[Notes], now_s: float) -> list[str]:
    """A line for the events of each pipeline that are on, and one for those that have just ended."""
    lines = []
    for one in notes:
        held, gone = one.events(now_s)
        on = ", ".join(f"{it.label} {it.confidence:.2f} for {now_s - it.start_s:.1f} s" for it in held)
        ended = ", ".join(f"{it.label} {it.confidence:.2f} after {it.end_s - it.start_s:.1f} s" for it in gone)
        lines += [f"● {one.pipeline}: {on}"] if on else []
        lines += [f"○ {one.pipeline}: {ended}"] if ended else []
    return lines


def annotate(frame: Frame, notes: Sequence[Notes], outlines: Sequence[Outline] = ()) -> Picture:
    """A copy of the frame's picture with all that is known of it, and the areas that the pipelines mind."""
    picture, pen = frame.picture.copy(), Pen(frame.picture.shape[0])
    marks = [mark for one in notes for mark in one.marks()]
    pen.draw_outlines(picture, outlines)
    pen.draw_boxes(picture, marks)
    clock_at = pen.draw_lines(picture, [clock(frame.at_s)], at_top=True)
    events_at = pen.draw_lines(picture, event_lines(notes, frame.at_s), at_top=False)
    pen.draw_names(picture, marks, pen.name_outlines(picture, outlines, (clock_at, events_at)))
    return picture


class Writer:
    """Writes MPEG-4 as every OpenCV can, at a steady rate: a frame is shown until the next one's time.

    Of an odd width or height OpenCV leaves the last column or row out.
    """

    def __init__(self, path: Path, fps: float) -> None:
        """Its name must say what it is: FFmpeg goes by that."""
        self._path, self._fps = path, round(fps, 2 if fps >= 60 else 3)  # MPEG-4's clock has 16 bits
        self._writer: Any = None
        self._size = (0, 0)
        self._before: Picture | None = None
        self._left_out_s = 0.0
        self.written = 0

    def __call__(self, picture: Picture, at_s: float) -> None:
        """Add a frame. EdgedError where the file cannot be written."""
        if self._writer is None:
            self._open(picture)
        for _ in range(self._repeats(at_s)):
            self._put(self._before)
        self._put(picture)
        self._before = picture

    def close(self) -> None:
        """EdgedError where not all of it is in the file: OpenCV itself does not say when the disk is full."""
        if self._writer is None:
            return
        self._writer.release()
        cv2 = load()
        check = cv2.VideoCapture(f"file:{self._path.absolute()}", cv2.CAP_FFMPEG)
        frames = check.get(cv2.CAP_PROP_FRAME_COUNT) if check.isOpened() else 0
        check.release()
        if frames < self.written:
            raise EdgedError(f"{self._path}: cannot be written; is the disk full?")
        with self._path.open("rb") as file:
            os.fsync(file.fileno())

    def drop(self) -> None:
        """Write no more."""
        if self._writer is not None:
            self._writer.release()

    def _repeats(self, at_s: float) -> int:
        """How often the frame before is shown again until ``at_s``."""
        if self._before is None:
            self._left_out_s = at_s
            return 0
        behind = round((at_s - self._left_out_s) * self._fps) - self.written
        if behind > MOST_REPEATS:
            self._left_out_s += (behind - MOST_REPEATS) / self._fps
        return min(behind, MOST_REPEATS)

    def _open(self, picture: Picture) -> None:
        cv2 = load()
        self._size = (picture.shape[1], picture.shape[0])
        code = cv2.VideoWriter.fourcc(*"mp4v")
        self._writer = cv2.VideoWriter(str(self._path), cv2.CAP_FFMPEG, code, self._fps, self._size)
        if not self._writer.isOpened():
            raise EdgedError(f"{self._path}: OpenCV cannot write {self._size[0]} x {self._size[1]} pixels of MPEG-4")

    def _put(self, picture: Picture | None) -> None:
        import cv2

        if picture is None:
            return
        if picture.shape[1::-1] != self._size:  # a film may change its size; what does not fit would be left out
            picture = cv2.resize(picture, self._size)  # type: ignore[assignment]
        self._writer.write(picture)
        self.written += 1


@contextmanager
def annotated_film(path: Path, fps: float) -> Iterator[Callable[[Picture, float], None]]:
    """Write frames with their times; the file, mode 0600, is there when the block has ended well, else nothing is."""
    part = path.with_suffix(".part.mp4")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # it shows people
    except OSError as error:
        raise EdgedError(f"{path}: cannot be written: {error.strerror}") from None
    writer = Writer(part, fps)
    try:
        yield writer
        writer.close()
        settle(part, path)
    except BaseException:
        writer.drop()
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
