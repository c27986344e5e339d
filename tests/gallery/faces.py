"""People and samples to fill galleries with."""

import sqlite3
from contextlib import closing

import numpy as np

from edged.gallery.config import GalleryConfig
from edged.gallery.gallery import Gallery
from edged.gallery.people import Sample

MODEL = "a" * 64
OTHER_MODEL = "b" * 64


def unit(seed=0, length=128):
    """A random direction."""
    vector = np.random.default_rng(seed).normal(size=length).astype(np.float32)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def a_sample(seed=0, *, sha256=MODEL, crop=None, origin="camera porch", at_s=1.7e9, length=128):
    """As an enrolment makes it."""
    return Sample(unit(seed, length), "face_embedding", sha256, 0.75, at_s, origin, crop)


def samples(count, seed=0):
    """Several of one person."""
    return [a_sample(seed * 1000 + number) for number in range(count)]


class Clock:
    """Unix time that goes on by a second at each look."""

    def __init__(self, at_s=1_763_700_000.0):
        self.at_s = at_s

    def __call__(self):
        self.at_s += 1
        return self.at_s


def open_gallery(folder, clock=None, **settings):
    """The gallery in that folder."""
    return Gallery.open(GalleryConfig(path=folder, **settings), clock or Clock())


def every_byte(folder):
    """What all files under the folder hold, by path."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def sealed_values(folder, person_id):
    """All that is stored of a person, as it is stored."""
    with closing(sqlite3.connect(folder / "gallery.db")) as connection:
        rows = connection.execute("SELECT folded, sealed FROM people WHERE id = ?", (person_id,)).fetchall()
        rows += connection.execute(
            "SELECT embedding, origin, crop FROM samples WHERE person = ?", (person_id,)
        ).fetchall()
    return [value for row in rows for value in row if value is not None]


def holds(folder, values):
    """Files in which any of them is."""
    return [path.name for path, data in every_byte(folder).items() if any(value in data for value in values)]
