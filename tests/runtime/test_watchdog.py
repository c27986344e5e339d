"""Watchdog: a sign of life while nothing is stuck, and what is stuck is named."""

import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.messages.health import State
from edged.runtime.health import Health
from edged.runtime.watchdog import LIMIT_S, Pulse, Watchdog, make_watchdog
from tests.service_manager import ServiceManager


class Box:
    """A watchdog with two parts and a clock that is set; it notes when the signs are given."""

    def __init__(self, interval_s=10.0):
        self.now_s, self.signs = 0.0, []
        self.health = Health(lambda: self.now_s)
        self.pulses = {name: Pulse(LIMIT_S, lambda: self.now_s) for name in ("pipelines.a", "pipelines.b")}
        for name in self.pulses:
            self.health.part(name).set(State.OK)
        self.watchdog = Watchdog(
            lambda: self.pulses, self.health, lambda: self.signs.append(self.now_s), interval_s, lambda: self.now_s
        )

    def run(self, for_s):
        until_s = self.now_s + for_s
        while self.now_s < until_s:
            self.now_s += self.watchdog.tick_s
            self.watchdog.tick()


def test_signs_come_twice_as_often_as_systemd_wants_them_or_nearly():
    """As long as nothing is stuck; an idle part is not."""
    box = Box(interval_s=10.0)
    box.run(60)
    assert [round(later - sooner) for sooner, later in zip(box.signs, box.signs[1:], strict=False)] == [10] * 5


def test_a_short_interval_is_kept_too():
    """The main thread is to look more often then."""
    box = Box(interval_s=0.5)
    box.run(10)
    assert max(later - sooner for sooner, later in zip(box.signs, box.signs[1:], strict=False)) <= 0.5


def test_no_sign_while_a_part_is_at_one_thing_for_too_long(caplog):
    """Health and log name it, and where it is; when it comes back after all, so does the sign, at once."""
    box = Box()
    box.run(11)
    box.pulses["pipelines.a"].beat()
    box.run(LIMIT_S)
    given = len(box.signs)
    assert box.health.state() is State.OK
    box.run(100)
    assert len(box.signs) == given
    assert box.health.part("pipelines.a").snapshot().reasons == ("stuck at one item for 105 s",)
    assert box.health.part("pipelines.a").state is State.DEGRADED
    assert box.health.part("pipelines.b").state is State.OK
    assert box.health.state() is State.FAILING
    assert "pipelines.a; edged is about" in box.health.part("watchdog").snapshot().reasons[0]
    assert caplog.text.count("stuck at one item") == 1
    box.pulses["pipelines.a"].rest()
    box.run(1)
    assert len(box.signs) == given + 1
    assert box.health.state() is State.OK


def test_a_part_that_goes_on_to_the_next_thing_is_not_stuck():
    """Each thing has its own limit."""
    box = Box()
    for _ in range(30):
        box.pulses["pipelines.a"].beat()
        box.run(1)
    assert len(box.signs) == 3


def test_a_part_that_is_gone_is_not_waited_for():
    """A stuck pipeline that was replaced has been left behind, and is said no more."""
    box = Box()
    box.pulses["pipelines.a"].beat()
    box.run(20)
    del box.pulses["pipelines.a"]
    box.run(1)
    assert box.health.state() is State.OK
    assert len(box.signs) == 2


@given(st.lists(st.tuples(st.sampled_from(["beat", "rest", "none"]), st.sampled_from("ab"), st.floats(0, 12))))
def test_whatever_the_parts_do_a_sign_means_that_none_is_stuck(happenings):
    """And none stuck means a sign no later than an interval and a tick."""
    box, since = Box(interval_s=2.0), {}
    box.watchdog.tick()
    for what, part, for_s in happenings:
        if what == "beat":
            since[part] = box.now_s
            box.pulses[f"pipelines.{part}"].beat()
        elif what == "rest":
            since.pop(part, None)
            box.pulses[f"pipelines.{part}"].rest()
        box.now_s += for_s
        given, box.signs = box.signs, []
        box.watchdog.tick()
        stuck = any(box.now_s - at_s > LIMIT_S for at_s in since.values())
        assert not (stuck and box.signs)
        if not stuck and (not given or box.now_s - given[-1] >= 2.0):
            assert box.signs
        box.signs = box.signs or given


def test_a_hanging_thread_is_found_where_it_hangs(caplog):
    """The log has its stack: should it come back, nobody would ever know."""
    done, pulse = threading.Event(), Pulse(limit_s=0.0)

    def hang_here():
        with pulse:
            done.wait()

    thread = threading.Thread(target=hang_here)
    thread.start()
    while pulse.stuck() is None:
        time.sleep(0.001)
    Watchdog(lambda: {"p": pulse}, Health(), lambda: None, 1.0).tick()
    done.set()
    thread.join()
    assert "in hang_here" in caplog.text
    assert pulse.stuck() is None


def test_systemd_gets_the_sign_where_it_watches_this_process(monkeypatch):
    """Else there is a switch of our own, which is not touched here."""
    systemd = ServiceManager()
    for name, value in systemd.env(watchdog_s=4.0).items():
        monkeypatch.setenv(name, value)
    watchdog = make_watchdog(dict, Health())
    watchdog.tick()
    systemd.wait_for(lambda it: it.said("WATCHDOG=1"))
    systemd.close()
    assert watchdog.tick_s == 1.0


HELD = "for _ in range(8): switch(); time.sleep(0.1)"
STUCK = "time.sleep(30)"
STUCK_WITH_THE_GLOBAL_LOCK = "ctypes.PyDLL(None).sleep(30)"


@pytest.mark.parametrize(
    ("what", "status"), [(HELD, 0), (STUCK, 1), (STUCK_WITH_THE_GLOBAL_LOCK, 1)], ids=["held", "stuck", "global lock"]
)
def test_the_switch_ends_a_process_that_does_not_set_it_anew(what, status):
    """With the stack of every thread on standard error, even where Python itself is stuck in a driver."""
    program = f"""
import ctypes, threading, time
from edged.runtime.watchdog import Switch
threading.Thread(target=threading.Event().wait, daemon=True).start()
switch = Switch(0.5)
switch()
{what}
Switch.release()
time.sleep(0.6)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, text=True, timeout=20)
    assert done.returncode == status
    assert done.stderr.count("most recent call first") == (2 if status else 0)
