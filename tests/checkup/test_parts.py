"""The checks of devices, models, disk, clock, network, versions."""

import socket
from contextlib import ExitStack

import pytest

from edged.checkup import clock, devices, disk, models, network, versions
from edged.checkup.disk import Room
from edged.control.config import ControlConfig
from edged.control.serving import serve
from edged.control.status import status
from edged.runtime.finding import Level
from edged.runtime.health import Health
from tests.cameras import MjpegCamera
from tests.checkup.boxes import a_box, levels, the

NEW_YEAR_S = 1_767_225_600.0


def test_sources_that_are_not_there_are_faults_and_the_others_are_not(tmp_path):
    """Files, a device by its number, and hosts that take no connection."""
    (tmp_path / "sound.wav").touch()
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "video0").touch()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        sources = {
            "here": {"type": "recording", "path": str(tmp_path / "sound.wav")},
            "gone": {"type": "recording", "path": str(tmp_path / "absent.wav")},
            "porch": {"type": "camera", "device": 0},
            "yard": {"type": "camera", "device": 1},
            "gate": {"type": "camera", "url": f"http://127.0.0.1:{closed.getsockname()[1]}/"},
        }
        found = list(devices.check(a_box(tmp_path, sources=sources, pipelines={})))
    states = ("ok", "fault", "ok", "fault", "fault")
    assert levels(found) == [f"sources.{name}: {state}" for name, state in zip(sources, states, strict=True)]
    assert f"{tmp_path}/dev/video0" in the(found, "sources.yard").found


class Said:
    def __init__(self, **said):
        self.said = said

    def model_dump(self, mode):
        return self.said


@pytest.mark.parametrize(("state", "level"), [("ok", "ok"), ("degraded", "ok"), ("failing", "fault")])
def test_a_microphone_that_a_running_edged_hears_through_is_there(tmp_path, state, level):
    """ALSA does not list a device that another program has open."""
    health = Said(parts={"sources.microphone": {"state": state}})
    path = tmp_path / "c.sock"
    sources = {"microphone": {"type": "microphone", "device": "no such microphone"}}
    with ExitStack() as stack:
        serve(ControlConfig(path=path), status(Said, lambda: health, list, list), Health().part("control"), stack)
        found = list(devices.check(a_box(tmp_path, sources=sources, pipelines={}, control={"path": str(path)})))
    assert levels(found) == [f"sources.microphone: {level}"]


def test_a_camera_that_answers_is_there(tmp_path):
    """It is asked without credentials, and its picture is not taken."""
    with MjpegCamera() as camera:
        sources = {"porch": {"type": "camera", "url": camera.url}}
        assert levels(devices.check(a_box(tmp_path, sources=sources, pipelines={}))) == ["sources.porch: ok"]


def test_models_in_use_are_verified_and_a_name_that_is_none_is_a_fault(tmp_path):
    """Those of pipelines that are switched off are not looked at."""
    pipelines = {"drones": {}, "more": {"model": "drone_sund"}, "off": {"model": "nothing", "enabled": False}}
    found = list(models.check(a_box(tmp_path, pipelines=pipelines)))
    assert levels(found) == ["drone_sound: ok", "drone_sund: fault"]
    assert "did you mean 'drone_sound'" in found[1].remedy


@pytest.mark.parametrize(
    ("room", "level"),
    [
        (Room(10**10, 10**11, 10**6, read_only=False), Level.OK),
        (Room(10**10, 10**11, None, read_only=False), Level.OK),
        (Room(400_000_000, 10**11, 10**6, read_only=False), Level.WARNING),
        (Room(40_000_000, 10**11, 10**6, read_only=False), Level.FAULT),
        (Room(10**10, 10**11, 10, read_only=False), Level.FAULT),
        (Room(10**10, 10**11, 10**6, read_only=True), Level.FAULT),
    ],
)
def test_too_little_room_is_told_before_it_is_none(room, level):
    """Bytes, files, and a disk that the kernel has made read-only."""
    finding = disk.judged("/var/lib/edged", room, kept=True)
    assert finding.level is level
    assert bool(finding.remedy) is (level is not Level.OK)


def test_a_read_only_system_is_no_fault_where_edged_keeps_nothing():
    """Some boxes have one on purpose."""
    assert disk.judged("/", Room(0, 10**9, 0, read_only=True), kept=False).level is Level.OK


def test_each_disk_is_told_once(tmp_path):
    """A folder that is not there yet is on the disk of the one above it."""
    assert len(list(disk.check(a_box(tmp_path)))) == 1


@pytest.mark.parametrize(
    ("unix_s", "synchronised", "level"),
    [
        (NEW_YEAR_S, True, Level.OK),
        (NEW_YEAR_S, None, Level.OK),
        (NEW_YEAR_S, False, Level.WARNING),
        (3600.0, True, Level.FAULT),
        (3600.0, False, Level.FAULT),
    ],
)
def test_a_clock_that_nobody_sets_is_told(unix_s, synchronised, level):
    """One that shows 1970 is wrong whatever the kernel says."""
    assert clock.judged(unix_s, synchronised=synchronised).level is level


def test_hosts_are_looked_up_and_connected_to(tmp_path):
    """A broker that is there, another that is not, and a name that nobody knows."""
    with socket.create_server(("127.0.0.1", 0)) as there, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        ports = there.getsockname()[1], closed.getsockname()[1]
        fallbacks = [{"host": "127.0.0.1", "port": ports[1]}, {"host": "no-such-host.invalid"}]
        box = a_box(tmp_path, mqtt={"host": "127.0.0.1", "port": ports[0], "fallbacks": fallbacks})
        found = list(network.check(box))
    assert [finding.level for finding in found] == [Level.OK, Level.FAULT, Level.FAULT]
    assert "can be reached" in found[0].found
    assert "Connection refused" in found[1].found
    assert "name is not known" in found[2].found


def test_what_edged_is_made_of_is_told(tmp_path):
    """And the machine, as it calls itself."""
    for path, text in {
        "proc/device-tree/model": "Raspberry Pi 4\0",
        "etc/os-release": 'PRETTY_NAME="Debian 12"\n',
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    found = list(versions.check(a_box(tmp_path)))
    assert levels(found) == ["edged: ok", "system: ok", "packages: ok"]
    assert the(found, "system").found.startswith("Raspberry Pi 4, Debian 12, Linux ")
    assert "paho-mqtt" in the(found, "packages").found
    assert versions.needed()
    assert versions.installed("no-such-package") is None
