"""Teaching: what is asked of the box when somebody is enrolled.

Nothing is kept between requests, so that whoever cancels leaves nothing behind: the samples are with the asker until
all of them are stored at once.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import Any, Protocol

from pydantic import Field

from edged.config import Section, Slug
from edged.control.protocol import Answer, Arguments, Asker, ControlError, Handlers, Progress, Result
from edged.enrolment.config import EnrolmentConfig
from edged.enrolment.examine import Look
from edged.enrolment.likeness import centre, disagreeing, nearest
from edged.enrolment.people import Nothing
from edged.enrolment.session import Prompt, Session
from edged.enrolment.steady import Steady
from edged.enrolment.wire import Enrolled, WirePicture, of_person, of_sample, understand
from edged.gallery.gallery import Gallery
from edged.gallery.people import MOST_SAMPLES, Person, Sample
from edged.messages.vision import Embedding, Frame, Picture

TOLD_EVERY_S = 0.5
"""The asker hears this often that the session goes on."""


class Looks(Protocol):
    """What :class:`~edged.enrolment.examine.Examiner` does."""

    def new_track(self) -> int:
        """For pictures that show the same person."""
        ...

    @property
    def embedder(self) -> tuple[str, str]:
        """The embedder's name and the sha256 of its file for the CPU."""
        ...

    def embed(self, picture: Picture) -> Embedding:
        """Of a face that was aligned before; EdgedError where it is of another size than this embedder takes."""
        ...

    def __call__(self, frame: Frame, origin: str, track: int, *, must_live: bool) -> Look:
        """What is made of a picture."""
        ...


class PictureRequest(Section):
    """``enroll.picture``."""

    picture: WirePicture
    origin: str = Field(max_length=200)


class CameraRequest(Section):
    """``enroll.camera``."""

    source: Slug
    count: int = Field(5, ge=1, le=MOST_SAMPLES)


class Teaching:
    """Looks through the box's cameras and models, and writes into its gallery."""

    def __init__(
        self,
        config: EnrolmentConfig,
        gallery: Gallery,
        examiner: Callable[[], Looks],
        frames: Callable[[str], Generator[Frame | None, None, None]],
        now_s: Callable[[], float],
    ) -> None:
        """``examiner`` is asked for when it is needed: its models take a while to load.

        ``frames``: what the source of that name sees from now on, None at least every second where there is nothing
        new; closing it lets go of the source. EdgedError where there is no such camera. ``now_s``: Unix time.
        """
        self._config, self._gallery, self._now_s = config, gallery, now_s
        self._examiner, self._frames = examiner, frames

    @property
    def handlers(self) -> Handlers:
        """By the requests' names."""
        return {
            "enroll.picture": self.picture,
            "enroll.camera": self.camera,
            "enroll.store": self.store,
            "people.re-embed": self.re_embed,
        }

    def picture(self, arguments: Arguments, _asker: Asker) -> Iterator[Answer]:
        """One picture -> ``{"sample": …}`` or ``{"refused": why}``."""
        request = understand(PictureRequest, arguments)
        examine = self._examiner()
        frame = Frame(request.picture.picture(), self._now_s())
        look = examine(frame, request.origin, examine.new_track(), must_live=self._config.pictures_must_live)
        yield Result({"refused": look.reason} if look.sample is None else {"sample": of_sample(look.sample)})

    def camera(self, arguments: Arguments, _asker: Asker) -> Iterator[Answer]:
        """Somebody before a camera -> prompts and progress, and then ``{"samples": […]}``."""
        request = understand(CameraRequest, arguments)
        examine = self._examiner()
        session, steady, track = Session(self._config, request.count), Steady(), examine.new_track()
        told, told_s = None, float("-inf")
        with closing(self._frames(request.source)) as frames:
            for frame in frames:
                if frame is None:
                    yield Progress(_told(Prompt.WAIT if told is None else told, session, request.count))
                    continue
                taken = len(session.samples)
                asked = session.take(examine(frame, request.source, track, must_live=True), frame.at_s)
                prompt = steady.take(asked, frame.at_s, at_once=len(session.samples) > taken)
                if prompt is not told or frame.at_s - told_s >= TOLD_EVERY_S:
                    told, told_s = prompt, frame.at_s
                    yield Progress(_told(prompt, session, request.count))
                if session.done:
                    yield Result({"samples": [of_sample(sample) for sample in session.samples]})
                    return
                if session.gave_up(frame.at_s):
                    break
        so_far = f"{len(session.samples)} of {request.count} samples"
        raise ControlError(f"source {request.source}: gave up after {so_far}, last: {told or 'no picture came'}")

    def store(self, arguments: Arguments, asker: Asker) -> Iterator[Answer]:
        """Samples -> ``{"person": …}``, all of them stored, or ``{"doubts": […]}`` and nothing stored."""
        request = understand(Enrolled, arguments)
        samples = [wire.sample() for wire in request.samples]
        known = self._gallery.find(request.name) if request.add else None
        doubts = [] if request.sure else self.doubts(samples, known)
        if doubts:
            yield Result({"doubts": doubts})
        elif known is not None:
            yield Result({"person": of_person(self._gallery.add_samples(known.id, samples, by=asker.by))})
        else:
            details: dict[str, Any] = request.model_dump(include={"notes", "consent", "expires"})
            yield Result({"person": of_person(self._gallery.add(request.name, samples, by=asker.by, **details))})

    def re_embed(self, arguments: Arguments, asker: Asker) -> Iterator[Answer]:
        """Teach today's embedder from the pictures that were kept -> ``{"people": […], "left": […]}``, names."""
        understand(Nothing, arguments)
        examine = self._examiner()
        model, sha256 = examine.embedder
        people = self._gallery.re_embed(model, sha256, examine.embed, by=asker.by)
        left = [person.name for person in self._gallery.stale(sha256)]
        yield Result({"model": model, "people": [person.name for person in people], "left": left})

    def doubts(self, samples: Sequence[Sample], known: Person | None) -> list[str]:
        """What to ask the enroller before ``samples`` are stored (as more of ``known``); one line each."""
        config, names = self._config, {person.id: person.name for person in self._gallery.people()}
        matrix, people = self._gallery.embeddings(samples[0].sha256)
        near = nearest(centre(samples), matrix, people, config.near)
        return [
            *(
                f"similar by only {value:.2f} to the other samples: {sample.origin}"
                for sample, value in disagreeing(samples, config.agree)
            ),
            *(
                f'similar by {value:.2f} to "{names[person]}": the same person?'
                for person, value in near
                if person in names and (known is None or person != known.id)
            ),
        ]


def _told(prompt: Prompt, session: Session, count: int) -> dict[str, Any]:
    return {"prompt": prompt.value, "taken": len(session.samples), "count": count}
