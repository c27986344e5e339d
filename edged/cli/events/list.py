"""``edged events list``: the events of late."""

import argparse
import sys
import time
from typing import Any

from edged.cli.arguments import whole_number
from edged.cli.events.wanted import add_filters, box_of, history_of, wanted
from edged.cli.terminal import print_json, print_table

MOST = 100_000


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser(
        "list",
        help="the events of late",
        description="The newest events, the newest last, one a line: when each began (local time), the beginning of "
        "its id, the pipeline that told it, what it was, its highest confidence, and how long it lasted.",
    )
    add_filters(parser)
    parser.add_argument(
        "--limit", type=whole_number(1, MOST), default=50, metavar="N", help="the newest N of them; default: 50"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="all that is known of them, as JSON")
    form.add_argument("--csv", action="store_true", help="as CSV")


def run(options: argparse.Namespace) -> int:
    """Print them."""
    from edged.cli.events.forms import HEADER, as_json, table_rows, write_csv
    from edged.history.reader import reading

    chosen = wanted(options)
    with reading(history_of(box_of(options))) as history:
        records, now_s = history.newest(chosen, options.limit), time.time()
        standings = [history.standing(record, now_s) for record in records]
    if options.json:
        print_json([as_json(*each) for each in zip(records, standings, strict=True)])
    elif options.csv:
        write_csv(sys.stdout, zip(records, standings, strict=True))
    elif records:
        print_table(HEADER, table_rows(records, standings))
    else:
        sys.stderr.write("no such events\n")
    return 0
