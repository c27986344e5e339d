"""``edged status``: what the running edged is doing."""

import argparse
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from edged.cli.arguments import add_config
from edged.cli.terminal import complain, print_json

BETWEEN_S = 1.0
"""Between two looks: what was counted meanwhile gives the rates."""
ANSWER_S = 10.0


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    parser = commands.add_parser(
        "status",
        help="what the running edged is doing",
        description="Ask the edged that runs on this box, through its control socket, and show its answer on one "
        "screen: how well it is, pipelines, sources, models, broker, what is on right now, its last warnings. Takes a "
        "second, to tell rates. Exit status 1 where no edged runs.",
    )
    add_config(parser)
    parser.add_argument("--json", action="store_true", help="the answer as JSON, at once")


def run(options: argparse.Namespace) -> int:
    """Ask and show; EdgedError where nobody answers."""
    path, remark = find(options.config)
    if remark:
        complain(remark)
    before = ask_status(path)
    if options.json:
        print_json(before)
        return 0
    from edged.cli.status_view import show

    time.sleep(BETWEEN_S)
    show(ask_status(path), before)
    return 0


def find(config: Path | None) -> tuple[Path, str]:
    """The socket of the edged that runs, and what to say of it; EdgedError where none does, or none may be asked."""
    from edged.checkup.box import look_at
    from edged.control.client import running
    from edged.errors import ConfigError, EdgedError

    with suppress(PermissionError):  # it may be for root alone, and says all the same where edged is not
        if config is not None and not config.exists():
            raise ConfigError(f"{config}: no such file; without -c the box's own is taken")

    box = look_at(config)  # a faulty configuration too: a box runs on with the one before
    control, check = box.settings.control, f"edged check {box.file or ''}".rstrip()
    if not control.enabled:
        raise EdgedError("control.enabled: false, so that a running edged cannot be asked; set it to true")
    if path := running(control):
        return path, f"{box.asked}; `{check}` tells what is wrong" if box.faults else ""
    if box.faults:
        raise EdgedError(f"{box.asked}, where none runs; `{check}` tells what is wrong")
    raise EdgedError("no edged runs on this box; `sudo systemctl start edged` starts it, `edged doctor` tells more")


def ask_status(path: Path) -> dict[str, Any]:
    """What it says; EdgedError where it does not."""
    from edged.control.client import ask
    from edged.control.protocol import ControlError, Result

    for answer in ask(path, "status", {}, ANSWER_S):
        if isinstance(answer, Result) and isinstance(answer.value, dict):
            return answer.value
    raise ControlError(f"{path}: gave no status; is it an older edged? `edged doctor --unit` tells")
