"""``edged models list``: the models that are here, those that can be had, and which the configuration uses."""

import argparse
from typing import Any

from edged.cli.terminal import complain, print_json, print_table


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser("list", help="the models that are here, in the catalogue, and in use")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(settings: Any, options: argparse.Namespace) -> int:
    """One line a model; 1 where a card is faulty."""
    from edged.errors import ModelError
    from edged.inference.catalogue import Catalogue
    from edged.inference.files.card import read_card

    catalogue, used = Catalogue(settings.models), _used(settings)
    here, available, rows, failed = set(catalogue.names()), catalogue.available(), [], False
    for name in sorted({*here, *available, *used}):
        try:
            card = read_card(catalogue.folder(name)) if name in here else available.get(name)
            rows.append(_row(name, card, name in here, name in available, used.get(name, [])))
        except ModelError as error:
            complain(error)
            failed = True
    if options.json:
        print_json(rows)
    else:
        header = ("name", "version", "task", "where", "used by", "devices")
        print_table(header, [_line(row) for row in rows])
    return int(failed)


def _used(settings: Any) -> dict[str, list[str]]:
    """Which pipelines use each model."""
    used: dict[str, list[str]] = {}
    for name, pipeline in settings.pipelines.items():
        for model, role in pipeline.models_in_use.items():
            used.setdefault(model, []).append(f"{name} ({role})" if role else name)
    return used


def _row(name: str, card: Any, here: bool, in_catalogue: bool, used_by: list[str]) -> dict[str, Any]:
    from edged.inference.files.verify import DEVICES

    shown = {"version", "task", "labels", "licence"}
    facts = card.model_dump(mode="json", include=shown) if card else dict.fromkeys(shown)
    devices = [role for role in DEVICES if card and role in card.files]
    places = {"here": here, "catalogue": in_catalogue, "used_by": used_by, "devices": devices}
    return {"name": name, **facts, **places}


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    where = [place for place in ("here", "catalogue") if row[place]] or ["nowhere"]
    lists = (", ".join(items) for items in (where, row["used_by"], row["devices"]))
    return (row["name"], row["version"] or "", row["task"] or "", *lists)
