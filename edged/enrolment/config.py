"""What it takes to be enrolled."""

from pydantic import Field

from edged.config import Section


class EnrolmentConfig(Section):
    """Which pictures a person is taught from, and when edged asks back."""

    min_size: float = Field(0.5, ge=0, le=1)
    """Least size of the face: 1 is as large as the embedder sees it."""
    min_light: float = Field(0.4, ge=0, le=1)
    """Least light on the face: neither dark nor burnt out."""
    min_sharpness: float = Field(0.15, ge=0, le=1)
    """Least sharpness of the face."""
    min_pose: float = Field(0.15, ge=0, le=1)
    """How far the face may be turned away: 1 looks straight at the camera, 0 shows its side."""
    clearly_larger: float = Field(2.0, ge=1)
    """Of several faces the largest is taken where its area is so many times that of the next; else none."""
    pictures_must_live: bool = True
    """Refuse picture files too that look like pictures of a picture, as one in 20 good ones does; a camera's always
    are."""
    agree: float = Field(0.25, ge=-1, le=1)
    """Samples of one person are at least so similar to the others on average; else edged asks back."""
    near: float = Field(0.5, ge=-1, le=1)
    """An enrolled person this similar to the new one may be the same: edged asks back. (Of 80 people of LFW none came
    nearer to another than 0.41, and none of 40 was farther from themselves than 0.66.)"""
    apart_s: float = Field(0.4, ge=0)
    """In front of a camera samples are taken at least so long after one another."""
    turned: float = Field(0.2, gt=0, lt=1)
    """How far to the side counts as turned, where edged asks for it: 0 is straight ahead, 1 shows the side."""
    patience_s: float = Field(4.0, ge=0)
    """Who does not turn as they are asked to is taken as they are after so long."""
    give_up_s: float = Field(60.0, gt=0)
    """Give up when a camera has shown nothing to learn from for so long."""
