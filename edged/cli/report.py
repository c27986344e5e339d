"""``edged report``: what the box told and how it was, as one page to look at and to show."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edged.cli.arguments import add_config
from edged.cli.events.times import moment_s

if TYPE_CHECKING:
    from edged.checkup.box import Box
    from edged.sinks.clips.clip import Feedback

DEFAULT_S = 24 * 3600.0
"""What is told of where nothing else is said."""
FILE = Path("edged-report.html")


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    parser = commands.add_parser(
        "report",
        help="a page of what the box told and how it was",
        description="Write one HTML page from the box's own history, whether edged runs or not: events over time, "
        "scores, what people said of them, latency, uptime and gaps, health, and the last events. The page needs no "
        "network and no script. It is for its owner alone: it may name people.",
    )
    parser.add_argument("--since", type=moment_s, metavar="TIME", help="default: 24h; or 7d, 2026-11-20")
    parser.add_argument("--until", type=moment_s, metavar="TIME", help="default: now; or 1h, 2026-11-20T10:00")
    parser.add_argument("-o", "--output", type=Path, default=FILE, metavar="FILE", help=f"default: {FILE}")
    add_config(parser)


def run(options: argparse.Namespace) -> int:
    """Write it; says how much is in it."""
    from edged.cli.events.wanted import box_of, history_of
    from edged.history.reader import reading
    from edged.report_page import gather, page
    from edged.report_page.period import Period, moment
    from edged.report_page.words import counted

    box, now_s = box_of(options), time.time()
    until_s = now_s if options.until is None else options.until
    asked = Period(until_s - DEFAULT_S if options.since is None else options.since, until_s)
    with reading(history_of(box)) as history:
        facts = gather(history, asked, box.settings.device_name, _feedback_of(box), now_s)
    _write(options.output, page(facts))
    times = f"{moment(facts.period.since_s)} to {moment(facts.period.until_s)}"
    sys.stderr.write(f"{options.output}: {counted(facts.tally.total, 'event')}, {times}\n")
    return 0


def _feedback_of(box: "Box") -> "Callable[[str], Feedback | None]":
    """What a person said of an event."""
    from edged.cli.events.evidence import Evidence

    evidence = Evidence(box.settings.clips, box.environment)

    def said(event: str) -> "Feedback | None":
        clip = evidence.of(event)
        return evidence.feedback(clip) if clip else None

    return said


def _write(path: Path, content: str) -> None:
    from edged.errors import EdgedError
    from edged.runtime.whole_file import write_whole

    try:
        write_whole(path, content.encode())
    except OSError as error:
        raise EdgedError(f"{path}: cannot be written: {error.strerror}; make room, or name another file") from None
