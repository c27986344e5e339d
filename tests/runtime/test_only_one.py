"""OnlyOne: of two boxes in one folder the second says who is there, and does not begin."""

import os
import subprocess
import sys

import pytest

from edged.errors import EdgedError
from edged.runtime.only_one import claim
from tests.broker import wait_until

HOLD = """
import os, sys, time
from pathlib import Path
from edged.runtime.only_one import claim
claim(Path(sys.argv[1]))
if os.fork():
    print("held", flush=True)
time.sleep(60)
"""


def may_claim(folder):
    try:
        handle = claim(folder)
    except EdgedError:
        return False
    os.close(handle)
    return True


def test_a_folder_is_held_until_its_process_is_gone_whatever_children_it_leaves(tmp_path):
    """A kill -9 frees it at once, though a child of the dead one lives on."""
    folder = tmp_path / "state"
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(EdgedError, match=rf"{folder}: another edged runs here \(process {other.pid}\); stop"):
            claim(folder)
        other.kill()
        wait_until(lambda: may_claim(folder))
        os.killpg(other.pid, 9)
    assert (folder / "running").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_made_keeps_nobody_from_running(tmp_path):
    """What needs to write there says so itself."""
    (tmp_path / "file").write_text("")
    assert claim(tmp_path / "file" / "state") is None
