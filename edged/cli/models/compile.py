"""``edged models compile``: makes a model's twin for the Edge TPU."""

import argparse
import sys
from pathlib import Path
from typing import Any


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser(
        "compile",
        help="make a model's twin for the Edge TPU",
        description="Run edgetpu_compiler on the model's file for the CPU, check what it makes, put it beside that "
        "file and on the card. Where the compiler is not installed, tells what to do.",
    )
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--compiled", type=Path, metavar="FILE", help="take this file, compiled on another machine")


def run(settings: Any, options: argparse.Namespace) -> int:
    """One line for the file, one for what stays on the CPU, one where the signature is void."""
    from edged.inference.catalogue import Catalogue
    from edged.inference.files import compiler
    from edged.inference.files.card import read_card
    from edged.inference.files.operators import counted, left_on_cpu
    from edged.inference.files.signature import is_signed

    folder = Catalogue(settings.models).folder(options.name)
    card = read_card(folder)
    source = compiler.source(folder, card)
    content = compiler.read(options.compiled, card) if options.compiled else compiler.run(source, folder, card)
    path, graph = compiler.add(content, folder, card)
    sys.stdout.write(f"{card.name}: compiled, {len(content):,} bytes, {path}\n")
    if left := left_on_cpu(graph):
        sys.stdout.write(f"{card.name}: {counted(left)} stays on the CPU\n")
    if is_signed(folder):
        sys.stdout.write(f"{card.name}: its card has changed; `edged models sign {card.name} --key …` signs it anew\n")
    return 0
