"""Two microphones in one process, which has one PortAudio: what happens to one is nothing to the other."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from edged.sources.microphone import has_come
from tests.two_microphones import two_microphones
from tests.virtual_microphone import missing

LISTEN = Path(__file__).with_name("listen_to_two.py")
PERIOD = 32000
RAMP = np.arange(1, PERIOD + 1) / 32768
"""Two seconds in which each sample tells its time."""
NOTICED_S = 5.0
MOST_LOST_S = 1.0
"""What it may cost the other one that PortAudio is started anew."""


class Listener:
    """A process that listens to both; ``said`` is its newest line."""

    def __init__(self, env: dict[str, str], samples: Path) -> None:
        command = [sys.executable, str(LISTEN), str(samples)]
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._samples, self.said, self._changed = samples, {}, threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, within_s: float, **facts: object) -> dict:
        """Until what is said last has these facts."""
        with self._changed:
            found = self._changed.wait_for(lambda: self.said and facts.items() <= self.said.items(), within_s)
            assert found, f"not {facts} within {within_s} s, but {self.said}"
            return self.said

    def missing(self) -> list[int]:
        """How many samples of `field` are missing, at each place where any are."""
        ramp = np.round(np.fromfile(self._samples, "<f4") * 32768).astype(int)
        (steps,) = (np.diff(ramp[np.flatnonzero(ramp)[0] :]) % PERIOD).reshape(1, -1)
        return [int(step) - 1 for step in steps if step != 1]

    def stop(self) -> None:
        self.process.stdin.close()
        try:
            assert self.process.wait(NOTICED_S) == 0
        finally:
            self.process.kill()
            self._reader.join(2)
            self.process.stdout.close()

    def _read(self) -> None:
        for line in self.process.stdout:
            with self._changed:
                self.said = json.loads(line)
                self._changed.notify()


@pytest.fixture
def microphones():
    """Both play."""
    if lacks := missing():
        pytest.skip(lacks)
    with two_microphones() as both:
        both.field.play(RAMP, loop=True)
        both.gate.play(RAMP, loop=True)
        yield both


@pytest.fixture
def listener(microphones, tmp_path):
    """It hears both."""
    listening = Listener(microphones.env, tmp_path / "field.f32")
    listening.wait_for(8, state="ok", field="ok")
    yield listening
    listening.stop()


def test_one_that_is_plugged_in_again_under_another_name_costs_the_other_a_moment(microphones, listener):
    """It is missed in time; the other does not feel that it is looked for, and loses a moment when it has come."""
    microphones.pull_out()
    listener.wait_for(NOTICED_S, state="failing", field="ok")
    time.sleep(3)  # it is looked for, in vain
    assert (listener.said["gaps"], listener.missing()) == (0, [])
    microphones.plug_in_elsewhere("first", "gate_2")
    microphones.gate.play(RAMP, loop=True)
    said = listener.wait_for(20, state="ok")
    assert (said["field"], said["lost"], said["gaps"]) == ("ok", 0, 1)
    time.sleep(0.3)
    (lost,) = listener.missing()
    assert 0 < lost < MOST_LOST_S * 16000


def test_one_that_comes_back_as_it_was_costs_the_other_nothing(microphones, listener):
    """PortAudio knows it: there is nothing to start anew."""
    microphones.gate.kill()
    listener.wait_for(NOTICED_S, state="failing", field="ok")
    microphones.gate.restart()
    said = listener.wait_for(15, state="ok")
    assert (said["field"], said["lost"], said["gaps"]) == ("ok", 0, 0)
    assert listener.missing() == []


def test_one_that_was_absent_at_boot_is_found_beside_one_that_is_open(microphones, tmp_path):
    """No other has to be lost first."""
    microphones.pull_out()
    listening = Listener(microphones.env, tmp_path / "field.f32")
    try:
        listening.wait_for(8, state="failing", field="ok")
        microphones.plug_in_elsewhere("gate_1")
        microphones.gate.play(RAMP, loop=True)
        assert listening.wait_for(20, state="ok")["lost"] == 0
    finally:
        listening.stop()


ONE_HANGS = """
from edged.sources import portaudio
class Sound:
    _initialized, starts = 0, 0
    class PortAudioError(Exception): pass
    def _terminate(self): self._initialized -= 1
    def _initialize(self): self._initialized += 1; self.starts += 1
sound, hung = Sound(), object()
def renew():
    with portaudio._guard: portaudio._renew(sound)
    return sound.starts
assert not portaudio.can_renew() and renew() == 1
portaudio._streams.append(hung)
assert portaudio.can_renew()
for pause_s in (60, 120):
    portaudio.ask_to_renew()
    assert portaudio.is_to_renew() and renew() == 1
    assert not portaudio.is_to_renew() and not portaudio.can_renew()
    assert portaudio._pause_s == pause_s
portaudio._streams.clear()
portaudio.ask_to_renew()
assert renew() == 2 and portaudio._pause_s == 30
"""


def test_where_one_hangs_nothing_is_pulled_from_under_it_and_the_others_are_asked_less_and_less():
    """Its stream cannot be closed: PortAudio stays as it is, until it has been."""
    done = subprocess.run([sys.executable, "-c", ONE_HANGS], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("wanted", "new", "may_be"),
    [
        ("usb", ["USB Audio: A (hw:2,0)"], True),
        ("usb", ["HDA Intel: ALC (hw:0,0)"], False),
        ("usb", [], False),
        (3, ["any"], True),
        (None, ["any"], True),
        (None, [], False),
    ],
)
def test_a_device_that_has_come_may_be_the_one_that_is_missed(wanted, new, may_be):
    """By its name; where a number or the default is wanted, any may."""
    assert has_come(wanted, new) is may_be
