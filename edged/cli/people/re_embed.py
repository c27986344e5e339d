"""``edged people re-embed``: after a change of the embedder, teach it from the pictures that were kept."""

import argparse
import sys
from typing import Any

from edged.cli.terminal import complain, print_json


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    actions.add_parser(
        "re-embed",
        help="teach a new embedder from the pictures that were kept",
        description="Where gallery.keep_crops was true at enrolment, make the embeddings anew with the embedder "
        "that the configuration names now. Whoever else was enrolled with another one must be enrolled again.",
    )


def run(ask: Any, options: argparse.Namespace) -> int:
    """One line a person; 1 where somebody must be enrolled again."""
    from edged.cli.people.asking import result_of

    answer = result_of(ask, "people.re-embed", {})
    if options.json:
        print_json(answer)
    else:
        for name in answer["people"]:
            sys.stdout.write(f"{name}: made anew with {answer['model']}\n")
        for name in answer["left"]:
            complain(f"{name}: no picture was kept; `edged enroll --add {name!r} …` teaches them anew")
        if not answer["people"] and not answer["left"]:
            sys.stdout.write(f"everybody is enrolled with {answer['model']}\n")
    return int(bool(answer["left"]))
