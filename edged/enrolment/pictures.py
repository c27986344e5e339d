"""Pictures of people from files that anybody may have made: looked at before they are decoded, refused in one line."""

import io
import os
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from edged.errors import EdgedError
from edged.messages.vision import Picture

MOST_BYTES = 50_000_000
MOST_PIXELS = 50_000_000
MOST_FILES = 100_000
"""In one folder and all below it."""
LONGEST_SIDE_PX = 1280
"""Larger pictures are scaled down to it: a face that fills a tenth of one is still larger than the embedder's input."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
"""Pillow knows more: each is code that a hostile file could reach, and one of them (EPS) runs a program."""


class PictureError(EdgedError):
    """A file cannot be read as a picture; the message names it and the reason, in one line."""


def read_picture(path: Path) -> Picture:
    """The (first) picture in the file, upright, 8 bits a colour, its longer side at most LONGEST_SIDE_PX.

    PictureError where there is none, where it is damaged or too large.
    """
    content = _read(path)
    try:
        with warnings.catch_warnings():  # Pillow's remarks on odd metadata are nobody's business
            warnings.simplefilter("ignore")
            return decode(content)
    except UnidentifiedImageError:
        raise PictureError(f"{shown(path)}: is no picture; one of {', '.join(FORMATS)}") from None
    except MemoryError:
        raise PictureError(f"{shown(path)}: too large for this box's memory; scale it down") from None
    except Exception as fault:  # Pillow's decoders raise whatever their parsers stumble over
        reason = " ".join(str(fault).split()) or type(fault).__name__
        raise PictureError(f"{shown(path)}: cannot be read: {reason}") from None


def decode(content: bytes) -> Picture:
    """As :func:`read_picture`, of the file's bytes; any exception where it cannot be done."""
    image = Image.open(io.BytesIO(content), formats=FORMATS)
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise ValueError(f"{width} x {height} pixels, must be at most {MOST_PIXELS / 1e6:g} million; scale it down")
    image.draft(None, (LONGEST_SIDE_PX, LONGEST_SIDE_PX))  # JPEG can be decoded at a half, a quarter, an eighth
    ImageOps.exif_transpose(image, in_place=True)
    rgb = _as_rgb(image)
    rgb.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.frombuffer(rgb.tobytes("raw", "BGR"), np.uint8).reshape(rgb.height, rgb.width, 3)


def find_pictures(folder: Path) -> Iterator[Path | PictureError]:
    """Every file in the folder and below it, sorted; an error for each folder that cannot be looked into.

    Links are followed, each folder is looked into once (a loop is an error), and names that begin with a dot left out.
    """
    seen: set[tuple[int, int]] = set()
    found, waiting = 0, [folder]
    while waiting:
        here = waiting.pop()
        try:
            if (place := _place(here)) in seen:
                yield PictureError(f"{shown(here)}: leads back to a folder that was looked into already")
                continue
            seen.add(place)
            entries = sorted(entry for entry in here.iterdir() if not entry.name.startswith("."))
        except OSError as error:
            yield PictureError(f"{shown(here)}: cannot be looked into: {error.strerror}")
            continue
        waiting += [entry for entry in reversed(entries) if entry.is_dir()]
        for entry in (entry for entry in entries if not entry.is_dir()):
            found += 1
            if found > MOST_FILES:
                yield PictureError(f"{shown(folder)}: holds more than {MOST_FILES:,} files; the rest is left out")
                return
            yield entry


def shown(path: Path) -> str:
    """The path in one line that a terminal can show, whatever bytes it is made of."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return text if text.isprintable() else ascii(text)


def _read(path: Path) -> bytes:
    """The bytes of a file of a sensible kind and size."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            kind = "a folder" if stat.S_ISDIR(facts.st_mode) else "a device, pipe or socket"
            raise PictureError(f"{shown(path)}: is {kind}, must be a picture")
        if facts.st_size > MOST_BYTES:
            size = f"{facts.st_size / 1e6:,.0f} MB, must be at most {MOST_BYTES / 1e6:g}"
            raise PictureError(f"{shown(path)}: {size}; scale it down")
        with path.open("rb") as file:
            content = file.read(facts.st_size)  # and not MOST_BYTES: room for all of them would be made
    except OSError as error:
        raise PictureError(f"{shown(path)}: cannot be read: {error.strerror}") from None
    if not content:
        raise PictureError(f"{shown(path)}: is empty")
    return content


def _as_rgb(image: Image.Image) -> Image.Image:
    """Three colours of 8 bits, whatever it was."""
    if image.mode.startswith(("I", "F")):  # 16 or 32 bits of grey: Pillow would cut them off at 255
        levels = np.asarray(image).astype(np.float64)
        top = max(float(levels.max()), 1.0) if image.mode == "F" or levels.max() > 65535 else 65535.0
        image = Image.fromarray(np.clip(levels * (255.0 / top), 0, 255).astype(np.uint8))
    return image if image.mode == "RGB" else image.convert("RGB")


def _place(folder: Path) -> tuple[int, int]:
    facts = folder.stat()
    return facts.st_dev, facts.st_ino
