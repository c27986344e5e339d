"""The video that the demo makes of pictures of people: one after the other before a wall."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edged.enrolment.pictures import read_picture
from edged.evaluation.faces_folder import Labelled
from edged.messages.vision import Picture

SIZE, FPS = (640, 480), 10
SHOWN_S, AWAY_S = 2.0, 1.0
"""Each person on the video that is made of pictures, and nobody between two."""


def write_video(path: Path, people: list[Labelled]) -> None:
    """One after the other before a grey wall; a little noise, as every camera has."""
    writer, noise = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, SIZE), np.random.default_rng(0)
    light = np.linspace(150, 90, SIZE[1], dtype=np.uint8)[:, None, None]  # from above: a plain wall is a covered camera
    wall = np.broadcast_to(light, (SIZE[1], SIZE[0], 3))

    def show(picture: Picture, seconds: float) -> None:
        for _ in range(round(seconds * FPS)):
            frame: NDArray[np.float64] = picture + noise.normal(0, 2, picture.shape)
            writer.write(np.asarray(frame.clip(0, 255), np.uint8))

    for person in people:
        show(wall, AWAY_S)
        show(on_wall(wall, read_picture(person.path)), SHOWN_S)
    show(wall, 4.0)
    writer.release()


def on_wall(wall: Picture, picture: Picture) -> Picture:
    """A picture in the middle of the wall, nearly as high as it."""
    scale = 0.9 * min(SIZE[0] / picture.shape[1], SIZE[1] / picture.shape[0])
    scaled = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale), np.uint8)
    (height, width), frame = scaled.shape[:2], wall.copy()
    top, left = (SIZE[1] - height) // 2, (SIZE[0] - width) // 2
    frame[top : top + height, left : left + width] = scaled
    return frame
