"""``edged models evaluate``: how well a model does on labelled recordings, and how well people are recognised."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edged.cli.models.evaluate_objects import OBJECTS, evaluate_objects
from edged.cli.models.evaluate_sounds import SOUNDS, evaluate_sounds
from edged.cli.terminal import print_json, print_table, progress
from edged.errors import EdgedError

FACES = "faces"
"""The name that stands for the whole pipeline of faces, in place of one model's."""


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser(
        "evaluate",
        help="measure a model on labelled recordings, or the recognition of people on pictures",
        description="NAME is a model of sound; DIR holds windows.csv (file, start_sample, valid_samples, label, "
        "recording) and its files; labels esc_*, background, helicopter and noises are no drones, all others are. "
        "NAME may be `faces`: the detector, embedder and threshold of the configuration, on pictures "
        "gallery/<person>/*, probes/<person>/* and strangers/*; or, with --pairs, on DIR/<person>/<person>_0001.jpg. "
        "NAME may be `sounds`: the model and groups of the configuration, on DIR/labels.csv (file, label; a label is "
        "one of the model, a group, or several of these with | between). NAME may be `objects`: the detection of the "
        "configuration, on DIR/annotations.json as of COCO and its pictures.",
    )
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw the curves")
    parser.add_argument("--pairs", type=Path, metavar="FILE", help="faces: pairs as of Labeled Faces in the Wild")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(settings: Any, options: argparse.Namespace) -> int:
    """Measure, print, and draw where asked."""
    if options.pairs and (options.name != FACES or options.plot):
        raise EdgedError("--pairs: goes with `faces` and without --plot; leave one of them out")
    if options.name == SOUNDS:
        evaluate_sounds(settings, options, _told)
    elif options.name == OBJECTS:
        evaluate_objects(settings, options, _told)
    elif options.name != FACES:
        _evaluate_sound(settings, options)
    elif options.pairs:
        _evaluate_pairs(settings, options)
    else:
        _evaluate_faces(settings, options)
    return 0


def _evaluate_sound(settings: Any, options: argparse.Namespace) -> None:
    from edged.evaluation.drone_sound import evaluate, score_function
    from edged.evaluation.plot import plot
    from edged.inference.catalogue import Catalogue

    model = Catalogue(settings.models).load(options.name)
    with _told(options.name) as tell:
        threshold = float(model.card.parameters["threshold"])
        result = evaluate(score_function(model), options.directory, threshold, tell)
    if options.plot:
        plot(result, options.plot)
    del result["roc"]  # the curve is for the plot
    if options.json:
        print_json(result)
    else:
        _print_sound(result)


def _evaluate_faces(settings: Any, options: argparse.Namespace) -> None:
    from edged.evaluation.faces import evaluate, figures
    from edged.evaluation.faces_plot import plot

    config, look = _faces(settings)
    with _told(FACES) as tell:
        scores = evaluate(look, options.directory, tell)
    if options.plot:
        plot(scores, config.identity.threshold, options.plot)
    result = figures(scores, config.identity.threshold, config.identity.margin)
    if options.json:
        print_json(result)
    else:
        _print_faces(result, {"known": scores.known.best.size, "strangers": scores.strangers.best.size})


def _evaluate_pairs(settings: Any, options: argparse.Namespace) -> None:
    from edged.evaluation.faces_pairs import evaluate_pairs

    _, look = _faces(settings)
    with _told(FACES) as tell:
        result = evaluate_pairs(look, options.pairs, options.directory, tell)
    if options.json:
        print_json(result)
    else:
        print_table(("figure", "value"), _rows(result))


@contextmanager
def _told(name: str) -> Iterator[Any]:
    """A progress bar, and the function that moves it."""
    with progress() as bar:
        task = bar.add_task(f"evaluating {name}", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _faces(settings: Any) -> tuple[Any, Any]:
    """The configuration's pipeline of faces, or the default one; and what looks at a picture as it does."""
    from edged.enrolment.pictures import read_picture
    from edged.evaluation.faces_still import StillFace
    from edged.inference.catalogue import Catalogue
    from edged.pipelines.faces import FacesConfig

    configured = (pipeline for pipeline in settings.pipelines.values() if isinstance(pipeline, FacesConfig))
    config, load = next(configured, FacesConfig()), Catalogue(settings.models).load
    landmarks = load(config.landmarks) if config.landmarks else None
    still = StillFace(config.detection, load(config.detector), landmarks, load(config.embedder))
    return config, lambda path: still(read_picture(path))


def _print_faces(result: dict[str, Any], asked: dict[str, int]) -> None:
    """Shares with their intervals of 95 %, where each picture counts once."""
    from edged.evaluation.faces_metrics import wilson_interval

    trials = {
        "detection_rate": result["n"],
        "rank1": asked["known"],
        "known_named": asked["known"],
        "strangers_named": asked["strangers"],
    }
    rows = []
    for name, value in _rows(result):
        n = trials.get(name, 0)
        if n and result[name] is not None:
            low, high = wilson_interval(result[name], n)
            rows.append((name, value, f"{low:.4f} to {high:.4f}", str(n)))
        else:
            rows.append((name, value, "", ""))
    print_table(("figure", "value", "95 % interval", "of"), rows)


def _rows(result: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and values, those at a rate one by one."""
    flat: dict[str, Any] = {}
    for name, value in result.items():
        at_rates = value if isinstance(value, dict) else {}
        flat |= {f"{name} {float(rate):.1%}": one for rate, one in at_rates.items()} or {name: value}
    return [(name, f"{value:.4f}" if isinstance(value, float) else str(value)) for name, value in flat.items()]


def _print_sound(result: dict[str, Any]) -> None:
    for name in ("n", "accuracy", "precision", "recall", "f1", "roc_auc", "threshold"):
        value = result[name]
        sys.stdout.write(f"{name:<10} {value:.4f}\n" if isinstance(value, float) else f"{name:<10} {value}\n")
    sys.stdout.write("\n")
    counts = zip(result["labels"], result["confusion_matrix"], strict=True)
    rows = [(f"is {truth}", *map(str, row)) for truth, row in counts]
    print_table(("", *(f"called {label}" for label in result["labels"])), rows)
    sys.stdout.write("\n")
    rates = sorted(result["false_positive_rate"].items(), key=lambda item: -item[1])
    print_table(("label", "called drone"), [(label, f"{rate:.4f}") for label, rate in rates])
