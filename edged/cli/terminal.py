"""What a person sees: progress and tables. Results go to standard output, everything else to standard error.

rich is imported when something is shown: the box itself never needs it.
"""

import json
import os
import select
import sys
import termios
import tty
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress


@contextmanager
def progress(*, counted: bool = False) -> "Iterator[Progress]":
    """A progress bar on standard error, shown on a terminal only and gone when it is done.

    ``counted``: with "2 of 5" in place of the share and the time that remains.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    counts = (MofNCompleteColumn(separator=" of "),) if counted else (TaskProgressColumn(), TimeRemainingColumn())
    columns = (TextColumn("{task.description}"), BarColumn(20 if counted else 40), *counts)
    console = Console(stderr=True, highlight=False)
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        yield bar


@contextmanager
def keys() -> Iterator[Callable[[], str]]:
    """What was typed since the last call, at once and without it being shown; nothing where nobody can type.

    Ctrl-C stays what it is, and the terminal is put back.
    """
    if not sys.stdin.isatty():
        yield lambda: ""
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal, termios.TCSANOW)
        yield lambda: _typed(terminal)
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)  # what was typed meanwhile is no command


def _typed(terminal: int) -> str:
    if not select.select([terminal], [], [], 0)[0]:
        return ""
    try:
        return os.read(terminal, 1024).decode("utf-8", "replace")
    except OSError:  # it was hung up
        return ""


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on standard output, whole even where it is wider than the terminal."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        cells = "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
        sys.stdout.write(f"{cells.rstrip()}\n")


def print_json(value: Any) -> None:
    """One line of JSON on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def complain(message: object) -> None:
    """One line about what went wrong."""
    sys.stderr.write(f"edged: {message}\n")
