"""`edged completion` and `edged rollback`."""

import argparse
import subprocess

import pytest

from edged.cli import completion, parser, rollback
from edged.errors import EdgedError

ASK = """
COMP_WORDS=(edged "$@")
COMP_CWORD=$#
_edged
printf '%s\\n' "${COMPREPLY[@]}"
"""


def completed(*words):
    """What bash offers for the last of the words."""
    script = completion.bash(parser()) + ASK
    done = subprocess.run(["bash", "-c", script, "edged", *words], capture_output=True, check=True, text=True)
    assert not done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["repl"], ["replay"]),
        (["models", "pul"], ["pull"]),
        (["replay", "--outp"], ["--output"]),
        (["replay", "--output", ""], ["jsonl", "csv", "audacity"]),
        (["replay", "--output", "c"], ["csv"]),
    ],
)
def test_bash_completes_commands_options_and_choices(words, offered):
    """As the parser has them, at any depth."""
    assert completed(*words) == offered


def test_every_command_is_offered():
    """None is forgotten when one is added."""
    below = next(action.choices for action in parser()._actions if isinstance(action.choices, dict))
    assert set(below) <= set(completed(""))


def test_a_rollback_where_nothing_was_installed_says_so():
    """The tree that a developer works in has no version before."""
    with pytest.raises(EdgedError, match="scripts/install did not make this"):
        rollback.run(argparse.Namespace())
