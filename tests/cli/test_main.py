"""The command line as a whole."""

import subprocess
import sys

import pytest

from edged.cli import COMMANDS, main


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    """`edged COMMAND --help` tells what it does and what it takes."""
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert len(capsys.readouterr().out.splitlines()) > 3


def test_an_unknown_command_is_wrong_usage(capsys):
    """Exit 2, with the commands that there are."""
    with pytest.raises(SystemExit) as left:
        main(["rnu"])
    assert left.value.code == 2
    assert "replay" in capsys.readouterr().err


def test_help_is_quick_since_nothing_heavy_is_imported():
    """No numpy, no model runtime, no broker client for a help text."""
    heavy = "[name for name in ('numpy', 'paho', 'soundfile', 'pydantic') if name in sys.modules]"
    code = f"import sys; from edged.cli import parser; parser(); print({heavy})"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
