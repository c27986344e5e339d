"""One device, its models, and what is said of it."""

import itertools
import threading

import numpy as np
import pytest

from edged.errors import ModelError
from edged.inference.cpu_model import CpuModel
from edged.inference.edgetpu.self_test import known_inputs
from edged.inference.model import zeros
from edged.messages.health import State
from tests.inference.edgetpu.conftest import wait_until
from tests.inference.edgetpu.stand_in import DATA, host_pids, real_model
from tests.inference.edgetpu.test_failures import ask, ask_until, running


def test_a_real_compiled_model_runs_end_to_end(box, stand_in, tmp_path):
    """As Google's compiler made it; its answers, which only a real device could work out, are told beforehand."""
    if not (DATA / "google-coral__test_data").is_dir():
        pytest.skip("../shared/data is not here")
    cpu = CpuModel(real_model(tmp_path / "real", "mobilenet_v1_0.25_128_quant"))
    questions = [*known_inputs(cpu.card), [np.full_like(array, 7) for array in zeros(cpu.card)]]
    for question in questions:
        stand_in.knows(question, cpu.run(question).outputs)
    made = box(deadline_ms=2000)
    model = made.add(cpu)
    made.device.start()
    wait_until(made.is_up)
    for question in questions:
        answer = model.run(question)
        assert answer.use.device == "usb:0"
        for given, right in zip(answer.outputs, cpu.run(question).outputs, strict=True):
            np.testing.assert_array_equal(given, right)
    stand_in.fault(invoke="error")
    assert model.run(questions[0]).use.device == "cpu"


def test_a_real_compiled_model_that_answers_wrongly_is_not_believed(box, tmp_path):
    """The stand-in does not know this model's answers: it makes them up, and is found out."""
    if not (DATA / "google-coral__test_data").is_dir():
        pytest.skip("../shared/data is not here")
    cpu = CpuModel(real_model(tmp_path / "real", "mobilenet_v1_0.25_128_quant"))
    made = box()
    model = made.add(cpu)
    made.device.start()
    wait_until(lambda: "is not to be trusted" in made.reason)
    assert model.run(zeros(cpu.card)).use.device == "cpu"


def test_a_device_that_begins_to_lie_is_found_out_at_the_next_check(box, twin, stand_in):
    """Not only when it is opened."""
    made, _, _ = running(box, twin, check_s=1)
    stand_in.fault(invoke="lie")
    wait_until(lambda: "is not to be trusted" in made.reason)


def test_models_come_and_go_while_the_device_runs(box, twin):
    """The others are not disturbed."""
    made, first, _ = running(box, twin)
    (pid,) = host_pids()
    second = made.add(twin("other"))
    ask_until(second, "usb:0")
    second.close()
    wait_until(lambda: len(made.device._session.channels) == 1)
    assert ask(second, 0).use.device == "cpu"
    assert ask(first, 0).use.device == "usb:0"
    assert host_pids() == [pid]
    assert made.announced == [True]


def test_a_model_that_cannot_be_loaded_runs_on_the_cpu_and_the_others_on_the_device(box, twin):
    """Its file was damaged after the start: health names it, and what to do."""
    cpu = twin("other")
    made = box()
    first, second = made.add(twin()), made.add(cpu)
    (cpu.folder / "twin_edgetpu.tflite").write_bytes(b"damaged")
    made.device.start()
    wait_until(made.is_up)
    assert ask(first, 0).use.device == "usb:0"
    assert ask(second, 0).use.device == "cpu"
    assert "runs on the CPU: model other: " in made.reason
    assert "install the model again" in made.reason


def test_a_twin_that_is_not_as_its_card_says_is_refused_at_once(box, twin):
    """Before any device sees it."""
    cpu = twin()
    (cpu.folder / "twin_edgetpu.tflite").write_bytes(b"damaged")
    with pytest.raises(ModelError, match=r"twin_edgetpu.tflite has sha256"):
        box().add(cpu)


def test_what_slows_a_model_down_on_the_device_is_said_when_it_runs_there(box, twin, caplog):
    """And not on a box that has no such device."""
    made = box()
    made.plugged_in = False
    made.add(twin("partly_compiled"))
    assert "runs on the CPU" not in caplog.text
    made.plugged_in = True
    made.device.start()
    wait_until(made.is_up)
    assert "part of a model for the Edge TPU runs on the CPU" in caplog.text


def test_a_device_without_models_is_left_alone(box):
    """No process is started for it, and that is no fault."""
    made = box()
    made.device.start()
    wait_until(lambda: "no model in use has a file for it" in made.reason)
    assert made.part.state is State.OFF
    assert host_pids() == []


def test_a_device_that_is_not_plugged_in_is_taken_when_it_is(box, twin):
    """Nothing is started before; that it was never there is no fault."""
    made = box()
    made.plugged_in = False
    model = made.add(twin())
    made.device.start()
    wait_until(lambda: "is not plugged in" in made.reason)
    assert made.part.state is State.OFF
    made.plugged_in = True
    ask_until(model, "usb:0")


def test_stopping_gives_the_device_back(box, twin, stand_in):
    """The process ends by itself; another program may have the device."""
    made, model, _ = running(box, twin)
    made.device.stop(5)
    assert host_pids() == []
    assert made.announced == [True, False]
    assert ask(model, 0).use.device == "cpu"
    other = box()
    other.add(twin("other"))
    other.device.start()
    wait_until(other.is_up)


def test_a_second_daemon_is_told_who_has_the_device(box, twin):
    """And takes it when the first is done."""
    first, _, _ = running(box, twin)
    second = box()
    second.add(twin("other"))
    second.device.start()
    wait_until(lambda: "usb:0: is held by process" in second.reason and "stop it" in second.reason)
    assert first.is_up()
    first.device.stop(5)
    wait_until(second.is_up)


def test_two_devices_are_two_processes(box, twin):
    """One fails without the other."""
    first, model, _ = running(box, twin)
    second = box("pci:0")
    other = second.add(twin("other"))
    second.device.start()
    wait_until(second.is_up)
    assert len(host_pids()) == 2
    assert ask(other, 0).use.device == "pci:0"
    first.device._session._host.kill()
    ask_until(model, "usb:0")
    assert second.announced == [True]


def test_models_that_alternate_are_grouped_when_a_change_costs(box, twin, stand_in):
    """Two pipelines that always want something: the device changes less often than once in two."""
    made, first, _ = running(box, twin, deadline_ms=2000)
    second = made.add(twin("other"))
    ask_until(second, "usb:0")
    stand_in.fault(swap=10)
    began = len(stand_in.invocations())

    def keep_asking(model):
        for seed in range(60):
            ask(model, seed)

    threads = [threading.Thread(target=keep_asking, args=(model,)) for model in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    order = stand_in.invocations()[began:]
    changes = sum(one != other for one, other in itertools.pairwise(order))
    assert len(order) >= 120
    assert changes < len(order) / 3
