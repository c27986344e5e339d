"""`edged models bench`: figures for each device, and a word where there is none."""

import json

import pytest

from edged.cli import main
from edged.inference.catalogue import shipped_models
from tests.inference.edgetpu.stand_in import StandIn, add_twin, copy_model


@pytest.fixture
def stand_in(tmp_path):
    """The device."""
    return StandIn(tmp_path)


@pytest.fixture
def config(tmp_path, stand_in):
    """A box with a device and a model that has a twin."""
    add_twin(copy_model(shipped_models() / "drone_sound", tmp_path / "models" / "drone_sound"))
    edgetpu = {
        "devices": ["usb:0"],
        "library": str(stand_in.library),
        "options": stand_in.options,
        "locks": str(tmp_path),
    }
    path = tmp_path / "edged.yaml"
    path.write_text(json.dumps({"models": {"path": str(tmp_path / "models")}, "accelerator": {"edgetpu": edgetpu}}))
    return path


def test_each_device_has_its_figures(config, capsys):
    """In milliseconds, the first apart."""
    assert main(["models", "-c", str(config), "bench", "drone_sound", "--runs", "20", "--json"]) == 0
    cpu, tpu = json.loads(capsys.readouterr().out)
    assert (cpu["device"], tpu["device"]) == ("cpu", "usb:0")
    for figures in (cpu, tpu):
        assert 0 < figures["median_ms"] <= figures["p90_ms"] <= figures["p99_ms"] <= figures["most_ms"]
        assert figures["first_ms"] > 0
        assert figures["runs"] == 20


def test_a_table_for_people(config, capsys):
    """One line a device."""
    assert main(["models", "-c", str(config), "bench", "drone_sound", "--runs", "10"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["device", "runtime", "first"]
    assert [line.split()[0] for line in lines[1:]] == ["cpu", "usb:0"]


def test_a_device_that_cannot_be_opened_is_said_and_the_cpu_measured(config, stand_in, capsys):
    """Exit status 1."""
    stand_in.fault(open="null")
    assert main(["models", "-c", str(config), "bench", "drone_sound", "--runs", "10"]) == 1
    said = capsys.readouterr()
    assert "usb:0 cannot be opened" in said.err
    assert "cpu" in said.out


def test_a_model_without_a_compiled_file_is_told_how_to_get_one(config, tmp_path, capsys):
    """The CPU is measured all the same."""
    copy_model(shipped_models() / "drone_sound", tmp_path / "models" / "plain", "plain")
    assert main(["models", "-c", str(config), "bench", "plain", "--runs", "10"]) == 0
    assert "edged models compile plain" in capsys.readouterr().err


@pytest.mark.parametrize("runs", ["9", "100001", "x"])
def test_a_number_of_runs_out_of_range_is_refused(config, capsys, runs):
    """With usage, exit status 2."""
    with pytest.raises(SystemExit) as exit_:
        main(["models", "-c", str(config), "bench", "drone_sound", "--runs", runs])
    assert exit_.value.code == 2
    assert f"{runs!r}, must be a whole number in [10, 100000]" in capsys.readouterr().err
