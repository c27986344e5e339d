"""The measures of inference: each runs, and says what it is compared with. What comes out is not a test's business."""

import math

import numpy as np
import pytest
from benchmarks import inference
from benchmarks.inference_bare import Bare
from benchmarks.inference_device import Pipeline, device, wait_until
from benchmarks.inference_faults import meet
from benchmarks.inference_models import averages, drone_sound, picture

from tests.scripts.measures import check_that_it_measures

FEW = {
    "cpu_model": {"calls": 20},
    "cpu_model_picture": {"calls": 20},
    "host_round_trip": {"blocks": 1},
    "host_round_trip_15_ms": {"blocks": 1},
    "two_models": {"rounds": 1},
    "two_models_no_device": {"rounds": 1},
    "two_models_swapped": {"rounds": 1},
    "fault_error": {"times": 1},
    "fault_crash": {"times": 1},
    "fault_hang": {"times": 1},
    "stall_elsewhere": {"times": 1},
    "hang_to_offline": {"times": 1},
    "back_on_device": {"times": 1, "already_failed": 0},
    "back_after_hang": {"times": 1, "already_failed": 0},
    "host_memory": {},
    "host_start": {"times": 1},
}


def test_every_measure_is_tried():
    """None is forgotten below."""
    assert [measure.name for measure in inference.GROUP.measures] == [f"inference.{name}" for name in FEW]


@pytest.mark.parametrize(("name", "few"), FEW.items(), ids=FEW)
def test_measure_finds_a_figure_and_says_what_it_is_compared_with(name, few):
    """With as few repetitions as may be."""
    check_that_it_measures(inference.GROUP, name, few, above=-math.inf if name.startswith("host_round") else 0.0)


def test_averages_are_those_of_the_squares_of_a_picture(tmp_path):
    """A model that is quick, and right."""
    pixels = np.zeros((1, 300, 300, 3), np.uint8)
    pixels[:, :30, 30:60, 2] = 200
    (given,) = averages(tmp_path).run([pixels]).outputs
    assert given[0, 0, 1].tolist() == [0, 0, 200]
    assert given.sum() == 200


def test_without_shared_data_the_picture_is_averaged(tmp_path):
    """The measures need no downloads."""
    assert picture(tmp_path, tmp_path / "nowhere").card.name == "averages"


def test_the_bare_process_runs_models_in_the_order_it_is_told(tmp_path):
    """On the same device as ours; it says what each took, and invoke is part of the whole."""
    with device() as it, it.bare(drone_sound(tmp_path), averages(tmp_path)) as bare:
        before = len(it.stand_in.invocations())
        took = bare.turn([1, 0, 0])
        assert it.stand_in.invocations()[before:] == "BAA"
        assert all(0 < invoke_s < whole_s for invoke_s, whole_s in took)


def test_a_bare_process_that_ends_is_an_error(tmp_path):
    """And not a figure."""
    with pytest.raises(RuntimeError, match="ended with status 1"):
        Bare(tmp_path / "none.so", {}, [tmp_path / "none.tflite"])


def test_a_fault_that_is_not_met_is_an_error(tmp_path):
    """A device that answers all the same measures nothing."""
    with device() as it:
        model = it.attach(drone_sound(tmp_path))
        it.start(model)
        with pytest.raises(RuntimeError, match="in spite of well"):
            meet(it, model, "well")


def test_a_pipeline_counts_answers_that_the_device_did_not_give(tmp_path):
    """They are no part of its speed."""
    with device() as it:
        model = it.attach(drone_sound(tmp_path))
        with Pipeline(model) as pipeline:
            wait_until(lambda: len(pipeline.took_s) > 3, "some answers")
        assert pipeline.by_cpu == len(pipeline.took_s)
