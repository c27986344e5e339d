"""What the kernel says, and what systemd is told."""

import re
import socket
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


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text + "\n")


def test_the_cpu_s_temperature_is_that_of_its_own_zone(tmp_path):
    """Whatever its number; without a name it is the first; what is no number is none."""
    assert machine.cpu_temperature_c(tmp_path) is None
    write(tmp_path, "sys/class/thermal/thermal_zone0/temp", "27800")
    assert machine.cpu_temperature_c(tmp_path) == 27.8
    write(tmp_path, "sys/class/thermal/thermal_zone0/type", "acpitz")
    write(tmp_path, "sys/class/thermal/thermal_zone1/type", "cpu-thermal")
    write(tmp_path, "sys/class/thermal/thermal_zone1/temp", "-1500")
    assert machine.cpu_temperature_c(tmp_path) == -1.5
    write(tmp_path, "sys/class/thermal/thermal_zone1/temp", "²")
    assert machine.cpu_temperature_c(tmp_path) is None


def test_pressure_is_that_of_our_own_service_where_it_is_told(tmp_path):
    """Else that of the whole machine, else none."""
    line = "some avg10=62.03 avg60={} avg300=13.06 total=3835192843\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0"
    assert machine.cpu_pressure_pct(tmp_path) is None
    write(tmp_path, "proc/pressure/cpu", line.format("25.04"))
    assert machine.cpu_pressure_pct(tmp_path) == 25.04
    write(tmp_path, "proc/self/cgroup", "0::/system.slice/edged.service")
    write(tmp_path, "sys/fs/cgroup/cgroup.controllers", "cpu memory")
    assert machine.cpu_pressure_pct(tmp_path) == 25.04
    write(tmp_path, "sys/fs/cgroup/system.slice/edged.service/cpu.pressure", line.format("7.00"))
    assert machine.cpu_pressure_pct(tmp_path) == 7.0


def test_the_load_is_that_of_each_cpu(tmp_path):
    """Of the last minute."""
    assert machine.load_per_cpu(tmp_path) is None
    write(tmp_path, "proc/loadavg", "6.00 2.10 1.00 1/300 1234")
    assert machine.load_per_cpu(tmp_path, cpus=4) == 1.5


def test_a_cgroup_of_version_1_is_none(tmp_path):
    """Its files have other names."""
    write(tmp_path, "proc/self/cgroup", "4:memory:/edged\n0::/edged")
    assert machine.own_cgroup(tmp_path) is None
    write(tmp_path, "sys/fs/cgroup/cgroup.controllers", "cpu memory")
    assert machine.own_cgroup(tmp_path) == tmp_path / "sys/fs/cgroup/edged"


def test_without_a_service_manager_nothing_happens(monkeypatch):
    """Edged runs from a shell as well."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    assert notify("READY=1") is False
    assert watchdog_s() is None


def test_systemd_is_told(tmp_path, monkeypatch):
    """The word arrives on its socket."""
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
