"""`edged status`: what a running edged does, on one screen."""

import json
import re
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.cli import status as command
from edged.cli.status_view import rates, screen
from edged.control.config import ControlConfig
from edged.control.serving import serve
from edged.control.status import status
from edged.messages.event import Phase
from edged.messages.health import State
from edged.messages.wire import WitnessMessage, event_message
from edged.outbox import Outbox
from edged.report import health_message, info_message
from edged.runtime.health import Health
from edged.settings import Settings
from tests.cli.commands import run
from tests.events import an_event


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "edged.yaml"
    path.write_text(json.dumps({"device": "barn", "control": {"path": str(tmp_path / "c.sock")}}))
    return path


def test_a_file_that_is_not_there_is_said(tmp_path, capsys):
    """And no other box's status shown for it."""
    assert run(command, "-c", tmp_path / "absent.yaml") == 78
    assert capsys.readouterr().err.startswith(f"edged: {tmp_path}/absent.yaml: no such file")


class Running:
    """What answers as a daemon does, from real parts; its uptime goes on by a second at each look."""

    def __init__(self, folder):
        self.health, self.up_s, self.warnings = Health(), 3600.0, []
        self.outbox = Outbox()
        settings = Settings(device="barn")
        handlers = status(
            lambda: info_message(settings, [], {}, ["drones"], {}), self.say, lambda: self.warnings, lambda: self.on
        )
        self.on = [event_message(an_event(Phase.START), 1, 1_700_000_010.0)]
        self.health.part("pipelines.drones").set(State.OK)
        self.health.part("pipelines.drones").count("items", 1000)
        self.health.part("sources.microphone").set(State.FAILING, "gave nothing for 3.2 s")
        self.stack = ExitStack()
        serve(ControlConfig(path=folder / "c.sock"), handlers, self.health.part("control"), self.stack)

    def say(self):
        self.up_s += 1
        self.health.part("pipelines.drones").count("items", 10)
        return health_message(self.health, self.outbox, self.up_s)

    def close(self):
        self.stack.close()
        self.outbox.close()


@pytest.fixture
def box(tmp_path):
    running = Running(tmp_path)
    yield running
    running.close()


def test_one_screen_shows_how_it_is_what_it_does_and_what_is_on(box, config, capsys):
    """The worst first; rates are of between two looks."""
    box.warnings += [f"2026-11-21T07:38:05Z warning number={number}" for number in range(30)]
    assert run(command, "-c", config) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("barn is failing, up 1 h, edged ")
    assert lines[1] == "  ! sources.microphone: gave nothing for 3.2 s"
    text = "\n".join(lines)
    assert "drones                ok       10.0 items/s, items 1,020" in text
    assert "microphone            failing  microphone" in text
    assert "drone 0.91, for 2 s, heard or seen by drones" in text
    assert lines[-1].endswith("number=29")
    assert len(lines) <= 24


def test_what_a_part_that_is_well_or_off_has_to_say_stands_beside_it(box, config, capsys):
    """A disk that is running low is well still; what is off says what it waits for. The others' words are above."""
    box.health.part("machine.disk").set(State.OK, "/var: 900 MB free: it is running low")
    box.health.part("confirmations.intruder").set(State.OFF, "waits for pipelines that are off: eyes")
    assert run(command, "-c", config) == 0
    out = capsys.readouterr().out
    assert re.search(r"machine\.disk +ok +/var: 900 MB free: it is running low\n", out)
    assert re.search(r"confirmations\.intru\S* +off +waits for pipelines that are off: eyes\n", out)
    assert out.count("gave nothing for 3.2 s") == 1


def test_what_is_confirmed_is_so_by_a_rule(box, config, capsys):
    """Which neither hears nor sees."""
    witness = WitnessMessage(pipeline="drones", id=box.on[0].id, label="drone", confidence=0.9)
    box.on.append(box.on[0].model_copy(update={"pipeline": "sure", "label": "confirmed", "witnesses": [witness]}))
    assert run(command, "-c", config) == 0
    assert "  confirmed 0.91, for 2 s, by sure\n" in capsys.readouterr().out


LONG = "the broker hangs up again and again; perhaps another box uses the name barn"


def test_a_long_reason_is_shown_to_its_end(box, config, capsys, monkeypatch):
    """In a file or pipe nothing is cut; on a terminal reasons go on in the next line, and all else is cut."""
    box.health.part("sinks.mqtt").set(State.DEGRADED, LONG)
    box.warnings.append("2026-11-21T07:38:05Z warning " + "x" * 100)
    monkeypatch.setenv("COLUMNS", "60")
    assert run(command, "-c", config) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"  ! sinks.mqtt: {LONG}" in lines
    assert lines[-1].endswith("x" * 100)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert run(command, "-c", config) == 0
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= 60
    assert LONG in " ".join(line.strip() for line in lines)


def test_as_json_it_is_the_answer_itself(box, config, capsys):
    """At once, with all counters."""
    assert run(command, "--json", "-c", config) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["health"]["parts"]["pipelines.drones"]["counters"] == {"items": 1010}
    assert said["info"]["device"] == "barn"
    assert said["events"][0]["label"] == "drone"


def test_without_a_running_edged_it_is_one_clear_line(config, tmp_path, capsys):
    """Exit 1; where the socket is switched off it says that instead."""
    assert run(command, "-c", config) == 1
    assert capsys.readouterr().err.startswith("edged: no edged runs on this box; ")
    config.write_text("control: {enabled: false}")
    assert run(command, "-c", config) == 1
    assert capsys.readouterr().err == (
        "edged: control.enabled: false, so that a running edged cannot be asked; set it to true\n"
    )


def test_a_faulty_configuration_is_said_and_the_socket_that_it_names_is_asked(box, config, tmp_path, capsys):
    """On standard error: the answer is as ever. A box runs on with the configuration before."""
    config.write_text(f"control: {{path: {tmp_path}/c.sock}}\nnonsense: 3\n")
    assert run(command, "--json", "-c", config) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["info"]["device"] == "barn"
    asked = f"edged: the configuration is faulty; asked the socket {tmp_path}/c.sock"
    assert err == f"{asked}; `edged check {config}` tells what is wrong\n"
    config.write_text(f"control: {{path: {tmp_path}/d.sock}}\nnonsense: 3\n")
    assert run(command, "-c", config) == 1
    assert f"{tmp_path}/d.sock, where none runs; `edged check " in capsys.readouterr().err


def test_where_no_socket_can_be_read_it_says_that_it_asked_the_default_one(box, config, tmp_path, capsys, monkeypatch):
    """Whoever answers there may be another."""
    monkeypatch.setattr("edged.control.config._RUN", tmp_path)
    (tmp_path / "c.sock").rename(tmp_path / "control.sock")
    config.write_text("control: {path")
    assert run(command, "--json", "-c", config) == 0
    said = f"edged: the configuration is faulty; asked the default socket {tmp_path}/control.sock"
    assert capsys.readouterr().err.startswith(said)


def test_an_edged_that_was_started_anew_meanwhile_has_no_rates():
    """Nor has one whose clock stood still."""
    before = {"pid": 1, "health": {"uptime_s": 10, "parts": {"pipelines.a": {"counters": {"items": 5}}}}}
    now = {"pid": 1, "health": {"uptime_s": 12, "parts": {"pipelines.a": {"counters": {"items": 9}}}}}
    assert rates(now, before) == {"pipelines.a": 2.0}
    assert rates({**now, "pid": 2}, before) == {}
    assert rates(before, before) == {}


anything = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5),
    lambda inner: st.dictionaries(st.sampled_from(["parts", "counters", "reasons", "state", "a"]), inner, max_size=3),
    max_leaves=8,
)


@given(anything, anything)
def test_the_answer_of_another_version_is_shown_as_far_as_it_goes(info, parts):
    """Keys that are missing, or hold something else."""
    answer = {"health": {"parts": parts}, "info": info if isinstance(info, dict) else {}}
    assert [line.plain for line in screen(answer, {})]
