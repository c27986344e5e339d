"""The contract of a Model: the same, wherever it runs."""

import threading

import numpy as np
import pytest

from tests.inference.edgetpu.conftest import wait_until

HOMES = ("cpu", "edgetpu", "failover")


@pytest.fixture(params=HOMES)
def model(request, box, twin):
    """A model on the CPU, on the Edge TPU, or on both."""
    cpu = twin()
    if request.param == "cpu":
        return cpu
    made = box(deadline_ms=5000)
    failover = made.add(cpu)
    made.device.start()
    wait_until(made.is_up)
    return failover if request.param == "failover" else failover._tpu


def question(model, seed=0):
    tensor = model.card.inputs[0]
    return [np.random.default_rng(seed).integers(-128, 128, tensor.shape).astype(tensor.dtype)]


def test_outputs_have_the_shapes_and_dtypes_of_the_card(model):
    """In the card's order."""
    outputs = model.run(question(model)).outputs
    assert [(o.shape, o.dtype.name) for o in outputs] == [(t.shape, t.dtype) for t in model.card.outputs]


def test_an_answer_names_the_model_its_file_and_the_device(model):
    """So that each event can."""
    use = model.run(question(model)).use
    assert use.name == "drone_sound"
    assert use.device in {"cpu", "usb:0"}
    assert use.sha256 == model.card.files["cpu" if use.device == "cpu" else "edgetpu"].sha256


def test_outputs_are_copies(model):
    """A later inference does not change what an earlier one gave."""
    first = model.run(question(model, 0)).outputs
    kept = [output.copy() for output in first]
    model.run(question(model, 1))
    for output, copy in zip(first, kept, strict=True):
        np.testing.assert_array_equal(output, copy)
        assert output.flags.writeable


def test_equal_questions_get_equal_answers(model, twin):
    """And they are those of the CPU."""
    cpu = twin("judge")
    for seed in (0, 1, 0):
        for given, right in zip(
            model.run(question(model, seed)).outputs, cpu.run(question(cpu, seed)).outputs, strict=True
        ):
            np.testing.assert_array_equal(given, right)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (lambda shape: [np.zeros(shape, np.float32)], r"float32\[.*\], must be int8\["),
        (lambda shape: [np.zeros((1, 2), np.int8)], r"int8\[1, 2\], must be int8\["),
        (lambda shape: [np.zeros(shape, np.int8)] * 2, "2 inputs, must be 1"),
        (lambda shape: [], "0 inputs, must be 1"),
    ],
    ids=["dtype", "shape", "too many", "none"],
)
def test_inputs_that_are_not_the_cards_are_refused_naming_both(model, inputs, message):
    """What was given and what must be; the next question is answered."""
    with pytest.raises(ValueError, match=message):
        model.run(inputs(model.card.inputs[0].shape))
    model.run(question(model))


def test_inputs_need_not_be_contiguous(model):
    """A view of a larger array is as good."""
    (plain,) = question(model)
    wide = np.zeros((*plain.shape[:-1], 2), plain.dtype)
    wide[..., :1] = plain
    for given, right in zip(model.run([wide[..., :1]]).outputs, model.run([plain]).outputs, strict=True):
        np.testing.assert_array_equal(given, right)


def test_threads_get_their_own_answers(model):
    """However many ask at once."""
    expected = [model.run(question(model, seed)).outputs for seed in range(4)]
    wrong = []

    def ask(seed):
        for _ in range(50):
            outputs = model.run(question(model, seed)).outputs
            if not all(np.array_equal(given, right) for given, right in zip(outputs, expected[seed], strict=True)):
                wrong.append(seed)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
