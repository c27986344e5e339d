"""The group `faces`: how fast, how small and how prompt the box recognises people."""

import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import box, sounds
from benchmarks.faces_box import AWAY_S, THERE_S, named_after_s, watching_box
from benchmarks.faces_chain import Chain, bare_invokes, load_models
from benchmarks.faces_data import empty_frame, finders, frame_with, portraits
from benchmarks.measure import Group, Measured
from benchmarks.timing import always, in_turns, median_ms, median_ratio, timed
from edged.enrolment.config import EnrolmentConfig
from edged.enrolment.examine import Examiner
from edged.enrolment.pictures import read_picture
from edged.gallery.config import GalleryConfig
from edged.gallery.gallery import Gallery
from edged.gallery.index import Index
from edged.gallery.people import Sample
from edged.messages.vision import Frame
from edged.pipelines.faces import FacesConfig

GROUP = Group("faces")
CONFIG = FacesConfig()
"""Every default, as on a box."""
ROUNDS = 400


@GROUP.measure("ms")
def one_face(rounds: int = ROUNDS) -> Measured:
    """The whole chain on a frame with a face that is looked at; at most 1.15 times its bare invokes plus 2 ms."""
    names = (*finders(CONFIG), *CONFIG.liveness.models, CONFIG.embedder)
    chain = Chain(load_models(), frame_with(portraits(1)[0]))
    chain_s, invoke_s = in_turns(rounds, chain.step, always(bare_invokes(names)))
    limit_ms = 1.15 * median_ms(invoke_s) + 2.0
    told = f"its {len(names)} bare invokes {median_ms(invoke_s):.2f} ms; limit 1.15 x invokes + 2 ms"
    return Measured(median_ms(chain_s), told, limit_ms)


@GROUP.measure("ms")
def no_face(rounds: int = ROUNDS) -> Measured:
    """The whole chain on a frame without a face; at most 1.15 times the detector's bare invoke plus 1 ms."""
    chain = Chain(load_models(), empty_frame())
    chain_s, invoke_s = in_turns(rounds, chain.step, always(bare_invokes((CONFIG.detector,))))
    limit_ms = 1.15 * median_ms(invoke_s) + 1.0
    told = f"the detector's bare invoke {median_ms(invoke_s):.2f} ms; limit 1.15 x invoke + 1 ms"
    return Measured(median_ms(chain_s), told, limit_ms)


@GROUP.measure("s", at_most=0.3)
def to_broker_p95(visits: int = 12) -> Measured:
    """From the first good frame of somebody who is enrolled to their name at a subscriber, p95."""
    with (
        tempfile.TemporaryDirectory() as name,
        box.broker(Path(name)) as port,
        watching_box(Path(name), port, visits),
    ):
        delays = named_after_s(port, visits * (AWAY_S + THERE_S) + 2.0)
    found = f"{len(delays)} of {visits} visits named, median {np.median(delays):.3f} s"
    return Measured(float(np.quantile(delays, 0.95)), found)


@GROUP.measure("of numpy's product", at_most=1.2)
def search(rounds: int = 4000, people: int = 2000) -> Measured:
    """The two nearest people among 10,000 faces of 2,000, against the bare product of matrix and vector."""
    random = np.random.default_rng(0)
    faces = random.normal(size=(people, 5, 128)).astype(np.float32)
    faces /= np.linalg.norm(faces, axis=2, keepdims=True)
    with tempfile.TemporaryDirectory() as name:
        gallery = Gallery.open(GalleryConfig(path=Path(name)))
        for number, own in enumerate(faces):
            gallery.add(f"person {number}", [Sample(face, "bench", "0" * 64, 1.0, 0.0, "bench") for face in own], by="")
        index, matrix, asked = Index(gallery, "0" * 64), faces.reshape(-1, 128), faces[people // 2, 0]
        ours_s, bare_s = in_turns(rounds, always(lambda: index.search(asked)), always(lambda: matrix @ asked))
        gallery.close()
    return Measured(
        median_ratio(ours_s, bare_s), f"search {median_ms(ours_s):.3f} ms, product {median_ms(bare_s):.3f} ms"
    )


@GROUP.measure("of its invokes", at_most=1.3)
def enrol_pictures(count: int = 1000) -> Measured:
    """Enrolling pictures from files, five a person, reading and storing included, against the bare invokes of each."""
    config, took_s, invoke_s, refused, asked = EnrolmentConfig(), 0.0, 0.0, 0, list[str]()
    examine = Examiner(config, CONFIG, load_models(asked), keep_crops=False)
    bare = {name: bare_invokes((name,)) for name in (*finders(CONFIG), *CONFIG.liveness.models, CONFIG.embedder)}
    with tempfile.TemporaryDirectory() as name:
        gallery, samples = Gallery.open(GalleryConfig(path=Path(name))), list[Sample]()
        for number, path in enumerate(portraits(count)):
            began_s = time.perf_counter()
            look = examine(Frame(read_picture(path), 0.0), path.name, number, must_live=config.pictures_must_live)
            samples += [look.sample] if look.sample else []
            if len(samples) == 5:
                gallery.add(f"person {number}", samples, by="bench")
                samples.clear()
            took_s += time.perf_counter() - began_s
            invoke_s += sum(timed(bare[model])[0] for model in asked)
            refused += look.sample is None
            asked.clear()
        gallery.close()
    told = f"{count} pictures in {took_s:.1f} s, {refused} of them refused; their bare invokes {invoke_s:.1f} s"
    return Measured(took_s / invoke_s, told)


@GROUP.measure("MB", at_most=250.0)
def rss_with_sound(seconds: float = 30.0) -> Measured:
    """Resident memory of a box that has both listened and looked for 30 s."""
    with tempfile.TemporaryDirectory() as name, box.broker(Path(name)) as port:
        sound = Path(name) / "visits.flac"
        sounds.write_visits(sound, seed=0, quiet_s=2.5)
        with watching_box(Path(name), port, 3, sound) as running:
            time.sleep(seconds)
            return Measured(box.resident_mb(running.pid), f"drones and faces, for {seconds:.0f} s")
