"""The check of the service: how well the edged that runs is."""

from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.checkup.parts import MOST_PARTS, parts_not_well
from edged.checkup.unit import check
from edged.config import Fault
from edged.control.config import ControlConfig
from edged.control.server import Server
from edged.control.status import status
from edged.messages.health import State
from edged.outbox import Outbox
from edged.report import health_message
from edged.runtime.finding import Level
from edged.runtime.health import Health
from tests.checkup.boxes import a_box, levels, the


@pytest.fixture
def health(tmp_path):
    """Of an edged that answers at ``c.sock``."""
    parts = Health()
    with closing(Outbox()) as outbox:
        say = lambda: health_message(parts, outbox, 60.0)  # noqa: E731  # it is asked again and again
        server = Server(ControlConfig(path=tmp_path / "c.sock"), status(say, say, list, list))
        server.start()
        yield parts
        server.stop(1)


@pytest.fixture
def box(tmp_path):
    return a_box(tmp_path, control={"path": str(tmp_path / "c.sock")})


def test_parts_that_are_not_well_are_findings_the_worst_first(health, box):
    """With their reasons and remedies; the others are not told."""
    health.part("pipelines.drones").set(State.OK, "warms up")
    health.part("sources.porch").set(State.STARTING)
    health.part("sinks.mqtt").set(State.DEGRADED, "no connection for 12 s", "start the broker")
    health.part("sources.microphone").set(State.FAILING, "silent for 60 s")
    found = list(check(box))[2:]
    assert levels(found) == ["sources.microphone: fault", "sinks.mqtt: warning"]
    assert found[0].found == "is failing: silent for 60 s"
    assert "alsamixer" in found[0].remedy
    assert (found[1].found, found[1].remedy) == ("is degraded: no connection for 12 s", "start the broker")


def test_a_part_that_the_box_can_do_without_is_no_fault(health, box):
    """It is well while that fails."""
    health.part("models.next", needed=False).set(State.FAILING, "shadow was stopped")
    assert the(check(box), "models.next").level is Level.WARNING


def test_where_the_configuration_is_faulty_it_says_whom_it_asked(health, box, tmp_path):
    """Whether one answers or not."""
    faulty = replace(box, faults=(Fault(("nonsense",), "unknown key"),))
    asked = f"the configuration is faulty; asked the socket {tmp_path}/c.sock"
    assert the(check(faulty), "running").found.endswith(asked)
    faulty = replace(a_box(tmp_path, control={"path": str(tmp_path / "d.sock")}), faults=faulty.faults)
    finding = the(check(faulty), "running")
    assert (finding.level, finding.found.endswith(f"asked the socket {tmp_path}/d.sock")) == (Level.WARNING, True)


def test_there_is_an_end_to_it():
    """However many parts and reasons there are, and whatever they hold."""
    reasons = [f"\x1b[31m{'x' * 1000}"] * 50
    part = {"state": "degraded", "reasons": reasons, "remedies": reasons}
    parts = {f"sources.{number}": part for number in range(100)} | {"last": {**part, "state": "failing"}}
    found = list(parts_not_well({"health": {"parts": parts}}))
    assert levels(found)[:2] == ["last: fault", "sources.0: warning"]
    assert len(found) == MOST_PARTS + 1
    assert found[-1].found == "89 more parts are not well"
    assert found[0].found.endswith("; and 47 more")
    assert max(len(one.found + one.remedy) for one in found) < 1500
    assert "".join(one.found + one.remedy for one in found).isprintable()


anything = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["state", "reasons", "remedies", "a"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(anything, anything)
def test_the_answer_of_another_version_is_told_as_far_as_it_goes(parts, part):
    """Keys that are missing, or hold something else."""
    whole = {"state": "failing", **part} if isinstance(part, dict) else part
    for health in (parts, {"parts": parts}, {"parts": {"sources.a": whole}}):
        assert all(one.found and one.remedy for one in parts_not_well({"health": health}))
