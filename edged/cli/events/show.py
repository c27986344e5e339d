"""``edged events show``: all that is known of one event, and what it sounded or looked like."""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edged.cli.events.wanted import box_of, history_of
from edged.cli.terminal import complain, print_json

if TYPE_CHECKING:
    from edged.cli.events.evidence import Evidence
    from edged.history.reader import Reader
    from edged.history.record import Record
    from edged.sinks.clips.clip import Description

MOST_ALIKE = 6


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser(
        "show",
        help="all that is known of one event",
        description="Tell times, evidence, model, latency, feedback and the files of its clip. The spectrogram or the "
        "pictures of the clip go to a PNG, and in a terminal that shows pictures (kitty, iTerm2, WezTerm, foot and the "
        "like) right there.",
    )
    parser.add_argument("id", metavar="ID", help="the event's id, or as much of its beginning as no other has")
    parser.add_argument("--png", type=Path, metavar="FILE", help="draw the clip's sound or pictures into this file")
    parser.add_argument("--no-inline", action="store_true", help="no picture in the terminal")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(options: argparse.Namespace) -> int:
    """Tell, and draw where that is wanted or can be."""
    from edged.cli.events.evidence import Evidence
    from edged.history.reader import reading

    box = box_of(options)
    with reading(history_of(box)) as history:
        record = find(history, options.id)
        standing = history.standing(record, time.time())
    evidence = Evidence(box.settings.clips, box.environment)
    clip = evidence.of(record.id)
    (_tell_json if options.json else _tell)(record, standing, clip, evidence)
    config = box.settings.pipelines.get(record.pipeline)
    if options.png:
        _write_png(record, clip, evidence, config, options.png)
    if clip and not (options.no_inline or options.json):
        _show_inline(record, clip, evidence, config)
    return 0


def find(history: "Reader", prefix: str) -> "Record":
    """The event whose id begins so; EdgedError where there is none, or more than one."""
    from edged.errors import EdgedError
    from edged.watching.words import printable

    found, shown = history.beginning_with(prefix.upper(), MOST_ALIKE), printable(prefix, 30)
    if not found:
        raise EdgedError(f"event {shown}: is not in the history (any longer); `edged events list` shows what is")
    if len(found) > 1:
        alike = ", ".join(record.id for record in found)
        raise EdgedError(f"event {shown}: several begin so, name more of one of them: {alike}")
    return found[0]


def _tell(record: Any, standing: Any, clip: "Description | None", evidence: "Evidence") -> None:
    from edged.cli.events.telling import clip_lines, lines

    path = str(evidence.path(clip)) if clip else ""
    feedback = evidence.feedback(clip) if clip else None
    for name, text in (*lines(record, standing), *clip_lines(clip, path, feedback)):
        sys.stdout.write(f"{name:<9} {text}\n")


def _tell_json(record: Any, standing: Any, clip: "Description | None", evidence: "Evidence") -> None:
    from edged.cli.events.forms import as_json

    told = as_json(record, standing) | {"clip": None, "feedback": None}
    if clip:
        told["clip"] = clip.model_dump(mode="json") | {"path": str(evidence.path(clip))}
        told["feedback"] = said.model_dump(mode="json") if (said := evidence.feedback(clip)) else None
    print_json(told)


def _page(record: Any, clip: "Description", evidence: "Evidence", config: Any) -> Any:
    from edged.annotation.outlines import outlines_of
    from edged.cli.events.drawn import draw
    from edged.cli.events.telling import title

    return draw(record, clip, evidence, title(record), outlines_of(config))


def _write_png(record: Any, clip: "Description | None", evidence: "Evidence", config: Any, path: Path) -> None:
    from edged.cli.events.page import as_png
    from edged.errors import EdgedError
    from edged.runtime.whole_file import write_whole

    if clip is None:
        raise EdgedError(f"event {record.id}: no clip of it is kept, so there is nothing to draw; see clips.enabled")
    page = as_png(_page(record, clip, evidence, config))
    try:
        write_whole(path, page)
    except OSError as error:
        raise EdgedError(f"{path}: cannot be written: {error.strerror}; make room, or name another file") from None


def _show_inline(record: Any, clip: "Description", evidence: "Evidence", config: Any) -> None:
    from edged.cli.events.inline import encoder

    encode = encoder() if sys.stdout.isatty() else None
    if encode is None:
        return
    from edged.errors import EdgedError

    try:
        sys.stdout.write(encode(_page(record, clip, evidence, config)))
    except EdgedError as error:
        complain(error)
