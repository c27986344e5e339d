"""What the kernel says, and what systemd is told."""

import re
import socket
import sys
from pathlib import Path

import pytest

from edged.config import SLUG
from edged.runtime import machine
from edged.runtime.service_manager import notify, watchdog_s


def test_the_kernel_is_read_without_guessing():
    """Figures where it gives them, None where it does not."""
    assert re.fullmatch(SLUG, machine.host_slug())
    assert re.fullmatch(r"[0-9a-f-]{36}", machine.boot_id())
    assert machine.resident_bytes() > 1_000_000
    assert machine.clock_synchronised() in {True, False, None}
    temperature_c = machine.cpu_temperature_c()
    assert temperature_c is None or -50 < temperature_c < 150


def test_without_a_service_manager_nothing_happens(monkeypatch):
    """Edged runs from a shell as well."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    assert notify("READY=1") is False
    assert watchdog_s() is None


def test_systemd_is_told(tmp_path, monkeypatch):
    """The word arrives on its socket."""
    pytest.importorskip("systemd.daemon", reason="the extra edged[systemd] is not installed")
    assert "systemd.daemon" in sys.modules
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(path)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        assert notify("READY=1\nSTATUS=drones on microphone")
        assert listening.recv(1000) == b"READY=1\nSTATUS=drones on microphone"


@pytest.mark.parametrize(
    ("environment", "user", "folder"),
    [
        ({"STATE_DIRECTORY": "/var/lib/edged:/x", "HOME": "/root"}, 0, "/var/lib/edged"),
        ({"STATE_DIRECTORY": "/var/lib/private/edged"}, 990, "/var/lib/private/edged"),
        ({"HOME": "/root", "XDG_DATA_HOME": "/data"}, 0, "/var/lib/edged"),
        ({"HOME": "/home/pi"}, 1000, "/home/pi/.local/share/edged"),
        ({"HOME": "/home/pi", "XDG_DATA_HOME": "/data"}, 1000, "/data/edged"),
        ({}, 1000, "/var/lib/edged"),
    ],
)
def test_what_is_the_box_s_own_is_where_its_data_is(environment, user, folder):
    """Under systemd, as root, as a person, as nobody in particular."""
    assert machine.state_folder(environment, user) == Path(folder)
