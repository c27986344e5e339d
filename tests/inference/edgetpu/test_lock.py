"""The lock: one holder a device, and whoever comes second is told who the first is."""

import os
import subprocess
import sys

import pytest

from edged.errors import DeviceLostError
from edged.inference.edgetpu import lock


def test_a_second_holder_is_told_who_holds_the_device_and_what_to_do(tmp_path):
    """By process id and command line."""
    fd = lock.take("usb:0", tmp_path)
    with pytest.raises(DeviceLostError, match=rf"usb:0: is held by process {os.getpid()} \(.*\); stop it"):
        lock.take("usb:0", tmp_path)
    os.close(fd)


def test_another_device_is_free(tmp_path):
    """Each has a lock of its own."""
    fds = [lock.take("usb:0", tmp_path), lock.take("pci:0", tmp_path)]
    for fd in fds:
        os.close(fd)


def test_a_lock_goes_with_its_holder(tmp_path):
    """However it ends: nothing has to be cleaned up."""
    code = (
        "import os,sys; from pathlib import Path; from edged.inference.edgetpu import lock;"
        f"lock.take('usb:0', Path({str(tmp_path)!r})); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert lock.holder("usb:0", tmp_path) is None
    os.close(lock.take("usb:0", tmp_path))


def test_a_lock_lasts_as_long_as_a_child_that_was_given_it(tmp_path):
    """The host process keeps it when the daemon is gone, until it is gone itself."""
    fd = lock.take("usb:0", tmp_path)
    with subprocess.Popen(["sleep", "60"], pass_fds=(fd,)) as child:
        os.close(fd)
        assert lock.holder("usb:0", tmp_path) is not None
        child.kill()
    assert lock.holder("usb:0", tmp_path) is None


def test_nobody_holds_a_device_that_was_never_locked(tmp_path):
    """None."""
    assert lock.holder("usb:7", tmp_path) is None


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    """With the path."""
    with pytest.raises(DeviceLostError, match=r"its lock .*none/edged-edgetpu-usb-0.lock cannot be opened"):
        lock.take("usb:0", tmp_path / "none")
