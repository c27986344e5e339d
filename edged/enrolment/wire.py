"""Pictures, samples and people as JSON, for requests and their answers.

Pictures go as pixels, and not as paths or files: the daemon may not read a user's home, and whoever reads a hostile
file should be the one whose file it is, with no more rights than theirs, and not the process that holds the gallery.
"""

import base64
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Annotated, Any, TypeVar

import numpy as np
from pydantic import BeforeValidator, Field, ValidationError

from edged.config import Section
from edged.control.protocol import Arguments, ControlError
from edged.enrolment.pictures import LONGEST_SIDE_PX
from edged.gallery.people import LONGEST_TEXT, MOST_SAMPLES, Person, Sample, check_sample
from edged.messages.vision import Picture

S = TypeVar("S", bound=Section)


def _from_base64(text: object) -> bytes:
    if isinstance(text, bytes):
        return text
    if not isinstance(text, str):
        raise ValueError("must be text")  # noqa: TRY004  (pydantic makes its faults of ValueErrors)
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ValueError(f"is not base64: {error}") from None


Base64 = Annotated[bytes, BeforeValidator(_from_base64)]
"""Bytes; as base64 in JSON, as they are where no wire is between."""


class WirePicture(Section):
    """Pixels, row by row, blue, green, red."""

    width: int = Field(ge=1, le=LONGEST_SIDE_PX)
    height: int = Field(ge=1, le=LONGEST_SIDE_PX)
    bgr: Base64

    def picture(self) -> Picture:
        """ControlError where there are more or fewer pixels than it says."""
        pixels = np.frombuffer(self.bgr, np.uint8)
        if pixels.size != self.width * self.height * 3:
            raise ControlError(f"picture: {pixels.size} bytes, must be {self.width} x {self.height} x 3")
        return pixels.reshape(self.height, self.width, 3)


class WireSample(Section):
    """A sample."""

    embedding: Base64
    """float32, least significant byte first."""
    model: str
    sha256: str
    quality: float
    at_s: float
    origin: str
    crop: Base64 | None = None

    def sample(self) -> Sample:
        """ControlError where it is none."""
        if len(self.embedding) % 4:
            raise ControlError(f"sample: embedding of {len(self.embedding)} bytes, must be float32")
        sample = Sample(
            embedding=np.frombuffer(self.embedding, "<f4").astype(np.float32),
            **self.model_dump(exclude={"embedding"}),
        )
        try:
            check_sample(sample)
        except ValueError as fault:
            raise ControlError(f"sample: {fault}") from None
        return sample


class Enrolled(Section):
    """Whom to enrol, and from what."""

    name: str
    samples: tuple[WireSample, ...] = Field(min_length=1, max_length=MOST_SAMPLES)
    notes: str = Field("", max_length=LONGEST_TEXT)
    consent: date | None = None
    expires: date | None = None
    add: bool = False
    """To somebody who is enrolled already."""
    sure: bool = False
    """Whatever edged would ask back."""


def understand(schema: type[S], arguments: Arguments) -> S:
    """The arguments of a request; ControlError that names the first that is wrong."""
    try:
        return schema.model_validate(dict(arguments))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "request"
        raise ControlError(f"{where}: {first['msg']}") from None


def as_bytes(content: bytes) -> str:
    """Bytes as text."""
    return base64.b64encode(content).decode("ascii")


def of_picture(picture: Picture) -> dict[str, Any]:
    """As :class:`WirePicture` takes it; no side longer than LONGEST_SIDE_PX."""
    height, width = picture.shape[:2]
    return {"width": width, "height": height, "bgr": picture.tobytes()}


def of_sample(sample: Sample) -> dict[str, Any]:
    """As :class:`WireSample` takes it."""
    return {
        "embedding": as_bytes(sample.embedding.astype("<f4").tobytes()),
        "crop": None if sample.crop is None else as_bytes(sample.crop),
        **facts_of(sample),
    }


def facts_of(sample: Sample) -> dict[str, Any]:
    """What people may read of a sample."""
    names = ("model", "sha256", "quality", "at_s", "origin")
    return {name: getattr(sample, name) for name in names}


def of_person(person: Person, stale: AbstractSet[str] = frozenset()) -> dict[str, Any]:
    """A person; ``stale``: ids of those who need to be enrolled again."""
    return {
        "id": person.id,
        "name": person.name,
        "notes": person.notes,
        "consent": person.consent and person.consent.isoformat(),
        "expires": person.expires and person.expires.isoformat(),
        "created_at": person.created_at,
        "samples": person.samples,
        "models": list(person.models),
        "re_enrol": person.id in stale,
    }
