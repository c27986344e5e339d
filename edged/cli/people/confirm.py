"""Asks a person before something that cannot be undone."""

import sys


def confirm(question: str) -> bool:
    """Whether they say yes; no where nobody is at the terminal."""
    if not sys.stdin.isatty():
        return False
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
