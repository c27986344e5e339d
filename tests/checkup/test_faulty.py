"""What is read of a configuration that cannot be used: where the control socket is."""

from pathlib import Path

import pytest

from edged.checkup.box import look_at
from edged.checkup.faulty import control_of
from edged.control.config import ControlConfig


def faulty(tmp_path, text, **environment):
    path = tmp_path / "edged.yaml"
    path.write_text(text)
    box = look_at(path, {"STATE_DIRECTORY": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), **environment})
    assert box.faults
    return box


@pytest.mark.parametrize(
    "text",
    [
        "control: {path: /box/c.sock}\nnonsense: 3\n",
        "control: {path: /box/c.sock, clients: 99, nonsense: 3}\n",
        "mqtt: {port: 1, port: 2, host: no}\ncontrol: {path: /box/c.sock, group: !x y}\nsources: []\n",
    ],
)
def test_the_socket_is_read_whatever_is_wrong_elsewhere(tmp_path, text):
    """Beside it too."""
    box = faulty(tmp_path, text)
    assert box.settings.control == ControlConfig(path=Path("/box/c.sock"))
    assert box.asked == "the configuration is faulty; asked the socket /box/c.sock"


@pytest.mark.parametrize("text", ["control: {path: /box", "- control", "control: no", "control: {path: [3]}\n", "a: 1"])
def test_where_it_cannot_be_read_the_default_socket_is_named(tmp_path, text):
    """So that nobody takes another's answer for the box's."""
    box = faulty(tmp_path, text)
    assert box.settings.control.path is None
    assert box.asked.startswith("the configuration is faulty; asked the default socket /run/edged/control.sock")


@pytest.mark.parametrize("text", ["control: {path: /box/c.sock}\nnonsense: 3\n", "control: {", "control: 3"])
def test_the_environment_goes_before_the_file(tmp_path, text):
    """As ever; a fault of its own elsewhere is none here."""
    variables = {"EDGED_CONTROL__PATH": "/other.sock", "EDGED_CONTROL__CLIENTS": "none", "EDGED_NONSENSE__A": "3"}
    assert faulty(tmp_path, text, **variables).settings.control == ControlConfig(path=Path("/other.sock"))


def test_without_a_file_the_environment_counts(tmp_path):
    """And a section that it spoils whole is the default."""
    assert control_of(None, {"EDGED_CONTROL__PATH": "/c.sock"}).path == Path("/c.sock")
    assert control_of(None, {"EDGED_CONTROL": "3"}) == ControlConfig()
    assert control_of(tmp_path / "absent.yaml", {}) == ControlConfig()


def test_a_file_that_cannot_be_read_is_not_called_faulty(tmp_path):
    """An ordinary user may not read the service's."""
    box = look_at(tmp_path, {})
    assert box.asked.startswith("the configuration cannot be read; asked the default socket /run/edged/control.sock")


def test_nothing_is_said_where_nothing_is_wrong(tmp_path):
    """The socket is the one that the configuration names."""
    (tmp_path / "edged.yaml").write_text("device: barn\n")
    assert look_at(tmp_path / "edged.yaml", {}).asked == ""
