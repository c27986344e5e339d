"""What is plugged in: found in sysfs, in libedgetpu's order, whatever else lies there; and reset."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.inference.edgetpu.plugged import (
    DEAD_BELOW_C,
    USB_IDS,
    plugged,
    reset_usb,
    temperature_c,
    trip_points_c,
    without_driver,
)
from tests.inference.fake_box import AFTER, BEFORE, OTHER, FakeBox

RULES = Path(__file__).parents[3] / "systemd/65-edged-coral.rules"


@pytest.fixture
def box(tmp_path):
    return FakeBox(tmp_path)


def test_a_box_without_any_has_none(box):
    """Nor has one without USB or PCI at all, as a container."""
    assert box.plugged() == []
    box.usb("1-1", OTHER, 2)
    assert box.plugged() == []
    assert without_driver(box.sys) == []


def test_this_machine_can_be_asked():
    """Whatever is plugged in here."""
    assert all(re.fullmatch("(usb|pci):[0-9]", device.name) for device in plugged())


def test_a_usb_device_tells_its_port_its_node_its_speed_and_whether_it_is_initialised(box):
    """The port is its name in sysfs; the node has bus and device number."""
    folder = box.usb("1-1.2", BEFORE, 4, "480")
    (device,) = box.plugged()
    assert (device.name, device.sysfs) == ("usb:0", folder)
    assert device.node == box.dev / "bus/usb/001/004"
    assert (device.initialised, device.speed_mbit_s, device.accessible) == (False, 480, True)
    assert temperature_c(device) is None
    assert trip_points_c(device) == ()


def test_a_device_without_a_node_is_not_accessible(box):
    """As in a container that has /sys but not the device."""
    box.usb("2-1", AFTER, 3, node=False)
    assert not box.plugged()[0].accessible


def test_usb_devices_are_counted_as_libedgetpu_counts_them(box):
    """Those not initialised come first, and of each sort the last port."""
    for port, ids in (("1-1", AFTER), ("1-2", BEFORE), ("2-1", BEFORE), ("2-2", AFTER)):
        box.usb(port, ids, 7)
    found = box.plugged()
    assert [(device.name, device.sysfs.name) for device in found] == [
        ("usb:0", "2-1"),
        ("usb:1", "1-2"),
        ("usb:2", "2-2"),
        ("usb:3", "1-1"),
    ]


def test_pcie_devices_are_counted_by_their_number(box):
    """After the USB ones, by themselves, and eleven after nine."""
    for number in (11, 0, 9):
        box.pci(number)
    box.usb("1-1", AFTER, 2)
    assert [(device.name, device.node.name) for device in box.plugged()] == [
        ("usb:0", "002"),
        ("pci:0", "apex_0"),
        ("pci:1", "apex_9"),
        ("pci:2", "apex_11"),
    ]


def test_a_pcie_device_has_a_temperature_and_trip_points(box):
    """In °C; one that is dead reads what can be no temperature."""
    box.pci(0, trip_point0_temp=84800, trip_point1_temp=89800, trip_point2_temp=94800)
    box.pci(1, temp=-89700)
    alive, dead = box.plugged()
    assert temperature_c(alive) == 45.3
    assert trip_points_c(alive) == (84.8, 89.8, 94.8)
    assert temperature_c(dead) < DEAD_BELOW_C


def test_a_pcie_device_that_no_driver_took_is_told(box):
    """It is in no list of devices."""
    slots = box.sys / "bus/pci/devices"
    box.files(slots / "0000:01:00.0", vendor="0x1ac1", device="0x089a")
    box.files(slots / "0000:02:00.0", vendor="0x1ac1", device="0x089a")
    box.files(slots / "0000:03:00.0", vendor="0x8086", device="0x089a")
    (slots / "0000:02:00.0/driver").mkdir()
    assert without_driver(box.sys) == ["0000:01:00.0"]


@given(st.sampled_from(["idVendor", "idProduct", "busnum", "devnum", "speed"]), st.binary(max_size=100))
def test_odd_files_are_no_devices_and_no_errors(tmp_path_factory, name, content):
    """Whatever a file in sysfs holds."""
    box = FakeBox(tmp_path_factory.mktemp("box"))
    (box.usb("1-1", AFTER, 2) / name).write_bytes(content)
    (box.pci(0) / "temp").write_bytes(content)
    for device in box.plugged():
        temperature_c(device)
    shutil.rmtree(box.sys.parent)


def test_what_is_no_file_is_no_device(box):
    """A folder in a file's place, a link to nowhere, another class's entry, a file in a folder's place."""
    folder = box.usb("1-1", AFTER, 2)
    (folder / "busnum").unlink()
    (folder / "busnum").mkdir()
    folder.with_name("1-2").symlink_to("nowhere")
    box.files(box.sys / "class/apex/apex_x", temp=1)
    assert box.plugged() == []
    shutil.rmtree(box.sys / "class/apex")
    box.files(box.sys / "class", apex="")
    assert box.plugged() == []


def test_a_reset_takes_the_device_off_the_bus_and_puts_it_back(box):
    """0, then 1."""
    switch = box.usb("1-1.2", AFTER, 4) / "authorized"
    switch.unlink()
    os.mkfifo(switch)
    reader = os.open(switch, os.O_RDONLY | os.O_NONBLOCK)
    assert reset_usb(box.plugged()[0]) == f"usb:0: reset, off and on again through {switch}"
    assert os.read(reader, 10) == b"01"
    os.close(reader)


def test_a_reset_that_is_not_possible_says_why(box):
    """It never raises; PCIe has none."""
    switch = box.usb("1-1", AFTER, 4) / "authorized"
    switch.unlink()
    box.pci(0)
    usb, pci = box.plugged()
    assert reset_usb(usb) == f"usb:0: not reset: {switch} cannot be written: No such file or directory"
    switch.mkdir()
    assert "Is a directory" in reset_usb(usb)
    assert reset_usb(pci) == "pci:0: not reset: only USB has a reset through sysfs"


def test_the_udev_rules_are_for_the_same_devices():
    """Their ids are ours, and each line is made of keys that udev knows."""
    text = RULES.read_text()
    ids = re.findall(r'ATTR\{idVendor\}=="(\w+)", ATTR\{idProduct\}=="(\w+)"', text)
    assert set(ids) == set(USB_IDS)
    assert 'SUBSYSTEM=="apex"' in text
    asked = r'(?:ACTION|SUBSYSTEM|ENV\{DEVTYPE\}|ATTR\{id(?:Vendor|Product)\})=="[^"]+"'
    done = r'(?:(?:GOTO|LABEL|GROUP|MODE)=|RUN\+=)"[^"]+"'
    for line in filter(None, text.splitlines()):
        assert line.startswith("#") or re.fullmatch(rf"(?:{asked}, )*{done}(?:, {done})*", line), line
    assert set(re.findall(r'GOTO="(\w+)"', text)) == set(re.findall(r'LABEL="(\w+)"', text))


def test_udev_finds_no_fault_in_its_rules():
    """With systemd 254 or later."""
    udevadm = shutil.which("udevadm")
    if not udevadm or subprocess.run([udevadm, "verify", "--help"], capture_output=True, check=False).returncode:
        pytest.skip("udevadm verify is not here (systemd 254)")
    done = subprocess.run([udevadm, "verify", RULES], capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
