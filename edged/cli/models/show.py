"""``edged models show``: a model's card, what its files compute, and what of that the Edge TPU would take over."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edged.cli.terminal import complain, print_json, print_table

_TOLD = {"name", "version", "task", "folder", "signed_by", "files", "verified_bytes", "inputs", "outputs", "computes"}
"""What stands above the rest of the card."""


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser("show", help="a model's card, its tensors and operators")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(settings: Any, options: argparse.Namespace) -> int:
    """The card of verified files, and what they hold."""
    from edged.inference.catalogue import Catalogue

    facts = _facts(Catalogue(settings.models).folder(options.name))
    if options.json:
        print_json(facts)
    else:
        _print_facts(facts)
    return 0


def _facts(folder: Path) -> dict[str, Any]:
    from edged.inference.files.card import read_card
    from edged.inference.files.verify import verify

    card = read_card(folder)
    files = {role: verify(folder, card, role) for role in card.files}
    return card.model_dump(mode="json") | {
        "folder": str(folder),
        "signed_by": _signer(folder),
        "verified_bytes": {role: len(file.content) for role, file in files.items()},
        "computes": {role: _computation(file.graph) for role, file in files.items() if file.graph},
    }


def _signer(folder: Path) -> str | None:
    """Whose signature holds; one that does not is no reason to show nothing."""
    from edged.errors import ModelError
    from edged.inference.files.signature import check_signature, fingerprint, is_signed

    try:
        return fingerprint(check_signature(folder, (folder / "card.yaml").read_bytes())) if is_signed(folder) else None
    except ModelError as error:
        complain(error)
        return None


def _computation(graph: Any) -> dict[str, Any]:
    """Operators, counted, each with why it runs on the CPU (empty: it does not, or would not once compiled)."""
    from edged.inference.files.operators import EDGE_TPU, is_compiled, mapping, name_of, parameter_bytes

    compiled = is_compiled(graph)
    if compiled:
        names = map(name_of, graph.operators)
        counts = Counter((one, "" if one == EDGE_TPU else "left there by the compiler") for one in names)
    else:
        counts = Counter((one.operator, one.reason) for one in mapping(graph))
    operators = [{"operator": one, "count": count, "on_cpu": reason} for (one, reason), count in counts.items()]
    return {"compiled": compiled, "operators": operators, "parameter_bytes": parameter_bytes(graph)}


def _print_facts(facts: dict[str, Any]) -> None:
    import yaml

    signed = f"signed by {facts['signed_by']}" if facts["signed_by"] else "signed by nobody"
    sys.stdout.write(f"{facts['name']} {facts['version']}, {facts['task']}, {facts['folder']}, {signed}\n\n")
    sizes = {role: f"{size:,}" for role, size in facts["verified_bytes"].items()}
    files = [(role, file["path"], sizes[role], file["sha256"]) for role, file in facts["files"].items()]
    print_table(("file", "", "bytes", "sha256"), files)
    sys.stdout.write("\n")
    print_table(("tensor", "", "", "scale", "zero point"), [*_tensors(facts, "input"), *_tensors(facts, "output")])
    for role, computation in facts["computes"].items():
        sys.stdout.write("\n")
        _print_computation(role, computation)
    rest = {key: value for key, value in facts.items() if key not in _TOLD and value}
    sys.stdout.write("\n" + yaml.safe_dump(rest, sort_keys=False, allow_unicode=True, width=118))


def _tensors(facts: dict[str, Any], kind: str) -> Iterator[tuple[str, ...]]:
    """Input or output tensors, a line each."""
    for one in facts[f"{kind}s"]:
        quantisation = (f"{one['scale']:.6g}", str(one["zero_point"])) if one["scale"] else ("", "")
        yield (kind, one["name"], f"{one['dtype']}{one['shape']}", *quantisation)


def _print_computation(role: str, computation: dict[str, Any]) -> None:
    from edged.inference.files.operators import CACHE_BYTES

    where = "on the Edge TPU" if computation["compiled"] else "on the Edge TPU, once compiled"
    rows = [(one["operator"], str(one["count"]), _runs(one["on_cpu"])) for one in computation["operators"]]
    print_table((f"{role} operator", "", where), rows)
    what = "parameters and instructions" if computation["compiled"] else "parameters"
    size = computation["parameter_bytes"]
    rest = "" if size <= CACHE_BYTES else ": the rest is sent again at each inference"
    sys.stdout.write(f"{what}: {size:,} bytes, {size / CACHE_BYTES:.1%} of the Edge TPU's cache{rest}\n")


def _runs(on_cpu: str) -> str:
    return f"no: {on_cpu}" if on_cpu else "yes"
