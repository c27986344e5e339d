"""``edged models``: which models are here, what they are, how well they do."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edged.cli.terminal import print_table, progress


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    parser = commands.add_parser("models", help="list, show and evaluate models", description="Look at models.")
    parser.add_argument("-c", "--config", type=Path, metavar="FILE", help="default: edged.yaml, /etc/edged/edged.yaml")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="the models that are here")
    show = actions.add_parser("show", help="a model's card")
    show.add_argument("name", metavar="NAME")
    evaluate = actions.add_parser(
        "evaluate",
        help="measure a model on labelled recordings",
        description="DIR holds windows.csv (file, start_sample, valid_samples, label, recording) and its files. "
        "Labels esc_*, background, helicopter and noises are no drones, all others are.",
    )
    evaluate.add_argument("name", metavar="NAME")
    evaluate.add_argument("directory", type=Path, metavar="DIR")
    evaluate.add_argument("--plot", type=Path, metavar="PNG", help="draw ROC curve and confusion matrix")
    for action in (listing, show, evaluate):
        action.add_argument("--json", action="store_true", help="as JSON")


def run(options: argparse.Namespace) -> int:
    """Do one action."""
    from edged.inference.catalogue import Catalogue
    from edged.settings import read_settings

    actions: dict[str, Callable[[Catalogue, argparse.Namespace], None]]
    actions = {"list": list_models, "show": show_model, "evaluate": evaluate_model}
    actions[options.action](Catalogue(read_settings(options.config).models), options)
    return 0


def list_models(catalogue: Any, options: argparse.Namespace) -> None:
    """One line a model."""
    from edged.inference.card import read_card

    cards = [read_card(catalogue.folder(name)) for name in catalogue.names()]
    if options.json:
        _print_json(
            [card.model_dump(mode="json", include={"name", "version", "task", "labels", "licence"}) for card in cards]
        )
        return
    rows = [(card.name, card.version, card.task, ", ".join(card.labels)) for card in cards]
    print_table(("name", "version", "task", "labels"), rows)


def show_model(catalogue: Any, options: argparse.Namespace) -> None:
    """The card, and whether the files are as it says."""
    import yaml

    from edged.inference.card import read_card, read_verified

    folder = catalogue.folder(options.name)
    card = read_card(folder)
    sizes = {role: len(read_verified(folder, card, role)) for role in card.files}
    shown = card.model_dump(mode="json") | {"folder": str(folder), "verified_bytes": sizes}
    if options.json:
        _print_json(shown)
    else:
        sys.stdout.write(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=118))


def evaluate_model(catalogue: Any, options: argparse.Namespace) -> None:
    """Measure, print, and draw where asked."""
    from edged.evaluation.drone_sound import evaluate, score_function
    from edged.evaluation.plot import plot

    model = catalogue.load(options.name)
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
        _print_json(result)
    else:
        _print_result(result)


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


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
