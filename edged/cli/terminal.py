"""What a person sees: progress and tables. Results go to standard output, everything else to standard error."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

OUT = Console(highlight=False, soft_wrap=True)
ERR = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def progress() -> Iterator[Progress]:
    """A progress bar on standard error, shown on a terminal only and gone when it is done."""
    columns: list[Any] = [TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=ERR, transient=True, disable=not sys.stderr.isatty()) as bar:
        yield bar


def complain(message: object) -> None:
    """One line about what went wrong."""
    sys.stderr.write(f"edged: {message}\n")
