"""What the card of an object detector says of it."""

import difflib
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, ValidationError

from edged.errors import ModelError
from edged.inference.files.card import Card
from edged.object_decoders.layouts import NmsLayout, RawSsd, TfSsdLayout, UltraSsdLayout
from edged.picture_input import PictureFacts

UNUSED = "???"
"""The label of a class that a model has and nobody trained."""


class ObjectFacts(PictureFacts):
    """What the card of an object detector says in its ``parameters``."""

    layout: Annotated[NmsLayout | UltraSsdLayout | TfSsdLayout, Field(discriminator="kind")]
    score: float = Field(gt=0, lt=1)
    overlap: float = Field(ge=0, le=1)


def read_facts(card: Card) -> ObjectFacts:
    """ModelError that names the key where the card is not one of an object detector that can be read."""
    try:
        facts = ObjectFacts.model_validate(card.parameters)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, ("parameters", *first["loc"])))
        raise ModelError(
            f"model {card.name}: {key}: {first['msg']}; name an object detector of edged's catalogue, pulled anew"
        ) from None
    if len(card.inputs) != 1 or len(card.inputs[0].shape) != 4 or min(card.inputs[0].shape) < 1:
        shapes = ", ".join(map(str, card.inputs))
        raise ModelError(f"model {card.name}: inputs: {shapes}, must be one of shape [1, height, width, channels]")
    for output in facts.layout.OUTPUTS:
        card.output(output)
    _check_priors(card, facts.layout)
    return facts


def check_labels(card: Card, labels: Iterable[str], key: str) -> None:
    """ModelError, with the ``key`` that names it and a near name, where the model knows no such label."""
    for label in labels:
        if label not in card.labels or label == UNUSED:
            near = difflib.get_close_matches(label, set(card.labels) - {UNUSED}, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"`edged models show {card.name}` shows its labels"
            raise ModelError(f"{key}: {label!r}, is no label of model {card.name}; {hint}")


def _check_priors(card: Card, layout: NmsLayout | RawSsd) -> None:
    """Where the file says how many boxes there are: as many as the layout has priors."""
    if isinstance(layout, NmsLayout):
        return
    given = card.outputs[card.output("boxes")].shape
    priors = len(layout.priors((card.inputs[0].shape[2], card.inputs[0].shape[1])))
    if len(given) == 3 and given[1] > 1 and given[1] != priors:
        raise ModelError(
            f"model {card.name}: parameters.layout: makes {priors} priors, must be {given[1]}, as many as `boxes` has"
        )
