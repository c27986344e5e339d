"""``edged models evaluate objects``: how well the pipeline's model finds objects on annotated pictures."""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from edged.cli.terminal import print_json, print_table

OBJECTS = "objects"
"""The name that stands for the detection of the pipeline of objects, in place of one model's."""
Told = Callable[[str], AbstractContextManager[Any]]


def evaluate_objects(settings: Any, options: argparse.Namespace, told: Told) -> None:
    """Measure and print; ``told`` is a progress bar by what is being evaluated."""
    from edged.evaluation.objects import evaluate

    config, look = _objects(settings)
    with told(OBJECTS) as tell:
        result = evaluate(look, options.directory, config.detection.score, tell)
    if options.json:
        print_json(result)
        return
    labels = result.pop("labels")
    print_table(("figure", "value"), [(name, _text(value)) for name, value in result.items()])
    sys.stdout.write("\n")
    by_precision = sorted(labels.items(), key=lambda item: -(item[1] or 0.0))
    print_table(("label", "average precision"), [(name, _text(value)) for name, value in by_precision])


def _objects(settings: Any) -> tuple[Any, Callable[[Any], Sequence[Any]]]:
    """The configuration's pipeline of objects, or the default one; and what looks at a picture as it does.

    Looked for is every label, however unsure and small, anywhere: the curve needs those too.
    """
    from edged.inference.catalogue import Catalogue
    from edged.messages.vision import Frame
    from edged.pipelines.objects import ObjectsConfig
    from edged.stages.detect_objects import DetectObjects

    configured = (pipeline for pipeline in settings.pipelines.values() if isinstance(pipeline, ObjectsConfig))
    config = next(configured, ObjectsConfig())
    everything = {"score": 0.01, "min_size_px": 1, "max_objects": 100, "labels": {}, "masks": ()}
    detection = config.detection.model_copy(update=everything)
    detect = DetectObjects(detection, Catalogue(settings.models).load(config.model))
    return config, lambda picture: next(iter(detect(Frame(picture, 0.0)))).objects


def _text(value: Any) -> str:
    return "none" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)
