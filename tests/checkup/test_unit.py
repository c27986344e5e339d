"""The check of the service."""

from edged import __version__
from edged.checkup.unit import check, installed_unit, service, shipped_unit
from edged.control.config import ControlConfig
from edged.control.server import Server
from edged.control.status import status
from edged.messages.wire import StateMessage
from edged.runtime.finding import Level
from tests.checkup.boxes import a_box, levels, the

RUNS = {"ActiveState": "active", "SubState": "running", "NRestarts": "0", "UnitFileState": "enabled"}


def install(root, text):
    unit = root / "etc/systemd/system/edged.service"
    unit.parent.mkdir(parents=True)
    unit.write_text(text)
    return unit


def test_a_box_without_a_service_is_started_by_hand(tmp_path):
    """That is no fault."""
    assert levels(check(a_box(tmp_path, control={"path": str(tmp_path / "c.sock")}))) == ["unit: ok", "running: ok"]


def test_a_unit_that_differs_in_comments_alone_is_the_shipped_one(tmp_path):
    """What counts is what systemd reads."""
    shipped = shipped_unit().read_text()
    unit = install(tmp_path, "# ours\n\n" + shipped)
    assert installed_unit(tmp_path) == unit
    box = a_box(tmp_path, control={"enabled": False})
    assert the(check(box), "unit").level is Level.OK
    unit.write_text(shipped.replace("Restart=always", "Restart=no"))
    assert "-Restart=always +Restart=no" in the(check(box), "unit").found


def test_settings_beside_the_unit_are_told(tmp_path):
    """As `systemctl edit` makes them: they are somebody's wish, and no drift."""
    unit = install(tmp_path, shipped_unit().read_text())
    unit.with_name("edged.service.d").mkdir()
    (unit.with_name("edged.service.d") / "override.conf").touch()
    found = list(check(a_box(tmp_path, control={"enabled": False})))
    assert levels(found) == ["unit: ok", "unit: ok", "running: ok"]
    assert "override.conf" in found[1].found


def test_how_systemd_has_the_service_is_told():
    """Running, dead, switched off, changed behind its back."""
    assert levels(service(RUNS)) == ["service: ok"]
    assert levels(service({**RUNS, "ActiveState": "failed", "Result": "exit-code"})) == ["service: fault"]
    assert levels(service({**RUNS, "UnitFileState": "disabled"})) == ["service: warning", "service: ok"]
    assert levels(service({**RUNS, "NeedDaemonReload": "yes"})) == ["service: warning", "service: ok"]
    assert levels(service({})) == []


class Info:
    def __init__(self, version):
        self.version = version

    def model_dump(self, mode):
        return {"version": self.version}


def test_another_version_that_runs_than_is_installed_is_a_warning(tmp_path):
    """It was upgraded and not restarted."""
    box = a_box(tmp_path, control={"path": str(tmp_path / "c.sock")})
    said = [Info(__version__), Info("0.0.1")]
    handlers = status(lambda: said.pop(0), lambda: StateMessage(state="online"), list, list)
    server = Server(ControlConfig(path=tmp_path / "c.sock"), handlers)
    server.start()
    try:
        assert the(check(box), "running").level is Level.OK
        assert f"edged 0.0.1 runs, installed is {__version__}" in the(check(box), "running").found
    finally:
        server.stop(1)
