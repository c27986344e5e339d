"""A box that is stuck, or breaks again and again: the real program, a broker, and a stand-in for systemd."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import soundfile

from edged.synthesis import FlyOver, fly_over
from tests.broker import wait_until
from tests.service_manager import ServiceManager

ROOT = Path(__file__).parents[2]
WATCHDOG_S = 1.0


@pytest.fixture(scope="module")
def drone(tmp_path_factory):
    """A drone to be heard again and again."""
    path = tmp_path_factory.mktemp("sound") / "drone.wav"
    config = FlyOver(duration_s=6, quiet_s=0.5)
    soundfile.write(path, fly_over(config), config.rate_hz)
    return path


@pytest.fixture
def systemd():
    """It listens, in the abstract name space."""
    listening = ServiceManager()
    yield listening
    listening.close()


class Box:
    """`edged run` with a pipeline that misbehaves when it is told to."""

    def __init__(self, folder, port, drone, env):
        self.folder, self.log = folder, folder / "log"
        self.settings = {
            "device": "box",
            "sources": {"microphone": {"type": "recording", "path": str(drone), "loop": True}},
            "pipelines": {"drones": {"smoothing": {"update_s": 0.5}}, "faulty": {}},
            "mqtt": {"host": "127.0.0.1", "port": port},
        }
        self.env = {**os.environ, **env}
        self.processes = []

    def start(self):
        self.configure()
        self.misbehave("")
        program = [sys.executable, "-m", "tests.system.faulty_box", self.folder / "edged.yaml", self.folder / "fault"]
        with self.log.open("a") as log:
            self.processes.append(
                subprocess.Popen(program, cwd=ROOT, env=self.env, stdout=subprocess.DEVNULL, stderr=log)
            )

    def configure(self):
        (self.folder / "edged.yaml").write_text(json.dumps(self.settings))

    def misbehave(self, how):
        new = self.folder / "new"
        new.write_text(how)
        new.rename(self.folder / "fault")

    def send(self, which):
        self.processes[-1].send_signal(which)

    def wait(self, timeout_s):
        return self.processes[-1].wait(timeout_s)


@pytest.fixture
def box(tmp_path, broker, drone, systemd):
    """Started, and ready; ended at the end whatever happens."""
    box = Box(tmp_path, broker.port, drone, systemd.env(WATCHDOG_S))
    box.start()
    systemd.wait_for(lambda it: it.said("READY=1"), 40)
    yield box
    for process in box.processes:
        process.kill()
        process.wait()


def part(listener, name):
    """The last word on a part's health."""
    return (listener.on("/health") or [{"parts": {}}])[-1]["parts"].get(name, {"state": "", "reasons": []})


def test_a_stuck_stage_has_edged_aborted_with_every_stack_and_then_it_is_back(box, listener, systemd):
    """No more pings; health names the pipeline; SIGABRT shows where it hangs; the next start publishes soon."""
    systemd.wait_for(lambda it: len(it.said("WATCHDOG=1")) >= 4)
    systemd.wait_for(lambda it: any("hears through microphone" in word.text for word in it.said("STATUS=")))
    box.misbehave("hang")
    listener.wait_for(lambda it: "stuck at one item" in str(part(it, "pipelines.faulty")["reasons"]))
    listener.wait_for(lambda it: it.on("/health")[-1]["state"] == "failing")
    assert "pipelines.faulty" in part(listener, "watchdog")["reasons"][0]
    pings = len(systemd.said("WATCHDOG=1"))
    seen = len(listener.on("event/drones"))
    listener.wait_for(lambda it: len(it.on("event/drones")) > seen)  # it is that one pipeline alone
    time.sleep(WATCHDOG_S)
    assert len(systemd.said("WATCHDOG=1")) == pings

    box.send(signal.SIGABRT)  # as systemd does then
    assert box.wait(10) == -signal.SIGABRT
    told = box.log.read_text()
    assert "part=pipelines.faulty" in told
    aborted = told.partition("Fatal Python error: Aborted")[2]
    assert "in hang_for_ever" in aborted
    assert aborted.count("Thread 0x") > 5
    seen = len(listener.on("event/drones"))
    box.start()
    listener.wait_for(lambda it: len(it.on("event/drones")) > seen, 30)


def test_a_pipeline_that_breaks_four_times_stays_off_until_it_is_changed_and_the_rest_runs(box, listener, systemd):
    """Health says how often, why and what helps; a changed configuration has it begin anew."""
    box.misbehave("raise")
    listener.wait_for(lambda it: "broke 4 times in 10 min" in str(part(it, "pipelines.faulty")["reasons"]))
    broken = part(listener, "pipelines.faulty")
    assert broken["state"] == "failing"
    assert "stays off until `restart`" in broken["reasons"][0]
    assert "misbehave: ValueError('a bad chunk')" in broken["reasons"][0]
    assert broken["counters"]["faults_misbehave_ValueError"] == 40
    assert broken["counters"]["restarts"] == 3
    seen = len(listener.on("event/drones"))
    listener.wait_for(lambda it: len(it.on("event/drones")) > seen)
    assert part(listener, "pipelines.drones")["state"] == "ok"
    box.misbehave("")
    box.settings["pipelines"]["faulty"] = {"smoothing": {"votes": 2}}
    box.configure()
    box.send(signal.SIGHUP)
    listener.wait_for(lambda it: part(it, "pipelines.faulty")["state"] == "ok")
    systemd.wait_for(lambda it: len(it.said("READY=1")) == 2)
    spoken = [word.text for word in systemd.words if word.text.startswith(("R", "MONO"))]
    assert [word.partition("=")[0] for word in spoken] == ["READY", "RELOADING", "MONOTONIC_USEC", "READY"]


def test_stopping_takes_less_than_10_s_even_if_everything_hangs(box, listener, systemd):
    """The stacks tell what hung; what was accepted is on disk; the last will says `offline`."""
    box.misbehave("hang everything")
    wait_until(lambda: box.log.read_text().count(" hangs ") == 2)
    began_s = time.monotonic()
    box.send(signal.SIGTERM)
    assert box.wait(12) == 1
    assert time.monotonic() - began_s < 10
    systemd.wait_for(lambda it: it.said("STOPPING=1"))
    assert "in hang_for_ever" in box.log.read_text().partition("stopping")[2]
    assert "pipeline does not end; left behind pipeline=faulty" in box.log.read_text()
    listener.wait_for(lambda it: it.on("/state")[-1:] == [{"state": "offline"}])


def test_a_second_signal_stops_at_once(box):
    """Whatever still hangs."""
    box.misbehave("hang everything")
    wait_until(lambda: box.log.read_text().count(" hangs ") == 2)
    box.send(signal.SIGTERM)
    wait_until(lambda: " stopping" in box.log.read_text())
    began_s = time.monotonic()
    box.send(signal.SIGTERM)
    assert box.wait(5) == 128 + signal.SIGTERM
    assert time.monotonic() - began_s < 1


def test_a_clean_stop_says_what_still_waits(box, broker):
    """One line: nothing is lost, and somebody may want to know how much is not there yet."""
    wait_until(lambda: "phase=start" in box.log.read_text())
    broker.stop()
    wait_until(lambda: "not connected" in box.log.read_text())
    box.send(signal.SIGTERM)
    assert box.wait(10) == 0
    last = box.log.read_text().splitlines()[-1]
    assert " stopped " in last
    assert int(last.partition("wait_on_disk_for_the_broker=")[2]) > 0
