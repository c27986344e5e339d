"""``edged events export``: events into a file, with their evidence where that is wanted."""

import argparse
import io
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edged.cli.events.wanted import add_filters, box_of, history_of, wanted
from edged.cli.terminal import complain

if TYPE_CHECKING:
    from edged.checkup.box import Box
    from edged.cli.events.evidence import Copied
    from edged.history.filter import Filter
    from edged.history.reader import Reader

ENDINGS = (".csv", ".jsonl")
MOST_REASONS = 3
"""Told, of clips that could not be opened."""


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser(
        "export",
        help="events into a file",
        description="Write all events that the history has, or those that are wanted, the oldest first. The file is "
        "there whole or not at all, and for its owner alone: it may name people.",
    )
    parser.add_argument("file", type=_file, metavar="FILE", help="its name ends in .csv or .jsonl")
    add_filters(parser)
    parser.add_argument(
        "--with-clips", type=Path, metavar="DIR", help="copy their clips too, decrypted, a folder an event"
    )


def run(options: argparse.Namespace) -> int:
    """Write them; says how many, also where the clips fail. 1 where clips could not be opened."""
    from edged.history.reader import reading
    from edged.report_page.words import counted

    chosen, box, faults = wanted(options), box_of(options), list[str]()
    with reading(history_of(box)) as history:
        said = counted(_write(history, chosen, options.file), "event")
        try:
            if options.with_clips:
                copied = _copy_clips(history, chosen, box, options.with_clips)
                said, faults = f"{said}, {counted(copied.number, 'clip')}", copied.faults
        finally:  # the file is there, whatever becomes of the clips
            sys.stderr.write(f"{options.file}: {said}\n")
    if faults:
        _complain_of(faults)
    return 1 if faults else 0


def _write(history: "Reader", chosen: "Filter", path: Path) -> int:
    """How many events."""
    from edged.cli.events.forms import write_csv, write_jsonl
    from edged.errors import EdgedError
    from edged.runtime.whole_file import written

    form, now_s = write_csv if path.suffix == ".csv" else write_jsonl, time.time()
    events = ((record, history.standing(record, now_s)) for record in history.events(chosen))
    try:
        with written(path) as file:
            stream = io.TextIOWrapper(file, "utf-8", newline="")
            number = form(stream, events)
            stream.detach()  # flushed; the file itself is closed when it has its place
    except OSError as error:
        raise EdgedError(f"{path}: cannot be written: {error.strerror}; make room, or name another file") from None
    return number


def _copy_clips(history: "Reader", chosen: "Filter", box: "Box", target: Path) -> "Copied":
    from edged.cli.events.evidence import Evidence, copy_clips

    ids = (record.id for record in history.events(chosen))
    return copy_clips(Evidence(box.settings.clips, box.environment), ids, target)


def _complain_of(faults: list[str]) -> None:
    """How many clips are left out, and the first reasons: a lost key is one reason for all."""
    from edged.report_page.words import counted

    complain(f"{counted(len(faults), 'clip')} could not be opened, left out:")
    reasons = list(dict.fromkeys(faults))
    for reason in reasons[:MOST_REASONS]:
        sys.stderr.write(f"  {reason}\n")
    if len(reasons) > MOST_REASONS:
        sys.stderr.write(f"  and {len(reasons) - MOST_REASONS} more\n")


def _file(text: str) -> Path:
    if not text.endswith(ENDINGS):
        raise argparse.ArgumentTypeError(f"{text!r}: must end in {' or '.join(ENDINGS)}, which is its form")
    return Path(text)
