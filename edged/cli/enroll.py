"""``edged enroll``: teach the box who somebody is."""

import argparse
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from edged.cli.arguments import add_config, whole_number
from edged.cli.terminal import complain, print_json


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    parser = commands.add_parser(
        "enroll",
        help="teach the box who somebody is",
        description="Teach the box one person from pictures or in front of a camera. A folder alone, in place of NAME, "
        "holds a folder of pictures for each of many people. Blurred, dark, tiny and turned faces, several at once and "
        "pictures of pictures are refused, one line each; cancelled, nothing is stored. While edged runs, its camera "
        "and models are used. Exit status 1 where somebody was not enrolled.",
    )
    parser.add_argument("name", metavar="NAME|DIR", help="who it is, or a folder of folders named after people")
    parser.add_argument("pictures", nargs="*", type=Path, metavar="IMAGE|DIR", help="pictures, or folders of them")
    parser.add_argument("--from-camera", metavar="SOURCE", help="default, without pictures: the pipeline's camera")
    parser.add_argument(
        "--count", type=whole_number(1, 100), default=5, metavar="N", help="samples to take from a camera, 1 to 100"
    )
    parser.add_argument("--add", action="store_true", help="NAME is enrolled already: add to what is known of them")
    parser.add_argument("--yes", action="store_true", help="enrol also who looks like somebody else, without asking")
    parser.add_argument("--notes", default="", help="kept, encrypted, with the name")
    parser.add_argument("--consent", type=_day, metavar="DATE", help="when they agreed, as 2026-11-21")
    parser.add_argument("--expires", type=_day_to_come, metavar="DATE", help="when they are to be erased")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    add_config(parser)


def run(options: argparse.Namespace) -> int:
    """Enrol one, or many."""
    from edged.cli.people.asking import asking, faces_of
    from edged.cli.people.enrolling import Enrolling
    from edged.settings import read_settings

    settings = read_settings(options.config)
    details = {
        "notes": options.notes,
        "consent": options.consent,
        "expires": options.expires,
        "add": options.add,
        "sure": options.yes,
    }
    many = not options.pictures and options.from_camera is None and Path(options.name).is_dir()
    with asking(settings) as ask:
        enrolling = Enrolling(ask, details, may_ask=not options.json and not many)
        try:
            if many:
                enrolling.folder_of_people(Path(options.name))
            elif options.pictures:
                enrolling.pictures(options.name, options.pictures)
            else:
                enrolling.camera(options.name, options.from_camera or faces_of(settings).source, options.count)
        except KeyboardInterrupt:
            before = f"{len(enrolling.enrolled)} people were enrolled before that"
            complain(f"cancelled; {before if enrolling.enrolled else 'nothing was stored'}")
            return 130
    _report(enrolling, json=options.json)
    return int(bool(enrolling.missed) or not enrolling.enrolled)


def _report(enrolling: Any, *, json: bool) -> None:
    """Who is enrolled now; who is not, has been told on standard error."""
    if json:
        keys = ("enrolled", "refused", "missed")
        print_json({key: getattr(enrolling, key) for key in keys})
        return
    for person in enrolling.enrolled:
        sys.stdout.write(f"{person['name']}: enrolled, {person['samples']} samples\n")
    if len(enrolling.enrolled) + len(enrolling.missed) > 1:
        counts = f"{len(enrolling.enrolled)} people enrolled, {len(enrolling.missed)} not"
        sys.stdout.write(f"{counts}; {len(enrolling.refused)} pictures refused\n")


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}, must be a day such as 2026-11-21") from None


def _day_to_come(text: str) -> str:
    if (day := _day(text)) <= datetime.now(UTC).date().isoformat():
        raise argparse.ArgumentTypeError(f"{text!r}, must be a day to come: on that day they are erased")
    return day
