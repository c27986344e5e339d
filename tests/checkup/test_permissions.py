"""The check of permissions."""

from dataclasses import replace

import pytest

from edged.checkup.permissions import check
from edged.runtime.finding import Level
from tests.checkup.boxes import a_box, levels, the


@pytest.fixture
def box(tmp_path):
    """With a secret, a camera with one, and a configuration."""
    for name in ("broker", "camera"):
        (tmp_path / name).write_text("hunter2")
        (tmp_path / name).chmod(0o600)
    camera = {"type": "camera", "url": "rtsp://192.0.2.7/", "username": "x", "password_file": str(tmp_path / "camera")}
    settings = {"mqtt": {"username": "barn", "password_file": str(tmp_path / "broker")}, "sources": {"porch": camera}}
    file = tmp_path / "edged.yaml"
    file.touch(0o644)
    file.chmod(0o644)
    (tmp_path / "state").mkdir(mode=0o700)
    gallery = {"path": str(tmp_path / "state" / "faces")}
    clips = {"folder": str(tmp_path / "state" / "clips")}
    made = a_box(tmp_path, **settings, pipelines={}, gallery=gallery, clips=clips)
    return replace(made, file=file)


def test_a_box_that_is_closed_is_well(box):
    """Every secret is named by its setting, and never shown."""
    found = list(check(box))
    assert {finding.level for finding in found} == {Level.OK}
    assert {"mqtt.password_file", "sources.porch.password_file", "gallery.key_file", "clips.key_file"} <= {
        finding.about for finding in found
    }
    assert "hunter2" not in str(found)


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_secret_that_others_may_read_is_a_fault(box, tmp_path, mode):
    """With the command that mends it."""
    (tmp_path / "broker").chmod(mode)
    finding = the(check(box), "mqtt.password_file")
    assert finding.level is Level.FAULT
    assert finding.remedy == f"sudo chmod 600 {tmp_path}/broker"


def test_a_credential_of_systemd_is_read_by_its_group(box, tmp_path):
    """It lets the service in by an ACL, which shows as the group's mode."""
    (tmp_path / "broker").chmod(0o440)
    box = replace(box, environment={**box.environment, "CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert the(check(box), "mqtt.password_file").level is Level.OK


def test_a_secret_that_is_not_there_is_a_fault_unless_edged_makes_it(box, tmp_path):
    """The gallery's key is made; a password cannot be."""
    (tmp_path / "broker").unlink()
    assert the(check(box), "mqtt.password_file").level is Level.FAULT
    assert the(check(box), "gallery.key_file").level is Level.OK


def test_what_others_may_change_is_a_fault(box, tmp_path):
    """The configuration, and the box's own folder."""
    box.file.chmod(0o666)
    box.state.chmod(0o777)
    assert [one for one in levels(check(box)) if "fault" in one] == ["configuration: fault", "own folder: fault"]
