"""Asks a person before something that cannot be undone."""

import sys


def confirm(question: str) -> bool:
    """Whether they say yes; no where nobody is at the terminal."""
    if not sys.stdin.isatty():
        return False
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    answer = ""
    try:
        answer = sys.stdin.readline()
    finally:
        if not answer.endswith("\n"):  # Ctrl-C, Ctrl-D: what is said next begins a line of its own
            sys.stderr.write("\n")
    return answer.strip().lower() in {"y", "yes"}
