"""The accelerator dies in every way it can, and each question is answered all the same, rightly and once."""

import gc
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from edged.inference.edgetpu.device import RETRY_S, TIRED, TIRED_S, retry_s
from tests.inference.edgetpu.conftest import wait_until
from tests.inference.edgetpu.stand_in import host_pids


def ask(model, seed):
    """A question that only ``seed`` has."""
    tensor = model.card.inputs[0]
    return model.run([np.random.default_rng(seed).integers(-128, 128, tensor.shape).astype(tensor.dtype)])


def ask_until(model, device, limit_s=15.0):
    wait_until(lambda: ask(model, 0).use.device == device, limit_s)


def running(box, twin, **config):
    """A box whose device is up, the model on it, and the model on the CPU to judge by."""
    cpu = twin()
    made = box(**config)
    model = made.add(cpu)
    made.device.start()
    wait_until(made.is_up)
    return made, model, cpu


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"invoke": "error"}, "USB transfer error"),
        ({"invoke": "crash"}, "SIGSEGV"),
        ({"invoke": "abort"}, "SIGABRT"),
        ({"invoke": "hang"}, "hangs in drone_sound"),
        ({"invoke": "error", "after": 1000}, "USB transfer error"),
        ({"invoke": "hang", "after": 1000}, "hangs in drone_sound"),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_a_fault_at_an_inference_costs_no_answer(box, twin, stand_in, fault, reason):
    """The question that met it is answered by the CPU, rightly; health says why; later the device is taken back."""
    made, model, cpu = running(box, twin)
    if "after" in fault:  # of the host's life: the device's own first ones are among them
        fault = fault | {"after": 1000}
        stand_in.fault(**fault)
        for seed in range(990):
            ask(model, seed % 7)
    stand_in.fault(**fault)
    devices = []
    for seed in range(60):
        answer = ask(model, seed)
        devices.append(answer.use.device)
        for given, right in zip(answer.outputs, ask(cpu, seed).outputs, strict=True):
            np.testing.assert_array_equal(given, right)
    assert "cpu" in devices
    wait_until(made.is_down)
    wait_until(lambda: reason in made.reason)
    assert "its models run on the CPU" in made.reason
    stand_in.heal()
    ask_until(model, "usb:0")
    wait_until(lambda: made.is_up() and not made.reason)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"open": "null"}, "usb:0 cannot be opened"),
        ({"open": "error"}, "device is in use"),
        ({"open": "crash"}, "SIGSEGV.*may not fit.*doctor"),
        ({"open": "hang"}, "hangs in load"),
        ({"invoke": "hang"}, "hangs in drone_sound"),
        ({"invoke": "error"}, "USB transfer error"),
        ({"invoke": "lie"}, "is not to be trusted: drone_sound: output .* differs from the CPU's"),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, dict) else "",
)
def test_a_device_that_cannot_be_opened_is_said_and_taken_when_it_works(box, twin, stand_in, fault, reason):
    """Whatever keeps it from being opened: the CPU answers meanwhile, and nothing waits."""
    stand_in.fault(**fault)
    made, cpu = box(), twin()
    model = made.add(cpu)
    made.device.start()
    assert ask(model, 1).use.device == "cpu"
    wait_until(lambda: re.search(reason, made.reason))
    assert not made.is_up()
    stand_in.heal()
    ask_until(model, "usb:0")


@pytest.mark.parametrize("fault", [{"invoke": "error"}, {"invoke": "crash"}], ids=str)
def test_a_session_that_a_fault_ended_leaves_no_file_open(box, twin, stand_in, fault):
    """At once, and not when the garbage collector finds it: that may be an hour later, and dozens of faults."""

    def is_open():
        found = subprocess.run(["ls", "-l", f"/proc/{os.getpid()}/fd"], capture_output=True, text=True, check=False)
        return found.stdout.count("memfd:edged-drone_sound")

    gc.collect()
    gc.disable()
    try:
        made, model, _ = running(box, twin)
        before = is_open()
        stand_in.fault(**fault)
        wait_until(lambda: ask(model, 0) and made.part.snapshot().counters.get("lost", 0) >= 4)
        stand_in.heal()
        ask_until(model, "usb:0")
        wait_until(lambda: is_open() == before)
    finally:
        gc.enable()


def test_a_killed_host_process_is_noticed_though_nobody_asks(box, twin):
    """The device is asked when it is idle; a new process takes over."""
    made, _, _ = running(box, twin)
    (pid,) = host_pids()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: "SIGKILL" in made.reason)
    wait_until(made.is_up)
    assert host_pids() != [pid]


def test_a_hang_is_noticed_though_nobody_asks(box, twin, stand_in):
    """An idle device is not taken for a well one."""
    made, _, _ = running(box, twin)
    stand_in.fault(invoke="hang")
    wait_until(lambda: "hangs in drone_sound" in made.reason)


def test_two_failures_within_a_second_are_two_recoveries(box, twin, stand_in):
    """The second comes as soon as the first is over."""
    made, model, _ = running(box, twin)
    for _ in range(2):
        (pid,) = host_pids()
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: ask(model, 0).use.device == "cpu" or host_pids() not in ([], [pid]))  # noqa: B023
        ask_until(model, "usb:0")
    assert made.part.snapshot().counters["lost"] == 2


def test_a_device_that_works_at_the_eleventh_try_is_taken_back(box, twin, stand_in):
    """Failures make it wait longer, never give up."""
    stand_in.fault(open="null")
    made = box()
    model = made.add(twin())
    made.device.start()
    wait_until(lambda: made.part.snapshot().counters.get("lost", 0) >= 10, 60)
    assert made.resets >= 8
    stand_in.heal()
    ask_until(model, "usb:0")


def test_failures_leave_nothing_behind(box, twin, stand_in):
    """No process, no file descriptor, no shared memory."""
    made, model, _ = running(box, twin)

    def fail_once():
        lost = made.part.snapshot().counters.get("lost", 0)
        stand_in.fault(invoke="error")
        wait_until(lambda: ask(model, 0) and made.part.snapshot().counters.get("lost", 0) > lost)
        stand_in.heal()
        ask_until(model, "usb:0")

    fail_once()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(4):
        fail_once()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
    assert len(host_pids()) == 1


def test_waiting_grows_to_a_limit_that_keeps_recovery_within_five_seconds():
    """Twice as long each time; only a device that is broken for minutes is tried seldom."""
    waits = [retry_s(failures) for failures in range(1, TIRED + 1)]
    assert waits == sorted(waits)
    assert waits[0] == RETRY_S[0]
    assert waits[-1] == RETRY_S[1] < 5
    assert retry_s(TIRED + 1) == TIRED_S


def test_a_missing_library_is_named(box, twin, tmp_path):
    """With the loader's own words."""
    made = box()
    made.device._config = made.device._config.model_copy(update={"library": tmp_path / "libnone.so"})
    made.add(twin())
    made.device.start()
    wait_until(lambda: "libnone.so: cannot open shared object file" in made.reason)


def test_a_missing_interpreter_is_named(box, twin, tmp_path):
    """With the key of the configuration."""
    made = box(python=tmp_path / "python3.9")
    made.add(twin())
    made.device.start()
    wait_until(lambda: "accelerator.edgetpu.python" in made.reason and "No such file" in made.reason)


def test_an_interpreter_without_a_runtime_is_told_what_it_lacks(box, twin, tmp_path):
    """All that were tried, and why each was skipped."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    made = box(python=tmp_path / "bare" / "bin" / "python")
    made.add(twin())
    made.device.start()
    wait_until(lambda: "has none of pycoral, tflite_runtime, ai_edge_litert" in made.reason)


def test_a_slow_answer_comes_from_the_cpu_and_the_late_one_is_never_taken_for_another(box, twin, stand_in):
    """A device that is late is not thrown away, and its answers do not get mixed up."""
    made, model, cpu = running(box, twin, deadline_ms=20, hang_s=10)
    stand_in.fault(slow=60)
    devices = set()
    for seed in range(40):
        answer = ask(model, seed)
        devices.add(answer.use.device)
        for given, right in zip(answer.outputs, ask(cpu, seed).outputs, strict=True):
            np.testing.assert_array_equal(given, right)
    assert devices == {"cpu"}
    stand_in.heal()
    ask_until(model, "usb:0")
    assert made.announced == [True]
    assert made.health.part("models.drone_sound").snapshot().counters["late"] >= 1


def test_a_hang_of_one_model_does_not_hold_up_another(box, twin, stand_in):
    """Whoever waits behind it gives up at its own deadline and asks the CPU."""
    made, first, _ = running(box, twin)
    second = made.add(twin("other"))
    ask_until(second, "usb:0")
    stand_in.fault(invoke="hang")
    stop, waits = threading.Event(), []

    def keep_asking():
        while not stop.is_set():
            began = time.monotonic()
            ask(second, 1)
            waits.append(time.monotonic() - began)

    thread = threading.Thread(target=keep_asking)
    thread.start()
    ask(first, 2)
    wait_until(made.is_down)
    stop.set()
    thread.join()
    assert max(waits) < 1.0  # no more than its deadline and the CPU's time; far less than the second that a hang takes


def test_many_threads_get_their_own_answers_through_faults(box, twin, stand_in):
    """Four pipelines ask while the device breaks and heals: no answer is lost, doubled or mixed up."""
    made, model, cpu = running(box, twin)
    right = [ask(cpu, seed).outputs for seed in range(4)]
    wrong, stop, counts = [], threading.Event(), [0] * 4

    def keep_asking(seed):
        while not stop.is_set():
            outputs = ask(model, seed).outputs
            counts[seed] += 1
            if not all(np.array_equal(given, wanted) for given, wanted in zip(outputs, right[seed], strict=True)):
                wrong.append(seed)

    threads = [threading.Thread(target=keep_asking, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for fault in ({"invoke": "error"}, {"invoke": "crash"}, {"slow": 30}, {"invoke": "hang"}):
        stand_in.fault(**fault)
        if "invoke" in fault:
            wait_until(made.is_down)
        stand_in.heal()
        wait_until(made.is_up)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert all(counts)
