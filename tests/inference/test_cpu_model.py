"""CpuModel: a model runs as its card says, or is refused with a reason before it can do harm."""

import hashlib
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.errors import ModelError
from edged.inference.catalogue import Catalogue, ModelsConfig
from edged.inference.cpu_model import CpuModel
from edged.inference.files.card import Tensor
from edged.inference.files.signature import SignaturePolicy
from edged.inference.model import dequantise, quantise
from tests.inference.keys import make_keys
from tests.inference.tflite import compiled


def random_input(model, seed):
    tensor = model.card.inputs[0]
    return [np.random.default_rng(seed).integers(-128, 128, tensor.shape).astype(tensor.dtype)]


def test_outputs_have_the_shapes_and_dtypes_of_the_card(folder):
    """In the card's order."""
    model = CpuModel(folder)
    outputs = model.run(random_input(model, 0)).outputs
    assert [(list(o.shape), o.dtype.name) for o in outputs] == [(list(t.shape), t.dtype) for t in model.card.outputs]


def test_outputs_are_copies(folder):
    """A later inference does not change what an earlier one gave."""
    model = CpuModel(folder)
    first = model.run(random_input(model, 0)).outputs
    kept = [output.copy() for output in first]
    model.run(random_input(model, 1))
    for output, copy in zip(first, kept, strict=True):
        np.testing.assert_array_equal(output, copy)


def test_threads_get_their_own_answers(folder):
    """An interpreter is not thread-safe; the model is."""
    model = CpuModel(folder)
    inputs = [random_input(model, seed) for seed in range(4)]
    expected = [model.run(one).outputs for one in inputs]
    wrong = []

    def ask(number):
        for _ in range(50):
            for got, right in zip(model.run(inputs[number]).outputs, expected[number], strict=True):
                if not np.array_equal(got, right):
                    wrong.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_input_of_the_wrong_shape_or_dtype_is_refused_naming_both(folder):
    """What was given and what must be."""
    model = CpuModel(folder)
    with pytest.raises(ValueError, match=r"float32\[1, 2\], must be int8\[1, \d+, \d+, 1\]"):
        model.run([np.zeros((1, 2), np.float32)])


def test_a_damaged_file_is_refused_before_the_runtime_sees_it(folder):
    """One changed byte: the hash is not the card's."""
    path = folder / "drone_sound.tflite"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"sha256 .* its card says .* damaged or was changed"):
        CpuModel(folder)


def test_a_missing_file_is_named(folder):
    """With what to do."""
    (folder / "drone_sound.tflite").unlink()
    with pytest.raises(ModelError, match=r"drone_sound.tflite cannot be read: No such file.*install"):
        CpuModel(folder)


def test_a_card_that_does_not_fit_its_model_is_refused_naming_both(folder, change):
    """Shape and quantisation are checked when the model is loaded, not at the first sound."""
    change(lambda card: card["inputs"][0].update(shape=[1, 98, 64, 1]))
    with pytest.raises(ModelError, match=r"input log_mel is int8\[.*\], its card says int8\[1, 98, 64, 1\]"):
        CpuModel(folder)


def test_a_card_with_another_quantisation_is_refused(folder, change):
    """Scores would be wrong without a word."""
    change(lambda card: card["inputs"][0].update(scale=0.5))
    with pytest.raises(ModelError, match=r"its card says 0.5 and"):
        CpuModel(folder)


def test_what_is_no_model_is_refused(folder, change):
    """Before the runtime sees it."""
    path = folder / "drone_sound.tflite"
    path.write_bytes(b"not a model" * 100)
    change(lambda card: card["files"]["cpu"].update(sha256=hashlib.sha256(path.read_bytes()).hexdigest()))
    with pytest.raises(ModelError, match="is no TFLite model"):
        CpuModel(folder)


def test_a_model_compiled_for_the_edge_tpu_is_refused_by_name(folder, change):
    """It could not run here, and the runtime's own message would not say why."""
    path = folder / "drone_sound.tflite"
    path.write_bytes(compiled(path.read_bytes()))
    change(lambda card: card["files"]["cpu"].update(sha256=hashlib.sha256(path.read_bytes()).hexdigest()))
    with pytest.raises(ModelError, match="compiled for the Edge TPU"):
        CpuModel(folder)


def test_an_unsigned_model_is_refused_where_signatures_are_required(folder):
    """Through the catalogue too, as pipelines load it."""
    with pytest.raises(ModelError, match="is not signed"):
        CpuModel(folder, policy=SignaturePolicy(required=True))
    config = ModelsConfig(path=folder.parent, require_signature=True, trusted_keys=(make_keys(folder)[1],))
    with pytest.raises(ModelError, match="is not signed"):
        Catalogue(config).load("drone_sound")


@given(st.floats(1e-4, 10), st.integers(-128, 127), st.integers(0, 2**32 - 1))
def test_quantising_is_exact_to_half_a_step_and_holds_to_its_range(scale, zero_point, seed):
    """Within the range the error is at most half a step; beyond, the range's edge."""
    tensor = Tensor(name="x", shape=(50,), dtype="int8", scale=scale, zero_point=zero_point)
    low, high = (-128 - zero_point) * scale, (127 - zero_point) * scale
    values = np.random.default_rng(seed).uniform(low - 5 * scale, high + 5 * scale, 50).astype(np.float32)
    back = dequantise(quantise(values, tensor), tensor)
    assert np.all(np.abs(back - np.clip(values, low, high)) <= scale * 0.501)
