"""A box without models: what its examiner sees is written in a picture's first pixel. The gallery is a real one."""

from contextlib import closing, contextmanager

import numpy as np
from PIL import Image

from edged.control.config import ControlConfig
from edged.control.protocol import Peer, Result
from edged.control.server import Server
from edged.enrolment.config import EnrolmentConfig
from edged.enrolment.examine import Look, Reason
from edged.enrolment.people import People
from edged.enrolment.teaching import Teaching
from edged.enrolment.transfer import Transfer
from edged.errors import ConfigError
from edged.gallery.config import GalleryConfig
from edged.gallery.gallery import Gallery
from edged.gallery.people import Sample
from edged.messages.vision import Frame

SHA256 = "ab" * 32
PEER = Peer(0, 0, 4711)
REASONS = list(Reason)
SIZE = 16


def face(person, look=0):
    """A unit vector: those of one person are alike (about 0.9), those of two are not (about 0)."""
    one = np.zeros(SIZE, np.float32)
    one[person % SIZE] = 1.0
    one += np.random.default_rng([person, look]).normal(0, 0.08, SIZE).astype(np.float32)
    return (one / np.linalg.norm(one)).astype(np.float32)


def sample(person, look=0, sha256=SHA256, origin="test"):
    return Sample(face(person, look), "embedder", sha256, 0.9, 1000.0 + look, origin)


def picture_of(person, look=0):
    """A picture in which the examiner sees that person."""
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[0, 0] = 0, person, look
    return picture


def picture_with(reason):
    """A picture that teaches nothing."""
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[0, 0] = 255, REASONS.index(reason), 0
    return picture


def save(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture[:, :, ::-1]).save(path)


class Looks:
    """Sees what is written in the first pixel; faces look straight, or as the second pixel says."""

    def __init__(self):
        self.tracks = 0
        self.asked = []

    def new_track(self):
        self.tracks += 1
        return self.tracks

    embedder = ("embedder", SHA256)

    def embed(self, picture):
        """Whose crop it is stands in its first pixel too."""
        _, who, look = picture[0, 0].tolist()
        return face(who, look)

    def __call__(self, frame, origin, track, *, must_live):
        self.asked.append((origin, track, must_live))
        kind, who, look = frame.picture[0, 0].tolist()
        if kind == 255:
            return Look(None, REASONS[who])
        return Look(sample(who, look, origin=origin), None, (int(frame.picture[0, 1, 0]) - 128) / 127 if look else 0.0)


class Box:
    """Handlers over a gallery in ``folder``, as the daemon has them; ``frames``: what its camera sees, once."""

    def __init__(self, folder, frames=(), **config):
        self.kept = GalleryConfig(path=folder / "faces", keep_crops=True)
        self.gallery = Gallery.open(self.kept)
        self.looks, self.frames, self.closed = Looks(), frames, False
        config = EnrolmentConfig(apart_s=0, patience_s=0, **config)
        self.handlers = {
            **People(self.gallery, SHA256).handlers,
            **Teaching(config, self.gallery, lambda: self.looks, self.watch, lambda: 1000.0).handlers,
            **Transfer(self.gallery, folder / "transfer").handlers,
        }

    def watch(self, name):
        if name != "camera":
            raise ConfigError(f"{name}: is no camera in use")
        try:
            for at, picture in enumerate(self.frames):
                yield picture if picture is None else Frame(picture, float(at))
        finally:
            self.closed = True

    def answers(self, do, **arguments):
        return list(self.handlers[do](arguments, PEER))

    def ask(self, do, **arguments):
        """The result."""
        last = self.answers(do, **arguments)[-1]
        assert isinstance(last, Result)
        return last.value

    @contextmanager
    def serving(self, path):
        """Its control socket, as a running edged has it."""
        server = Server(ControlConfig(path=path), self.handlers)
        server.start()
        try:
            yield server
        finally:
            server.stop(2)


@contextmanager
def a_box(folder, frames=(), **config):
    made = Box(folder, frames, **config)
    with closing(made.gallery):
        yield made
