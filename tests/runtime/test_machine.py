"""What the kernel says, and what systemd is told."""

import re
import socket
import sys

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
