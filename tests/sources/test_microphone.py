"""Microphone and Capture with a real PortAudio: what is played is what comes, and every loss is noticed."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edged.errors import DeviceLostError
from edged.sources.microphone import describe, find_device
from tests.virtual_microphone import VirtualMicrophone

LISTEN = Path(__file__).with_name("listen.py")
NOTICED_S = 5.0
NOISE = np.random.default_rng(0).integers(1, 9000, 16000) / 32768


class Listener:
    """A process that listens; ``said`` are its lines."""

    def __init__(self, env: dict[str, str], samples: Path, **config: object) -> None:
        command = [sys.executable, str(LISTEN), str(samples), json.dumps({"chunk_s": 0.02, **config})]
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._samples = samples
        self.said: list[dict] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, state: str, within_s: float, reason: str = "") -> dict:
        """The next line with that state, whose first reason holds ``reason``; lines before it are forgotten."""

        def found() -> bool:
            while self.said and not (self.said[0]["state"] == state and reason in str(self.said[0].get("reasons"))):
                self._last = self.said.pop(0)
            return bool(self.said)

        with self._changed:
            assert self._changed.wait_for(found, within_s), f"not {state} within {within_s} s; last: {self._last}"
            return self.said.pop(0)

    def samples(self) -> np.ndarray:
        return np.fromfile(self._samples, "<f4") if self._samples.exists() else np.zeros(0, np.float32)

    def stop(self, within_s: float = NOTICED_S) -> int:
        self.process.stdin.close()
        return self.process.wait(within_s)

    def _read(self) -> None:
        for line in self.process.stdout:
            with self._changed:
                self.said.append(json.loads(line))
                self._changed.notify()

    _last: dict | None = None


@pytest.fixture
def listen(virtual_microphone: VirtualMicrophone, tmp_path: Path) -> Iterator[Callable[..., Listener]]:
    """Starts listeners on the virtual microphone, and ends them."""
    listeners: list[Listener] = []

    def start(env: dict[str, str] = virtual_microphone.env, **config: object) -> Listener:
        config.setdefault("device", virtual_microphone.device)
        listeners.append(Listener(env, tmp_path / f"{len(listeners)}.f32", **config))
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.process.kill()
        listener.process.wait()
        listener._reader.join(2)
        listener.process.stdin.close()
        listener.process.stdout.close()


def heard(listener: Listener, count: int) -> np.ndarray:
    """What was recorded from the first sound on, as 16-bit numbers, once there are ``count`` of them."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        samples = np.round(listener.samples() * 32768)
        loud = np.flatnonzero(samples)
        if len(loud) and len(samples) - loud[0] >= count:
            return samples[loud[0] : loud[0] + count]
        time.sleep(0.05)
    raise AssertionError("the sound did not come")


def test_samples_come_exactly_as_played(virtual_microphone, listen):
    """At the models' own rate every sample arrives, in order and unchanged; the process ends at once and cleanly."""
    virtual_microphone.silence()
    listener = listen()
    listener.wait_for("ok", 8)
    virtual_microphone.play(NOISE)
    np.testing.assert_array_equal(heard(listener, len(NOISE)), np.round(NOISE * 32768))
    assert listener.stop(2) == 0


def test_other_rate_and_channels_are_brought_to_16_khz_mono(virtual_microphone, listen):
    """A device opened at 48 kHz with two channels gives the same tone, at the same pace, as 16 kHz mono."""
    virtual_microphone.play(0.5 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000), loop=True)
    listener = listen(rate_hz=48000, channels=2)
    listener.wait_for("ok", 8)
    samples = heard(listener, 12000)[4000:]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert np.argmax(spectrum) * 16000 / len(samples) == pytest.approx(1000, abs=2)


def test_starved_device_is_noticed_and_taken_back(virtual_microphone, listen):
    """A device that gives nothing, without a word, is failing within 5 s, and ok again when sound comes again."""
    virtual_microphone.play(NOISE, loop=True)
    listener = listen()
    listener.wait_for("ok", 8)
    virtual_microphone.starve()
    listener.wait_for("failing", NOTICED_S, "gave nothing for 3")
    virtual_microphone.play(NOISE, loop=True)
    assert listener.wait_for("ok", NOTICED_S)["counters"] == {"lost": 1}


def test_frozen_server_is_noticed_and_taken_back(virtual_microphone, listen):
    """A sound server that stands still is noticed within 5 s; when it goes on, so does the sound."""
    virtual_microphone.play(NOISE, loop=True)
    listener = listen()
    listener.wait_for("ok", 8)
    virtual_microphone.freeze()
    listener.wait_for("failing", NOTICED_S)
    time.sleep(1)  # by now the microphone is being closed, or opened again, and hangs in it
    virtual_microphone.thaw()
    listener.wait_for("ok", 8)
    before = len(listener.samples())
    time.sleep(0.5)
    assert len(listener.samples()) - before > 4000
    assert listener.stop() == 0


def test_process_stops_in_time_with_the_server_frozen(virtual_microphone, listen):
    """A read or a close that never returns does not keep the process from ending within 5 s."""
    virtual_microphone.play(NOISE, loop=True)
    listener = listen()
    listener.wait_for("ok", 8)
    virtual_microphone.freeze()
    listener.wait_for("failing", NOTICED_S)
    assert listener.stop(NOTICED_S) == 0


def test_server_frozen_from_the_start_is_noticed(virtual_microphone, listen):
    """Where opening itself does not return, the check from the main thread says so, and the process can stop."""
    virtual_microphone.freeze()
    listener = listen()
    listener.wait_for("starting", 8)
    listener.wait_for("failing", NOTICED_S, "a read has not returned")
    assert listener.stop(NOTICED_S) == 0


def test_killed_server_is_noticed_and_its_successor_used(virtual_microphone, listen):
    """A vanished device is failing at once, and opened again when it is back, with its sound whole."""
    virtual_microphone.play(NOISE, loop=True)
    listener = listen()
    listener.wait_for("ok", 8)
    virtual_microphone.kill()
    listener.wait_for("failing", NOTICED_S)
    virtual_microphone.silence()
    virtual_microphone.restart()
    listener.wait_for("ok", 8, "[]")
    before = len(listener.samples())
    virtual_microphone.play(NOISE)
    time.sleep(1.5)
    samples = np.round(listener.samples()[before:] * 32768)
    assert np.array_equal(samples[samples != 0], np.round(NOISE * 32768))


def test_a_muted_clipping_or_offset_microphone_is_named_in_time(virtual_microphone, listen):
    """Each within 5 s of its beginning, by its own name; good sound clears it."""
    hiss = NOISE - NOISE.mean()
    virtual_microphone.play(hiss, loop=True)
    listener = listen()
    listener.wait_for("ok", 8)
    for sound, name in ((0 * hiss, "silent"), (np.clip(50 * hiss, -1, 1), "clipping"), (hiss / 9 + 0.4, "offset")):
        virtual_microphone.play(sound, loop=True)
        assert listener.wait_for("degraded", NOTICED_S, name)["reasons"][0].startswith(name)
        virtual_microphone.play(hiss, loop=True)
        listener.wait_for("ok", 2, "[]")


def plug_in(virtual_microphone: VirtualMicrophone, *names: str) -> None:
    """From now on these are the devices of the machine, in this order."""
    pcm = "".join(f'pcm.{name} {{ type pulse; device "vmic" }}\n' for name in names)
    (virtual_microphone.folder / ".asoundrc").write_text(pcm)


def test_a_microphone_that_is_absent_at_boot_is_found_when_it_comes(virtual_microphone, listen):
    """Meanwhile health says which is missing and what there is; a device that came since is seen."""
    plug_in(virtual_microphone)
    virtual_microphone.play(NOISE, loop=True)
    listener = listen()
    listener.wait_for("failing", 8, "microphone 'vmic': no such device")
    plug_in(virtual_microphone, "vmic")
    listener.wait_for("ok", 8, "[]")
    before = len(listener.samples())
    time.sleep(0.5)
    assert len(listener.samples()) - before > 4000


def test_a_microphone_that_is_plugged_in_again_under_another_number_is_found_by_its_name(virtual_microphone, listen):
    """Others that came before it have taken its number; it is the one that is meant all the same."""
    plug_in(virtual_microphone, "vmic", "other")
    virtual_microphone.play(NOISE, loop=True)
    listener = listen()
    listener.wait_for("ok", 8)
    virtual_microphone.kill()
    plug_in(virtual_microphone)
    listener.wait_for("failing", NOTICED_S)
    virtual_microphone.restart()
    listener.wait_for("failing", 8, "no such device")
    plug_in(virtual_microphone, "first", "second", "vmic")
    listener.wait_for("ok", 16, "[]")
    before = len(listener.samples())
    time.sleep(0.5)
    assert len(listener.samples()) - before > 4000


class OffPace(VirtualMicrophone):
    """A microphone whose clock is wrong: it takes ``rate`` times the samples that it says."""

    rate = 1.0

    def _next_block(self) -> bytes | None:
        block = super()._next_block()
        return block and (2 * block)[: 2 * round(len(block) / 2 * self.rate)]


@pytest.mark.parametrize("rate", [44100 / 48000, 1.1])
def test_a_clock_that_is_off_is_named(listen, rate):
    """PulseAudio is fed too slowly, or too quickly: sound goes on, and health says by how much it is off."""
    with OffPace() as microphone:
        microphone.play(NOISE - NOISE.mean(), loop=True)
        microphone.rate = rate
        listener = listen(microphone.env)
        listener.wait_for("ok", 8)
        said = listener.wait_for("degraded", 15, "sample rate off by ")["reasons"][0]
        assert float(said.split()[4]) == pytest.approx(100 * (rate - 1), rel=0.3)
        assert listener.stop() == 0


TWO_MICROPHONES = """
import sys, threading, time
from edged.errors import DeviceLostError
from edged.sources.microphone import Microphone, MicrophoneConfig
count = 0
def read():
    global count
    for chunk in Microphone(MicrophoneConfig(device="vmic")).stream():
        count += 0 if chunk is None else len(chunk.samples)
threading.Thread(target=read, daemon=True).start()
while not count: time.sleep(0.02)
began, before = time.monotonic(), count
while time.monotonic() - began < 1.5:
    try: next(Microphone(MicrophoneConfig(device="elsewhere")).stream())
    except DeviceLostError: time.sleep(0.05)
heard_s, took_s = (count - before) / 16000, time.monotonic() - began
assert 0.8 < heard_s / took_s < 1.2, (heard_s, took_s)
"""


def test_searching_for_one_microphone_does_not_disturb_another(virtual_microphone):
    """PortAudio is not started anew, to look for a lost device, while another device is being read."""
    virtual_microphone.play(NOISE, loop=True)
    code = [sys.executable, "-c", TWO_MICROPHONES]
    result = subprocess.run(code, env=virtual_microphone.env, capture_output=True, text=True, timeout=20, check=False)
    assert result.returncode == 0, result.stderr


LIST = """
import json, sys
from edged.errors import DeviceLostError
from edged.sources.microphone import Microphone, MicrophoneConfig, input_devices
found = {}
for wanted in json.loads(sys.argv[1]):
    try: found[str(wanted)] = next(iter(Microphone(MicrophoneConfig(device=wanted)).stream())) is not None
    except DeviceLostError as error: found[str(wanted)] = str(error)
number = next(device["index"] for device in input_devices() if device["name"] == "vmic")
found["number"] = next(iter(Microphone(MicrophoneConfig(device=number)).stream())) is not None
json.dump(found, sys.stdout)
"""


def test_device_is_found_by_name_part_or_number(virtual_microphone):
    """Each way to name a device opens it; a name that none has gives the nearest, and the list of what there is."""
    virtual_microphone.play(NOISE, loop=True)
    code = [sys.executable, "-c", LIST, json.dumps(["vmic", "VMI", "vmik", 99])]
    result = subprocess.run(code, env=virtual_microphone.env, capture_output=True, text=True, timeout=20, check=False)
    found = json.loads(result.stdout)
    assert found["vmic"] is found["VMI"] is found["number"] is True
    assert found["vmik"].startswith("microphone 'vmik': no such device; did you mean 'vmic'?\n")
    assert "vmic  (" in found["vmik"]
    assert found["99"].startswith("microphone 99: no such device\n")


def device(index: int, name: str) -> dict:
    return {"index": index, "name": name, "max_input_channels": 2, "default_samplerate": 48000.0}


BOX = [device(0, "HDA Intel: ALC (hw:0,0)"), device(3, "USB Audio: A (hw:1,0)"), device(4, "USB Audio: B (hw:2,0)")]


@pytest.mark.parametrize(("wanted", "index"), [(3, 3), ("USB Audio: B (hw:2,0)", 4), ("hw:1", 3), ("intel", 0)])
def test_a_device_is_meant_by_number_name_or_part(wanted, index):
    """Number, whole name and a part that fits only one device, in any case, all mean that device."""
    assert find_device(wanted, BOX)["index"] == index


@pytest.mark.parametrize(
    ("wanted", "devices", "message"),
    [
        ("USB", BOX, "microphone 'USB': fits 2 devices, name it in full or by number"),
        ("USB Audi A (hw:1,0)", BOX, "did you mean 'USB Audio: A (hw:1,0)'?"),
        (None, [], "microphone default: no such device\n  no device can record"),
        (-1, BOX, "microphone -1: no such device"),
    ],
)
def test_a_device_that_cannot_be_meant_is_told_with_the_list(wanted, devices, message):
    """The message says why, proposes the nearest name and lists every device."""
    with pytest.raises(DeviceLostError) as error:
        find_device(wanted, devices)
    assert message in str(error.value)
    assert str(error.value).endswith(describe(devices))


def test_default_device_is_the_one_called_default_else_the_first():
    """Without a name, ALSA's own default is used where it is offered."""
    assert find_device(None, BOX)["index"] == 0
    assert find_device(None, [*BOX, device(7, "default")])["index"] == 7


def test_missing_portaudio_says_what_to_install(tmp_path):
    """A machine without libportaudio gives one error with the remedy, and a source that may come back."""
    (tmp_path / "sounddevice.py").write_text('raise OSError("PortAudio library not found")')
    code = "from edged.sources.microphone import Microphone, MicrophoneConfig as C; next(Microphone(C()).stream())"
    result = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    last = result.stderr.strip().splitlines()[-1]
    expected = "PortAudio is missing (PortAudio library not found); `apt install libportaudio2`"
    assert last == f"edged.errors.DeviceLostError: {expected}"
