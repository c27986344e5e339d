"""AlignFace: turns a face upright and scales it, so that eyes, nose and mouth are where the embedder expects them."""

from collections.abc import Iterable, Mapping

from edged.inference.files.card import Card
from edged.messages.vision import AlignedFace, Glimpse, Picture, TrackedFace
from edged.vision import similarity_transform, warp

Keypoints = Mapping[str, tuple[float, float]]
TEMPLATE: Keypoints = {
    "right_eye": (38.2946, 51.6963),
    "left_eye": (73.5318, 51.5014),
    "nose": (56.0252, 71.7366),
    "mouth": (56.1396, 92.2848),
}
"""Of a face of 112 x 112 pixels, as Deng et al., ArcFace (2019), and those after them align theirs; ``mouth`` is the
middle of their two corners."""
TEMPLATE_SIDE_PX = 112


def template_for(card: Card) -> tuple[Keypoints, tuple[int, int]]:
    """Where the embedder wants the keypoints, and its input's width and height, in pixels."""
    _, height, width, _ = card.inputs[0].shape
    given = card.parameters.get("template")
    if given is not None:
        return {name: (float(x), float(y)) for name, (x, y) in given.items()}, (width, height)
    scale = width / TEMPLATE_SIDE_PX
    return {name: (x * scale, y * scale) for name, (x, y) in TEMPLATE.items()}, (width, height)


def align(picture: Picture, keypoints: Keypoints, template: Keypoints, size: tuple[int, int]) -> Picture:
    """The face of ``size`` (width, height), its keypoints as near to the template's as turn, scale and shift go.

    ValueError where fewer than two different keypoints are the template's.
    """
    common = [name for name in template if name in keypoints]
    matrix = similarity_transform([keypoints[name] for name in common], [template[name] for name in common])
    return warp(picture, matrix, size)


class AlignFace:
    """Knows the embedder's template. A face whose keypoints nobody sees is a glimpse: it cannot be turned upright."""

    def __init__(self, card: Card) -> None:
        """``card``: the embedder's."""
        self._template, self._size = template_for(card)

    def __call__(self, item: TrackedFace) -> Iterable[AlignedFace | Glimpse]:
        if item.face.keypoints:
            yield AlignedFace(item, align(item.frame.picture, item.face.keypoints, self._template, self._size))
        else:
            yield Glimpse(item.track, item.frame.at_s, item.frame.epoch_s)
