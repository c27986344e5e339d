"""Which events: the arguments that several actions share, and what they mean."""

import argparse
from typing import TYPE_CHECKING, Any

from edged.cli.events.times import moment_s

if TYPE_CHECKING:
    from pathlib import Path

    from edged.checkup.box import Box
    from edged.history.filter import Filter


def add_filters(parser: Any) -> None:
    """Those of a filter."""
    parser.add_argument("--since", type=moment_s, metavar="TIME", help="began then or later: 24h, 7d, 2026-11-20")
    parser.add_argument("--until", type=moment_s, metavar="TIME", help="began before then: 1h, 2026-11-20T10:00")
    parser.add_argument("--pipeline", metavar="NAME", help="told by this pipeline")
    parser.add_argument("--label", help="of this label, such as a person's name")
    parser.add_argument("--min-confidence", type=_score, metavar="X", help="at its highest at least this, in [0, 1]")
    parser.add_argument("--open", action="store_true", help="without an end of its own: on right now, or cut short")


def wanted(options: argparse.Namespace) -> "Filter":
    """What :func:`add_filters` has read. EdgedError where its times hold none, in the words of ``edged report``."""
    from edged.history.filter import Filter
    from edged.report_page.period import Period, must_hold_time

    if options.since is not None and options.until is not None:
        must_hold_time(Period(options.since, options.until))
    return Filter(
        options.since, options.until, options.pipeline, options.label, options.min_confidence, without_end=options.open
    )


def box_of(options: argparse.Namespace) -> "Box":
    """The box that is looked at, with the service's own folders; ConfigFaults where it is configured wrongly."""
    from edged.checkup.box import look_at
    from edged.config import ConfigFaults

    box = look_at(options.config)
    if box.faults:
        raise ConfigFaults(list(box.faults))
    return box


def history_of(box: "Box") -> "Path":
    """The file."""
    from edged.history.config import history_path

    return history_path(box.settings.history, box.environment)


def _score(text: str) -> float:
    try:
        if 0 <= float(text) <= 1:
            return float(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r}, must be a number in [0, 1]")
