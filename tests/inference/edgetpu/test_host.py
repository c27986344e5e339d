"""The host: it runs under other interpreters, and changes models as seldom as the deadlines allow."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.inference.edgetpu import host
from edged.inference.edgetpu.host import Schedule
from edged.inference.model import zeros
from tests.inference.edgetpu.conftest import wait_until

MS = 1_000_000
OTHER_PYTHON = Path(sys.prefix) / "host" / "bin" / "python"


def test_it_imports_nothing_of_ours():
    """The interpreter that runs it does not have edged."""
    tree = ast.parse(Path(host.__file__).read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names | {"__future__"}


def test_it_runs_under_python_3_9():
    """Google's pycoral needs it; vermin knows what came later. So does the doctor's probe."""
    probe = Path(host.__file__).parents[1] / "checks" / "probe.py"
    command = [Path(sys.executable).with_name("vermin"), "--no-tips", "-t=3.9-", "--violations", host.__file__, probe]
    said = subprocess.run(command, check=False, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout


def test_another_interpreter_with_another_runtime_serves_the_daemon(box, twin):
    """tflite-runtime, under Python 3.9 where there is one: it says so, and its answers are taken."""
    if not OTHER_PYTHON.exists():
        pytest.skip("scripts/setup found no Python of 3.9 to 3.11 for tflite-runtime")
    made = box(python=OTHER_PYTHON, deadline_ms=2000)
    model = made.add(twin())
    made.device.start()
    wait_until(made.is_up)
    facts = made.device._session.facts
    assert facts["runtime"] == "tflite_runtime"
    assert facts["versions"]["tflite-runtime"].startswith("2.")
    assert [reason.partition(":")[0] for reason in facts["skipped"]] == ["pycoral"]
    assert model.run(zeros(model.card)).use.device == "usb:0"


def schedule(same=(1 * MS, 1 * MS), changed=(3 * MS, 3 * MS)):
    """Two models, A and B, after each has run twice; B was last, just now (at 0)."""
    made = Schedule()
    for name, first, second in (("A", changed[0], same[0]), ("B", changed[1], same[1])):
        made.ran(name, first, -10 * MS)
        made.ran(name, second, 0)
    return made


def test_the_model_that_is_loaded_goes_again_while_the_other_can_wait():
    """Its parameters are on the chip."""
    assert schedule().next({"A": 50 * MS, "B": 60 * MS}, 0) == ("B", 0)


def test_the_other_goes_when_its_deadline_comes_near():
    """Before it would be late."""
    assert schedule().next({"A": 6 * MS, "B": 60 * MS}, 0) == ("A", 0)


def test_another_request_of_the_loaded_model_is_awaited_for_half_of_what_a_change_costs():
    """Which is 2 ms here."""
    assert schedule().next({"A": 50 * MS}, 0) == (None, 1 * MS)
    assert schedule().next({"A": 50 * MS}, 1 * MS) == ("A", 0)


def test_nothing_is_awaited_where_a_change_costs_nothing():
    """Both fit on the chip."""
    assert schedule(changed=(1 * MS, 1 * MS)).next({"A": 50 * MS}, 0) == ("A", 0)


def test_a_model_that_is_gone_is_not_waited_for():
    """Nor remembered."""
    made = schedule()
    made.forget("B")
    assert made.next({"A": 50 * MS}, 0) == ("A", 0)


@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 20 * MS)), max_size=30),
    st.dictionaries(st.sampled_from("ABC"), st.integers(-50 * MS, 500 * MS), min_size=1),
)
def test_some_request_is_always_chosen_in_time(runs, waiting):
    """Whatever happened before: it names one that waits, or a wait that ends before the earliest deadline."""
    made, now = Schedule(), 0
    for name, took in runs:
        now += took
        made.ran(name, took, now)
    for _ in range(10_000):
        name, wait_ns = made.next(waiting, now)
        if name is not None:
            assert name in waiting
            return
        assert wait_ns > 0
        assert now + wait_ns <= min(waiting.values())
        now += wait_ns
    raise AssertionError("it waits for ever")
