"""``edged models evaluate sounds``: how well the model of the pipeline of sounds tells labelled clips apart."""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from edged.cli.terminal import print_json, print_table

SOUNDS = "sounds"
"""The name that stands for the pipeline of sounds, in place of one model's."""
Told = Callable[[str], AbstractContextManager[Any]]


def evaluate_sounds(settings: Any, options: argparse.Namespace, told: Told) -> None:
    """Measure and print, by the model and windows of the configuration's pipeline of sounds, or of the default one.

    ``told`` is a progress bar by what is being evaluated.
    """
    from edged.evaluation.sounds import evaluate
    from edged.inference.catalogue import Catalogue
    from edged.pipelines.sounds import SoundsConfig, classifier

    configured = (pipeline for pipeline in settings.pipelines.values() if isinstance(pipeline, SoundsConfig))
    config = next(configured, SoundsConfig())
    model = Catalogue(settings.models).load(config.model)
    with told(SOUNDS) as tell:
        result = evaluate(classifier(SOUNDS, config, model), model.card.labels, config, options.directory, tell)
    if options.json:
        print_json(result)
        return
    low, high = result["top1_interval"]
    sys.stdout.write(f"clips  {result['n']}\ntop-1  {result['top1']:.4f} (95 %: {low:.4f} to {high:.4f})\n")
    sys.stdout.write(f"mAP    {result['map']:.4f}\n\n")
    print_table(("class", "clips", "top-1", "average precision"), _rows(result["classes"]))


def _rows(classes: dict[str, Any]) -> Sequence[tuple[str, ...]]:
    return [(name, str(of["n"]), f"{of['top1']:.4f}", f"{of['average_precision']:.4f}") for name, of in classes.items()]
