"""``edged models evaluate``: how well a model does on labelled recordings."""

import argparse
import sys
from pathlib import Path
from typing import Any

from edged.cli.terminal import print_json, print_table, progress


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser(
        "evaluate",
        help="measure a model on labelled recordings",
        description="DIR holds windows.csv (file, start_sample, valid_samples, label, recording) and its files. "
        "Labels esc_*, background, helicopter and noises are no drones, all others are.",
    )
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw ROC curve and confusion matrix")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(settings: Any, options: argparse.Namespace) -> int:
    """Measure, print, and draw where asked."""
    from edged.evaluation.drone_sound import evaluate, score_function
    from edged.evaluation.plot import plot
    from edged.inference.catalogue import Catalogue

    model = Catalogue(settings.models).load(options.name)
    score = score_function(model)
    with progress() as bar:
        task = bar.add_task(f"evaluating {options.name}", total=None)
        threshold = float(model.card.parameters["threshold"])
        result = evaluate(
            score, options.directory, threshold, lambda done, total: bar.update(task, completed=done, total=total)
        )
    if options.plot:
        plot(result, options.plot)
    del result["roc"]  # the curve is for the plot
    if options.json:
        print_json(result)
    else:
        _print_result(result)
    return 0


def _print_result(result: dict[str, Any]) -> None:
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
