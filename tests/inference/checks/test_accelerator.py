"""The check of the accelerator: each way in which it can be wrong is told, with its remedy."""

import getpass
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edged.inference.checks.accelerator import AcceleratorCheck, check_accelerator
from edged.inference.checks.device import access_remedy, check_device, rules_file
from edged.inference.checks.library import Library, ask, find_library, opened_by
from edged.inference.checks.runtimes import CPU_ORDER, HOST_ORDER, Packages, check_fit, check_packages, read_packages
from edged.inference.edgetpu.config import EdgeTpuConfig
from edged.inference.edgetpu.lock import take
from edged.runtime.finding import Level
from tests.inference.edgetpu.stand_in import StandIn
from tests.inference.fake_box import AFTER, BEFORE, FakeBox


@pytest.fixture
def box(tmp_path):
    return FakeBox(tmp_path / "box")


@pytest.fixture
def stand_in(tmp_path):
    return StandIn(tmp_path)


@pytest.fixture
def findings(box, stand_in):
    """All findings in a box whose libedgetpu is the stand-in, or what is configured instead."""

    def check(within_s=10.0, **changes):
        settings = {"library": stand_in.library, "options": stand_in.options, "locks": stand_in.folder}
        config = EdgeTpuConfig(**settings | changes)
        return list(check_accelerator(AcceleratorCheck(config, box.sys, box.dev, box.proc, within_s)))

    return check


def about(findings, *names):
    return [finding for finding in findings if finding.about in names]


def faults(findings):
    return [finding for finding in findings if finding.level is Level.FAULT]


def test_a_box_without_an_edge_tpu_is_well(findings):
    """It needs neither device nor library; every finding is one line."""
    found = findings(library=None)
    assert faults(found) == []
    assert found[0].found == "none is plugged in: models run on the CPU"
    assert all("\n" not in finding.found + finding.remedy for finding in found)


def test_an_edge_tpu_that_opens_is_well(box, findings):
    """What is plugged in, what the library says of itself, and that it opens."""
    box.usb("2-1", AFTER, 3)
    found = findings()
    assert faults(found) == []
    assert [finding.found for finding in about(found, "usb:0")] == [
        f"USB port 2-1, initialised, {box.dev}/bus/usb/002/003 open to {getpass.getuser()}",
        "opens",
    ]
    assert about(found, "libedgetpu")[0].found.startswith("StandIn, /")


@pytest.mark.parametrize(
    ("fault", "found", "remedy"),
    [
        ("null", "opening it refuses: no reason given", "fuser -v"),
        ("error", "opening it refuses: device is in use", "fuser -v"),
        ("crash", "opening it crashes: SIGSEGV", "fuser -v"),
        ("abort", "opening it crashes: SIGABRT", "fuser -v"),
        ("hang", "opening it hangs: no answer within 1 s", "echo 0 > "),
    ],
)
def test_an_edge_tpu_that_does_not_open_is_a_fault(box, stand_in, findings, fault, found, remedy):
    """With what happens, and what to do."""
    box.usb("2-1", AFTER, 3)
    stand_in.fault(open=fault)
    (finding,) = faults(findings(within_s=1.0 if fault == "hang" else 10.0))
    assert (finding.about, finding.found) == ("usb:0", found)
    assert remedy in finding.remedy


def test_an_edge_tpu_in_use_is_not_opened(box, stand_in, findings):
    """A second process that opens it would crash the first: by its lock, or by its open file."""
    box.usb("2-1", AFTER, 3)
    stand_in.fault(open="crash")
    lock = take("usb:0", stand_in.folder)
    assert about(findings(), "usb:0")[-1].found.startswith(f"not tried: is held by process {os.getpid()} (")
    os.close(lock)
    process = box.proc / "812"
    box.files(process, comm="frigate")
    (process / "fd").mkdir()
    (process / "fd/7").symlink_to(box.dev / "bus/usb/002/003")
    assert about(findings(), "usb:0")[-1].found.endswith("is open in frigate, process 812")


def test_whoever_has_a_file_open_is_found(tmp_path):
    """Of this machine's real processes."""
    path = tmp_path / "node"
    path.touch()
    assert opened_by(path) is None
    with path.open():
        assert opened_by(path).endswith(f", process {os.getpid()}")


def test_a_device_that_is_configured_but_not_plugged_in_is_a_fault(box, findings):
    """With those that are; one that is not to be used is said to be so."""
    box.usb("2-1", AFTER, 3)
    (finding,) = faults(findings(devices=("usb:0", "pci:0")))
    assert (finding.about, finding.found) == ("pci:0", "accelerator.edgetpu.devices names it, plugged in: usb:0")
    assert "enabled is false" in about(findings(enabled=False), "Edge TPU")[0].found


@pytest.mark.parametrize(("plugged_in", "level"), [(True, Level.FAULT), (False, Level.OK)])
def test_a_missing_library_matters_only_with_an_edge_tpu(box, findings, plugged_in, level):
    """Then its remedy is a command."""
    if not isinstance(find_library(None, None), str):
        pytest.skip("this machine has a libedgetpu")
    if plugged_in:
        box.usb("2-1", AFTER, 3)
    (finding,) = about(findings(library=None), "libedgetpu")
    assert finding.level is level
    assert ("libedgetpu1-std" in finding.remedy) is plugged_in


def test_a_configured_library_that_is_none_is_a_fault(findings, tmp_path):
    """Absent, no library, or another library."""
    text = tmp_path / "text.so"
    text.write_text("this is no library")
    other = next(Path("/usr/lib").glob("*/libusb-1.0.so.0"), None) or next(Path("/usr/lib").glob("*/libpthread.so.0"))
    for path, words in ((tmp_path / "absent.so", "No such file"), (text, "too short"), (other, "another library")):
        (finding,) = faults(findings(library=path))
        assert words in finding.found
        assert "accelerator.edgetpu.library" in finding.remedy


def test_an_interpreter_that_does_not_start_is_a_fault(findings, tmp_path):
    """And the library is looked at with our own instead."""
    found = findings(python=tmp_path / "python")
    (finding,) = faults(found)
    assert (finding.about, finding.remedy[:27]) == ("host's Python", "accelerator.edgetpu.python ")
    assert about(found, "libedgetpu")[0].level is Level.OK


def test_a_missing_node_and_one_without_permission_are_faults(box):
    """The first is passed through to a container, the second needs a group or our udev rules."""
    box.usb("1-1", BEFORE, 4, node=False)
    (finding,) = faults(check_device(box.plugged()[0]))
    assert "is missing" in finding.found
    box.files(box.dev / "bus/usb/001", **{"004": ""})
    node = box.dev / "bus/usb/001/004"
    node.chmod(0o600)
    assert str(rules_file()) in access_remedy(node, [])
    assert rules_file().is_file()
    if os.getuid() == 0:
        os.chown(node, -1, 1)
    node.chmod(0o660)
    assert access_remedy(node, []).startswith("sudo usermod -aG ")
    assert str(rules_file()) in access_remedy(node, [node.stat().st_gid])


def test_usb_2_and_a_device_that_cannot_be_reset_are_warnings(box):
    """They work, slowly; and until they lock up."""
    folder = box.usb("1-1", AFTER, 4, "480")
    (folder / "authorized").unlink()
    _, slow, stuck = check_device(box.plugged()[0])
    assert (slow.level, stuck.level) == (Level.WARNING, Level.WARNING)
    assert "480 Mbit/s" in slow.found
    assert "after a lock-up" in stuck.found
    assert "udevadm" in stuck.remedy


@pytest.mark.parametrize(
    ("temp", "level", "words"),
    [(45300, Level.OK, "45 °C"), (91100, Level.WARNING, "from 85 °C on"), (-89700, Level.FAULT, "no longer answers")],
)
def test_a_pcie_device_that_is_too_warm_or_dead_is_told(box, temp, level, words):
    """By its driver's sensor and trip points."""
    box.pci(0, temp=temp, trip_point0_temp=84800)
    finding = list(check_device(box.plugged()[0]))[-1]
    assert finding.level is level
    assert words in finding.found


def test_a_pcie_device_without_its_driver_is_a_fault(box, findings):
    """The driver is not there, or does not take it."""
    box.files(box.sys / "bus/pci/devices/0000:01:00.0", vendor="0x1ac1", device="0x089a")
    assert "gasket-dkms" in faults(findings())[0].remedy
    box.files(box.proc, modules="gasket 114688 1 apex, Live 0x0\napex 28672 0 - Live 0x0")
    assert "dmesg" in faults(findings())[0].remedy


def packages(python="3.11.2", *, google=False, **versions):
    return Packages("/x/python", python, {name.replace("_", "-"): one for name, one in versions.items()}, google)


@pytest.mark.parametrize(
    ("given", "order", "levels", "remedy"),
    [
        (packages(ai_edge_litert="2.3.0", numpy="2.4.6"), HOST_ORDER, "ok", ""),
        (packages(numpy="2.4.6"), CPU_ORDER, "fault", "/x/python -m pip install ai-edge-litert"),
        (packages("3.9.18"), HOST_ORDER, "fault", "/x/python -m pip install tflite-runtime 'numpy<2'"),
        (packages(tflite_runtime="2.14.0", numpy="1.26.4"), CPU_ORDER, "ok", ""),
        (packages(tflite_runtime="2.14.0", numpy="2.0.0"), CPU_ORDER, "ok fault", "/x/python -m pip install 'numpy<2'"),
        (
            packages(tflite_runtime="2.14.0", ai_edge_litert="2.3.0", numpy="2.0.0"),
            CPU_ORDER,
            "ok warning",
            "/x/python -m pip install 'numpy<2'",
        ),
        (
            packages("3.12.1", tflite_runtime="2.14.0", numpy="1.26.4"),
            HOST_ORDER,
            "ok fault",
            "/x/python -m pip install ai-edge-litert && /x/python -m pip uninstall tflite-runtime",
        ),
        (packages("3.12.1", tflite_runtime="2.17.1", numpy="2.0.0"), HOST_ORDER, "ok", ""),
        (
            packages(ai_edge_litert="2.3.0", pycoral="0.2.0"),
            HOST_ORDER,
            "ok warning",
            "/x/python -m pip uninstall pycoral",
        ),
        (packages("3.9.18", google=True, tflite_runtime="2.5.0.post1", pycoral="2.0.0"), HOST_ORDER, "ok", ""),
        (
            "/x/python cannot be started",
            HOST_ORDER,
            "fault",
            "accelerator.edgetpu.python must name a Python 3.9 or later",
        ),
    ],
)
def test_what_is_wrong_with_an_interpreter_is_told(given, order, levels, remedy):
    """No runtime, numpy 2 beside an old one, one made for an older Python, the other program named pycoral."""
    found = list(check_packages(given, "Python", order))
    assert [finding.level for finding in found] == levels.split()
    assert found[-1].remedy == remedy


@pytest.mark.parametrize(
    ("package_version", "runtime", "level"),
    [
        ("16.0tf2.17.1-1", {"tflite_runtime": "2.17.1"}, Level.OK),
        ("16.0", {"tflite_runtime": "2.5.0.post1"}, Level.OK),
        ("16.0", {"tflite_runtime": "2.14.0"}, Level.FAULT),
        ("16.0tf2.17.1-1", {"ai_edge_litert": "2.3.0"}, Level.WARNING),
        ("16.0tf2.19.1-1", {"tflite_runtime": "2.17.1"}, Level.WARNING),
        ("", {"tflite_runtime": "2.17.1"}, Level.WARNING),
        ("16.0", {}, Level.WARNING),
    ],
)
def test_library_and_runtime_must_fit(package_version, runtime, level):
    """Known to work, known to crash, or untested."""
    library = Library("/x.so", None, delegate=True, package="libedgetpu1-std", package_version=package_version)
    assert check_fit(library, packages(**runtime)).level is level


def test_the_other_pycoral_is_recognised_where_it_is_installed(tmp_path):
    """PyPI's is a package without `utils.edgetpu`; the interpreter itself is asked."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv/bin/python"
    (site,) = (tmp_path / "venv/lib").glob("python*/site-packages")
    for folder, name, content in (
        ("pycoral", "__init__.py", "raise RuntimeError('must not be imported')"),
        ("pycoral-0.2.0.dist-info", "METADATA", "Metadata-Version: 2.1\nName: pycoral\nVersion: 0.2.0\n"),
    ):
        (site / folder).mkdir()
        (site / folder / name).write_text(content)
    read = read_packages(python)
    assert (read.versions, read.google_pycoral) == ({"pycoral": "0.2.0"}, False)
    (site / "pycoral/utils").mkdir()
    (site / "pycoral/utils/edgetpu.py").touch()
    assert read_packages(python).google_pycoral


def test_a_probe_that_says_nothing_is_told_by_its_last_words():
    """As when the interpreter is too old for it, or is no Python at all."""
    assert ask(None, "nonsense").failure == "KeyError: 'nonsense'"
    assert ask(Path("/bin/true"), "packages").failure == "exit status 0"
    assert ask(Path("/bin/echo"), "packages").answer is None
