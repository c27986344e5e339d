"""``edged events export``: events into a file, with their evidence where that is wanted."""

import argparse
import io
import sys
import time
from pathlib import Path
from typing import Any

from edged.cli.events.wanted import add_filters, box_of, history_of, wanted

ENDINGS = (".csv", ".jsonl")


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
    """Write them; says how many."""
    from edged.cli.events.evidence import Evidence, copy_clips
    from edged.cli.events.forms import write_csv, write_jsonl
    from edged.errors import EdgedError
    from edged.history.reader import reading
    from edged.report_page.words import counted
    from edged.runtime.whole_file import written

    box, form = box_of(options), write_csv if options.file.suffix == ".csv" else write_jsonl
    with reading(history_of(box)) as history:
        now_s = time.time()
        events = ((record, history.standing(record, now_s)) for record in history.events(wanted(options)))
        try:
            with written(options.file) as file:
                stream = io.TextIOWrapper(file, "utf-8", newline="")
                number = form(stream, events)
                stream.detach()  # flushed; the file itself is closed when it has its place
        except OSError as error:
            told = f"cannot be written: {error.strerror}; make room, or name another file"
            raise EdgedError(f"{options.file}: {told}") from None
        said = counted(number, "event")
        if options.with_clips:
            evidence = Evidence(box.settings.clips, box.environment)
            ids = (record.id for record in history.events(wanted(options)))
            said += f", {counted(copy_clips(evidence, ids, options.with_clips), 'clip')}"
    sys.stderr.write(f"{options.file}: {said}\n")
    return 0


def _file(text: str) -> Path:
    if not text.endswith(ENDINGS):
        raise argparse.ArgumentTypeError(f"{text!r}: must end in {' or '.join(ENDINGS)}, which is its form")
    return Path(text)
